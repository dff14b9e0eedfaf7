//! The gate that judges messages: first the head, then the body, which it reads and restores.
#![expect(
    missing_debug_implementations,
    reason = "nobody outside this crate can name what a gate waits for, or what it leaves to do"
)]

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, header};
use http_body::Body;
use pin_project_lite::pin_project;

use super::{
    core::{Core, Judgement, Refusal, may_be_without_body},
    permission::Questions,
};
use crate::{
    access,
    client_limit::Permit,
    event,
    gate::{self, Entry, Gate, GateService, Named, Step},
    observe::Outcome,
    reading::{Reading, RestoredBody, Unread},
};

/// Judges each message before the inner service runs: the service of an [`McpLayer`](super::McpLayer).
pub type McpService<S> = GateService<S, McpGate>;

/// The future of an [`McpService`]'s response.
pub type ResponseFuture<S, ReqBody> = gate::ResponseFuture<S, McpGate, ReqBody>;

/// The gate of an [`McpService`].
///
/// # Example
///
/// ```
/// use tower_auth::{gate::GateService, mcp::{McpGate, McpLayer, McpService, ProtectedResource}};
/// use tower_layer::Layer;
///
/// let resource = ProtectedResource::new("https://api.example.com/mcp")?;
/// let service: McpService<&str> = McpLayer::new(&resource).layer("the server");
/// let service: GateService<&str, McpGate> = service;
/// assert_eq!(*service.inner(), "the server");
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct McpGate {
    core: Arc<Core>,
}

impl McpGate {
    pub(super) fn new(core: Arc<Core>) -> Self {
        Self { core }
    }

    /// Checks the head, and takes a buffer for the body. Nothing where there is no body.
    fn check_head<B: Body>(&self, request: &Request<B>) -> Result<Option<Permit>, Refused> {
        let core = &*self.core;
        core.check_head(request)?;
        if may_be_without_body(request.method()) && request.body().is_end_stream() {
            return Ok(None);
        }
        if core.room.is_too_long(request.body()) {
            return Err(Refused::Unread(Unread::TooLong));
        }
        let buffer = core.room.buffer(request.extensions());
        buffer.map(Some).map_err(Refused::Unread)
    }
}

enum Refused {
    Unread(Unread),
    Refusal(Refusal),
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}

impl fmt::Debug for McpGate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("McpGate").finish_non_exhaustive()
    }
}

impl Named for McpGate {
    const SERVICE: &'static str = "McpService";
}

impl<B: Body> Gate<B> for McpGate {
    type Forwarded = RestoredBody;
    type Passed = ();
    type Entered = ();
    type Pending = McpPending;
    type Waiting = McpWaiting<B>;

    fn decide(&self, request: &mut Request<B>) -> Step<(), McpPending> {
        let core = &self.core;
        decline_http2(request.headers_mut());
        if let Some(answer) = core.resource.answer(request) {
            event::passed(Outcome::Metadata, access::about(request));
            return Step::Refuse(answer);
        }
        let step = match self.check_head(request) {
            Ok(Some(buffer)) => McpStep::Read(buffer),
            Ok(None) => match core.judge(request, &[]) {
                Ok(Judgement::Allowed) => return Step::Pass(()),
                Ok(Judgement::Asking(questions)) => McpStep::Ask(questions),
                Err(refusal) => return Step::Refuse(core.refuse(refusal, request)),
            },
            Err(Refused::Refusal(refusal)) => return Step::Refuse(core.refuse(refusal, request)),
            Err(Refused::Unread(unread)) => {
                return Step::Refuse(core.refuse_unread(unread, request));
            }
        };
        let core = Arc::clone(core);
        Step::Wait(McpPending { core, step })
    }

    /// What goes in at once has no body.
    fn forward(request: Request<B>, (): &()) -> Request<RestoredBody> {
        request.map(|_| RestoredBody::default())
    }

    fn wait(McpPending { core, step }: McpPending, request: Request<B>) -> McpWaiting<B> {
        let (parts, body) = request.into_parts();
        let head = Request::from_parts(parts, ());
        let state = match step {
            McpStep::Read(buffer) => State::Reading {
                reading: core.room.read(body),
                head: Some((head, buffer)),
            },
            McpStep::Ask(questions) => State::Asking {
                questions,
                held: Some((head.map(|()| RestoredBody::default()), None)),
            },
        };
        McpWaiting { core, state }
    }
}

/// Takes the offer of HTTP/2 in plain text out of a request. Some clients make it with every request, and no server
/// needs to take it; one that does, behind a proxy that hands it on, takes messages that nobody here sees.
fn decline_http2(headers: &mut HeaderMap) {
    let is_offered = |offer: &HeaderValue| offer.as_bytes().eq_ignore_ascii_case(b"h2c");
    let mut offers = headers.get_all(header::UPGRADE).iter();
    if offers.next().is_some_and(is_offered) && offers.all(is_offered) {
        headers.remove(header::UPGRADE);
        headers.remove(header::CONNECTION);
        headers.remove("http2-settings");
    }
}

/// A request whose body is to be read, or about which an authorizer is asked.
pub struct McpPending {
    core: Arc<Core>,
    step: McpStep,
}

enum McpStep {
    Read(Permit),
    Ask(Questions),
}

pin_project! {
    /// Reads the body, and judges the messages in it.
    pub struct McpWaiting<B> {
        core: Arc<Core>,
        #[pin]
        state: State<B>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<B> {
        Reading {
            #[pin]
            reading: Reading<B>,
            head: Option<(Request<()>, Permit)>,
        },
        Asking {
            questions: Questions,
            // The buffer is kept as long as the body waits.
            held: Option<(Request<RestoredBody>, Option<Permit>)>,
        },
    }
}

impl<B: Body> Future for McpWaiting<B> {
    type Output = Entry<RestoredBody, ()>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let (questions, request, buffer) = match this.state.as_mut().project() {
                StateProjection::Reading { reading, head } => {
                    let read = ready!(reading.poll(cx));
                    let (head, buffer) = head.take().expect(POLLED_AGAIN);
                    match judge(this.core, head, read) {
                        Ok((Judgement::Allowed, request)) => return Poll::Ready(Ok((request, ()))),
                        Ok((Judgement::Asking(questions), request)) => (questions, request, buffer),
                        Err(response) => return Poll::Ready(Err(response)),
                    }
                }
                StateProjection::Asking { questions, held } => {
                    let answer = ready!(Pin::new(&mut *questions).poll(cx));
                    let (request, _) = held.take().expect(POLLED_AGAIN);
                    questions.tell(&answer, access::about(&request));
                    return Poll::Ready(match answer {
                        Ok(()) => Ok((request, ())),
                        Err(error) => Err(this.core.refuse(Refusal::Denied(error), &request)),
                    });
                }
            };
            this.state.set(State::Asking {
                questions,
                held: Some((request, Some(buffer))),
            });
        }
    }
}

#[expect(
    clippy::result_large_err,
    reason = "a refusal is moved on at once, and a box would be an allocation more"
)]
fn judge(
    core: &Core,
    head: Request<()>,
    read: Result<RestoredBody, Unread>,
) -> Result<(Judgement, Request<RestoredBody>), Response<Bytes>> {
    let body = read.map_err(|unread| core.refuse_unread(unread, &head))?;
    let judged = core.judge(&head, body.as_bytes());
    let judgement = judged.map_err(|refusal| core.refuse(refusal, &head))?;
    Ok((judgement, head.map(|()| body)))
}

// INVARIANT: a future is not polled after it has answered.
const POLLED_AGAIN: &str = "polled after it had answered";
