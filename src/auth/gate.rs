//! The gate that authenticates, and its changes to the response of a caller whom it let in.
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

use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Version, header};

use super::{
    core::{Core, Decision},
    core_source::CoreSource,
    held::Held,
    pending::PendingDecision,
    response::Rewording,
};
use crate::{
    body::{Ending, Guard, ResponseBody},
    context::AuthContext,
    gate::{self, Entered, Entry, Gate, GateService, Named, Step},
    metrics::Timer,
    refusal::unworded,
};

/// Authenticates each request before the inner service runs: the service of an
/// [`AuthLayer`](crate::AuthLayer).
pub type AuthService<S> = GateService<S, AuthGate>;

/// The future of an [`AuthService`]'s response.
pub type ResponseFuture<S, ReqBody> = gate::ResponseFuture<S, AuthGate, ReqBody>;

/// The gate of an [`AuthService`].
#[derive(Clone)]
pub struct AuthGate {
    core_source: CoreSource,
}

impl AuthGate {
    pub(super) fn new(core_source: CoreSource) -> Self {
        Self { core_source }
    }
}

impl fmt::Debug for AuthGate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthGate").finish_non_exhaustive()
    }
}

impl Named for AuthGate {
    const SERVICE: &'static str = "AuthService";
}

impl<B> Gate<B> for AuthGate {
    type Forwarded = B;
    type Passed = AuthEntered;
    type Entered = AuthEntered;
    type Pending = AuthPending;
    type Waiting = AuthWaiting<B>;

    #[inline]
    fn decide(&self, request: &mut Request<B>) -> Step<AuthEntered, AuthPending> {
        let core = self.core_source.load();
        let mut timer = Timer::start();
        match core.decide(request) {
            Decision::Enter(context, held) => {
                timer.stop();
                Step::Pass(AuthEntered::new(core, context, held, request))
            }
            Decision::Refuse(response) => {
                timer.stop();
                Step::Refuse(response)
            }
            Decision::Wait(pending) => Step::Wait(AuthPending {
                pending,
                core,
                timer: Timer::start_to_wait(),
            }),
        }
    }

    #[inline]
    fn forward(request: Request<B>, _: &AuthEntered) -> Request<B> {
        request
    }

    fn wait(pending: AuthPending, request: Request<B>) -> AuthWaiting<B> {
        AuthWaiting {
            pending,
            request: Some(request),
        }
    }
}

/// A decision that is not made yet.
pub struct AuthPending {
    pending: PendingDecision,
    core: Arc<Core>,
    timer: Timer,
}

/// A request that waits for a provider's answer, or for a count.
pub struct AuthWaiting<B> {
    pending: AuthPending,
    request: Option<Request<B>>,
}

/// Nothing in it is pinned in its place: a body is not polled here.
impl<B> Unpin for AuthWaiting<B> {}

impl<B> Future for AuthWaiting<B> {
    type Output = Entry<B, AuthEntered>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { pending, request } = &mut *self;
        let AuthPending {
            pending,
            core,
            timer,
        } = pending;
        loop {
            let waited = ready!(pending.wait.poll(cx));
            // INVARIANT: a future is not polled after it has answered.
            let waiting = request.as_mut().expect(POLLED_AGAIN);
            match core.resume(waited, &pending.question, waiting) {
                Decision::Wait(next) => *pending = next,
                Decision::Refuse(response) => {
                    timer.stop();
                    return Poll::Ready(Err(response));
                }
                Decision::Enter(context, held) => {
                    timer.stop();
                    let mut request = request.take().expect(POLLED_AGAIN);
                    let entered = AuthEntered::new(Arc::clone(core), context, held, &mut request);
                    return Poll::Ready(Ok((request, entered)));
                }
            }
        }
    }
}

const POLLED_AGAIN: &str = "polled after it had answered";

/// The changes to make to the response of a request that went in.
pub struct AuthEntered {
    rewording: Rewording,
    context: Option<AuthContext>,
    held: Held,
    switch: Option<Switch>,
    /// Whether the client reads trailers, as one of gRPC over HTTP/2 does.
    is_grpc: bool,
}

/// The way in which a request asked for a WebSocket and offered `bearer`.
#[derive(Clone, Copy)]
enum Switch {
    Upgrade,
    /// Over HTTP/2 it is a `CONNECT`, and its success a 200 (RFC 8441 §5).
    Connect,
}

impl AuthEntered {
    /// Takes out of the request what the inner service is not to see.
    #[inline]
    fn new<B>(
        core: Arc<Core>,
        context: Option<AuthContext>,
        held: Held,
        request: &mut Request<B>,
    ) -> Self {
        if let (Some(requests), Some(admitted)) = (&core.requests, &held.admitted) {
            requests.put_permit(admitted, request);
        }
        let is_grpc = core.end_streams
            && request.version() == Version::HTTP_2
            && speaks_grpc(request.headers());
        let rewording = Rewording::of(core, request);
        let switch = rewording
            .core()
            .conceal(request)
            .then(|| match *request.method() {
                Method::CONNECT => Switch::Connect,
                _ => Switch::Upgrade,
            });
        Self {
            rewording,
            context,
            held,
            switch,
            is_grpc,
        }
    }

    /// The slow path: words a refusal of an inner layer anew, or adds headers.
    #[inline(never)]
    fn amend<B>(&mut self, response: Response<B>) -> Response<ResponseBody<B>> {
        let mut response = match self.rewording.reword(&response) {
            Some(refusal) => refusal.map(ResponseBody::own),
            None => response.map(ResponseBody::passed),
        };
        if let Some(context) = &self.context {
            context.add_headers_to(&mut response);
            let core = self.rewording.core();
            if core.report_caller {
                response.extensions_mut().insert(context.clone());
            }
            if core.ends(context) {
                let is_grpc = self.is_grpc && speaks_grpc(response.headers());
                let ending = || Ending::new(context, is_grpc, Arc::clone(core) as _);
                response = response.map(|body| body.ending(ending));
            }
        }
        if let Some(switch) = self.switch {
            switch.select_bearer(&mut response);
        }
        match self.close_limits(response.headers_mut()) {
            None => response,
            Some(guard) => response.map(|body| body.holding(guard)),
        }
    }

    /// Tells what the limits say, and answers with what the body holds to its end.
    #[inline]
    fn close_limits(&mut self, headers: &mut HeaderMap) -> Option<Guard> {
        if self.held.is_nothing() {
            return None;
        }
        self.held.write(headers);
        let requests = self.rewording.core().requests.as_ref()?;
        requests.close(self.held.admitted.as_mut()?, headers)
    }
}

impl Entered for AuthEntered {
    /// Inlined, so that the response is moved once, from the inner future to whoever polls.
    #[inline(always)]
    fn close<B>(&mut self, mut response: Response<B>) -> Response<ResponseBody<B>> {
        let is_plain = self.context.is_none() && self.switch.is_none();
        if is_plain && unworded(&response).is_none() {
            return match self.close_limits(response.headers_mut()) {
                None => response.map(ResponseBody::passed),
                Some(guard) => response.map(|body| ResponseBody::passed(body).holding(guard)),
            };
        }
        self.amend(response)
    }
}

impl Switch {
    /// Selects `bearer` where the inner service has switched and selected nothing itself.
    fn select_bearer<B>(self, response: &mut Response<B>) {
        let has_switched = match self {
            Self::Upgrade => response.status() == StatusCode::SWITCHING_PROTOCOLS,
            Self::Connect => response.status().is_success(),
        };
        let headers = response.headers_mut();
        if has_switched && !headers.contains_key(header::SEC_WEBSOCKET_PROTOCOL) {
            let bearer = HeaderValue::from_static("bearer");
            headers.insert(header::SEC_WEBSOCKET_PROTOCOL, bearer);
        }
    }
}

/// gRPC for browsers has its trailers in the body, so it is not meant here.
fn speaks_grpc(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    kind.and_then(|kind| kind.strip_prefix(b"application/grpc"))
        .is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';')))
}
