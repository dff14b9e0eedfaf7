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
    core::{self, Admitted, Core, Verdict},
    once::Reservation,
};
use crate::{
    attempts::Attempt,
    body::ResponseBody,
    client_limit::Permit,
    context::AuthContext,
    gate::{self, Entered, Entry, Gate, GateService, Named, Step},
    reading::{Reading, RestoredBody, Unread},
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

    /// Checks the head, and takes a buffer for the body.
    #[expect(
        clippy::result_large_err,
        reason = "a refusal is moved on at once, and a box would be an allocation more"
    )]
    fn check_head<B: Body>(
        &self,
        request: &Request<B>,
    ) -> Result<(Permit, Option<Attempt>), Response<Bytes>> {
        let core = &*self.core;
        let refuse = |error| core.refuse(error, core::template(request));
        if let Some(answer) = core.handshake(request) {
            return Err(answer.unwrap_or_else(refuse));
        }
        let attempt = core.attempt(request).map_err(refuse)?;
        let head = match core.room.is_too_long(request.body()) {
            true => Err(Unread::TooLong.into_error()),
            false => core.check_head(request),
        };
        if let Err(error) = head {
            core.settle(attempt, &Err::<(), _>(error.clone()), request);
            return Err(refuse(error));
        }
        match core.buffer(request) {
            Ok(buffer) => Ok((buffer, attempt)),
            Err(unread) => Err(core.refuse_unread(unread, request)),
        }
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
        match self.check_head(request) {
            Ok((buffer, attempt)) => Step::Wait(WebhookPending {
                core: Arc::clone(&self.core),
                buffer,
                attempt,
            }),
            Err(response) => Step::Refuse(response),
        }
    }

    fn forward(_: Request<B>, passed: &Infallible) -> Request<RestoredBody> {
        match *passed {}
    }

    fn wait(pending: WebhookPending, request: Request<B>) -> WebhookWaiting<B> {
        let WebhookPending {
            core,
            buffer,
            attempt,
        } = pending;
        let held = (buffer, attempt);
        let (parts, body) = request.into_parts();
        WebhookWaiting {
            state: State::Reading {
                reading: core.room.read(body),
                unread: Some((Request::from_parts(parts, ()), held, core)),
            },
        }
    }
}

/// A delivery whose body is to be read.
pub struct WebhookPending {
    core: Arc<Core>,
    buffer: Permit,
    attempt: Option<Attempt>,
}

/// What a delivery holds until it is judged.
type Held = (Permit, Option<Attempt>);

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

/// A verdict that is pending.
type Judgement = Pin<Box<dyn Future<Output = Entry<RestoredBody, WebhookEntered>> + Send>>;

impl<B: Body> Future for WebhookWaiting<B> {
    type Output = Entry<RestoredBody, WebhookEntered>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            let judgement = match state.as_mut().project() {
                StateProjection::Reading { reading, unread } => {
                    let read = ready!(reading.poll(cx));
                    // INVARIANT: a future is not polled after it has answered.
                    let (head, held, core) = unread.take().expect("polled after it had answered");
                    match read {
                        Ok(body) => Box::pin(judge(core, head.map(|()| body), held)),
                        Err(unread) => {
                            return Poll::Ready(Err(core.refuse_unread(unread, &head)));
                        }
                    }
                }
                StateProjection::Judging { judgement } => return judgement.as_mut().poll(cx),
            };
            state.set(State::Judging { judgement });
        }
    }
}

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
