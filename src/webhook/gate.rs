//! The gate that verifies a delivery: first the head, then the body, which it reads and restores.
#![expect(
    missing_debug_implementations,
    reason = "nobody outside this crate can name what a gate waits for, or what it leaves to do"
)]

use std::{
    convert::Infallible,
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;

use super::{
    core::{Admitted, Core, Verdict},
    once::Reservation,
    screen::Held,
};
use crate::{
    access::about,
    attempts::{Attempt, Stopped, Waiting},
    body::ResponseBody,
    context::AuthContext,
    gate::{self, Entered, Entry, Gate, GateService, Named, Step},
    reading::{Reading, RestoredBody},
    request::Message,
};

/// Verifies a delivery before the inner service runs: the service of a
/// [`WebhookLayer`](super::WebhookLayer).
pub type WebhookService<S> = GateService<S, WebhookGate>;

/// The future of a [`WebhookService`]'s response.
pub type ResponseFuture<S, ReqBody> = gate::ResponseFuture<S, WebhookGate, ReqBody>;

/// The gate of a [`WebhookService`], and of a [`WebhookLayer`](super::WebhookLayer).
#[derive(Clone)]
pub struct WebhookGate {
    core: Arc<Core>,
}

impl WebhookGate {
    pub(super) fn new(core: Arc<Core>) -> Self {
        Self { core }
    }

    /// Waits for the body of a delivery whose head is good.
    #[expect(
        clippy::result_large_err,
        reason = "a refusal is moved on at once, and a box would be an allocation more"
    )]
    fn screen<B: Body>(
        core: &Arc<Core>,
        request: &Request<B>,
        attempt: Option<Attempt>,
    ) -> Result<WebhookPending, Response<Bytes>> {
        let held = core.screen(request, attempt)?;
        let core = Arc::clone(core);
        Ok(WebhookPending(First::Body { core, held }))
    }
}

impl fmt::Debug for WebhookGate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookGate").finish_non_exhaustive()
    }
}

impl Named for WebhookGate {
    const SERVICE: &'static str = "WebhookService";
}

impl<B: Body> Gate<B> for WebhookGate {
    type Forwarded = RestoredBody;
    /// No delivery passes before its body is read.
    type Passed = Infallible;
    type Entered = WebhookEntered;
    type Pending = WebhookPending;
    type Waiting = WebhookWaiting<B>;

    fn decide(&self, request: &mut Request<B>) -> Step<Infallible, WebhookPending> {
        // An earlier message is not from this layer, so it proves nothing. The context is always
        // replaced; not every delivery has a message.
        request.extensions_mut().remove::<Message>();
        if let Some(proxies) = &self.core.proxies {
            proxies.note(request);
        }
        if let Some(name) = self.core.scheme.secret_header() {
            // `entry` would panic where a map has its maximum size.
            for (shown, value) in request.headers_mut() {
                if *shown == name {
                    value.set_sensitive(true);
                }
            }
        }
        let pending = match self.core.attempt(request) {
            Ok(attempt) => Self::screen(&self.core, request, attempt),
            Err(Stopped::Refused(error)) => Err(self.core.refuse(error, about(request))),
            Err(Stopped::Waiting(waiting)) => {
                let core = Arc::clone(&self.core);
                Ok(WebhookPending(First::Attempt { core, waiting }))
            }
        };
        match pending {
            Ok(pending) => Step::Wait(pending),
            Err(response) => Step::Refuse(response),
        }
    }

    fn forward(_: Request<B>, passed: &Infallible) -> Request<RestoredBody> {
        match *passed {}
    }

    fn wait(pending: WebhookPending, request: Request<B>) -> WebhookWaiting<B> {
        WebhookWaiting {
            state: State::of(pending, request),
        }
    }
}

/// What a delivery waits for first.
pub struct WebhookPending(First);

enum First {
    /// Other processes count the attempts of its address.
    Attempt {
        core: Arc<Core>,
        waiting: Box<Waiting>,
    },
    /// Its body is to be read.
    Body { core: Arc<Core>, held: Held },
}

pin_project! {
    /// Reads the body, and judges the delivery.
    pub struct WebhookWaiting<B> {
        #[pin]
        state: State<B>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<B> {
        Counting {
            waiting: Box<Waiting>,
            uncounted: Option<(Request<B>, Arc<Core>)>,
        },
        Reading {
            #[pin]
            reading: Reading<B>,
            unread: Option<(Request<()>, Held, Arc<Core>)>,
        },
        Judging {
            judgement: Judgement,
        },
    }
}

impl<B> State<B> {
    fn of(pending: WebhookPending, request: Request<B>) -> Self {
        match pending.0 {
            First::Attempt { core, waiting } => Self::Counting {
                waiting,
                uncounted: Some((request, core)),
            },
            First::Body { core, held } => {
                let (parts, body) = request.into_parts();
                Self::Reading {
                    reading: core.room.read(body),
                    unread: Some((Request::from_parts(parts, ()), held, core)),
                }
            }
        }
    }
}

/// A verdict that is pending.
type Judgement = Pin<Box<dyn Future<Output = Entry<RestoredBody, WebhookEntered>> + Send>>;

impl<B: Body> Future for WebhookWaiting<B> {
    type Output = Entry<RestoredBody, WebhookEntered>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            let next = match state.as_mut().project() {
                StateProjection::Counting { waiting, uncounted } => {
                    let counted = ready!(Pin::new(waiting).poll(cx));
                    let (request, core) = uncounted.take().expect(POLLED_AGAIN);
                    let pending = match counted {
                        Ok(attempt) => WebhookGate::screen(&core, &request, Some(attempt)),
                        Err(error) => Err(core.refuse(error, about(&request))),
                    };
                    match pending {
                        Ok(pending) => State::of(pending, request),
                        Err(response) => return Poll::Ready(Err(response)),
                    }
                }
                StateProjection::Reading { reading, unread } => {
                    let read = ready!(reading.poll(cx));
                    let (head, held, core) = unread.take().expect(POLLED_AGAIN);
                    match read {
                        Ok(body) => State::Judging {
                            judgement: Box::pin(judge(core, head.map(|()| body), held)),
                        },
                        Err(unread) => {
                            return Poll::Ready(Err(core.refuse_unread(unread, &head)));
                        }
                    }
                }
                StateProjection::Judging { judgement } => return judgement.as_mut().poll(cx),
            };
            state.set(next);
        }
    }
}

// INVARIANT: a future is not polled after it has answered.
const POLLED_AGAIN: &str = "polled after it had answered";

async fn judge(
    core: Arc<Core>,
    mut request: Request<RestoredBody>,
    (buffer, attempt): Held,
) -> Entry<RestoredBody, WebhookEntered> {
    let Admitted {
        context,
        message,
        reservation,
    } = match core.judge(&request, buffer, attempt).await {
        Verdict::Enter(admitted) => admitted,
        Verdict::Answer(response) => return Err(response),
    };
    let kept = context.response_headers().map(|_| context.clone());
    let extensions = request.extensions_mut();
    extensions.insert(context);
    if let Some(message) = message {
        extensions.insert(message);
    }
    Ok((
        request,
        WebhookEntered {
            reservation,
            context: kept,
        },
    ))
}

/// The changes to the response to a delivery that was let in.
pub struct WebhookEntered {
    reservation: Option<Reservation>,
    context: Option<AuthContext>,
}

impl Entered for WebhookEntered {
    fn close<B>(&mut self, mut response: Response<B>) -> Response<ResponseBody<B>> {
        let status = response.status();
        // Any other status is a failure: dropping the reservation lets the next attempt in.
        if let Some(reservation) = self.reservation.take()
            && (status.is_success() || status.is_redirection())
        {
            reservation.keep();
        }
        if let Some(context) = &self.context {
            context.add_headers_to(&mut response);
        }
        response.map(ResponseBody::passed)
    }
}

impl From<Infallible> for WebhookEntered {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}
