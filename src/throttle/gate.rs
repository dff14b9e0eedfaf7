//! The gate that counts requests.
#![expect(
    missing_debug_implementations,
    reason = "nobody outside this crate can name what a gate waits for, or what it leaves to do"
)]

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{Request, Response};

use crate::{
    access,
    body::ResponseBody,
    context::AuthContext,
    error::AuthError,
    event,
    gate::{self, Entered, Entry, Gate, GateService, Named, Step},
    refusal::{Wording, add_grpc_status},
    requests::{Admitted, Requests, Stopped, Waiting},
};

/// Counts requests before the inner service runs: the service of a
/// [`ThrottleLayer`](super::ThrottleLayer).
///
/// # Example
///
/// ```
/// use tower_auth::{gate::GateService, throttle::{ThrottleGate, ThrottleService}};
///
/// fn inside<S>(service: &ThrottleService<S>) -> &S {
///     let service: &GateService<S, ThrottleGate> = service;
///     service.inner()
/// }
/// # let _ = inside::<()>;
/// ```
pub type ThrottleService<S> = GateService<S, ThrottleGate>;

/// The future of a [`ThrottleService`]'s response.
pub type ResponseFuture<S, ReqBody> = gate::ResponseFuture<S, ThrottleGate, ReqBody>;

/// The gate of a [`ThrottleService`].
#[derive(Clone)]
pub struct ThrottleGate {
    requests: Requests,
}

impl ThrottleGate {
    pub(super) fn service<S>(inner: S, requests: Requests) -> ThrottleService<S> {
        GateService::new(inner, Self { requests })
    }
}

impl fmt::Debug for ThrottleGate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThrottleGate").finish_non_exhaustive()
    }
}

impl Named for ThrottleGate {
    const SERVICE: &'static str = "ThrottleService";
}

impl ThrottleGate {
    fn enter<B>(
        &self,
        admitted: Admitted,
        has_caller: bool,
        request: &mut Request<B>,
    ) -> ThrottleEntered {
        if has_caller && let Some(caller) = request.extensions_mut().get_mut() {
            self.requests.meter(&admitted, caller);
        }
        self.requests.put_permit(&admitted, request);
        ThrottleEntered {
            admitted,
            requests: self.requests.clone(),
        }
    }
}

/// A refusal, worded as without an `AuthLayer`; one around words it anew.
fn refuse<B>(error: &AuthError, request: &Request<B>) -> Response<Bytes> {
    let caller = request.extensions().get::<AuthContext>();
    let user_id = caller.map(AuthContext::user_id);
    event::throttled(error, user_id, access::about(request));
    let mut response = Wording::plain().respond(error);
    add_grpc_status(&mut response, error, request.headers());
    response
}

impl<B> Gate<B> for ThrottleGate {
    type Forwarded = B;
    type Passed = ThrottleEntered;
    type Entered = ThrottleEntered;
    type Pending = ThrottlePending;
    type Waiting = ThrottleWaiting<B>;

    fn decide(&self, request: &mut Request<B>) -> Step<ThrottleEntered, ThrottlePending> {
        let caller = request.extensions().get::<AuthContext>();
        let has_caller = caller.is_some();
        self.requests.look_for_callers(has_caller);
        match self.requests.admit(request, caller) {
            Ok(admitted) => Step::Pass(self.enter(admitted, has_caller, request)),
            Err(Stopped::Refused(error)) => Step::Refuse(refuse(&error, request)),
            Err(Stopped::Waiting(waiting)) => Step::Wait(ThrottlePending {
                waiting,
                gate: self.clone(),
            }),
        }
    }

    #[inline]
    fn forward(request: Request<B>, _: &ThrottleEntered) -> Request<B> {
        request
    }

    fn wait(pending: ThrottlePending, request: Request<B>) -> ThrottleWaiting<B> {
        ThrottleWaiting {
            pending,
            request: Some(request),
        }
    }
}

/// A count of other processes that is not there yet.
pub struct ThrottlePending {
    waiting: Box<Waiting>,
    gate: ThrottleGate,
}

/// A request that other processes count.
pub struct ThrottleWaiting<B> {
    pending: ThrottlePending,
    request: Option<Request<B>>,
}

/// Nothing in it is pinned in its place: a body is not polled here.
impl<B> Unpin for ThrottleWaiting<B> {}

impl<B> Future for ThrottleWaiting<B> {
    type Output = Entry<B, ThrottleEntered>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let counted = ready!(Pin::new(&mut self.pending.waiting).poll(cx));
        // INVARIANT: a future is not polled after it has answered.
        let mut request = self.request.take().expect("polled after it had answered");
        Poll::Ready(match counted {
            Ok(admitted) => {
                let has_caller = request.extensions().get::<AuthContext>().is_some();
                let gate = &self.pending.gate;
                let entered = gate.enter(admitted, has_caller, &mut request);
                Ok((request, entered))
            }
            Err(error) => Err(refuse(&error, &request)),
        })
    }
}

/// What the response to a request within its limits tells and holds.
pub struct ThrottleEntered {
    admitted: Admitted,
    requests: Requests,
}

impl Entered for ThrottleEntered {
    /// Inlined, so that the response is moved once, from the inner future to whoever polls.
    #[inline(always)]
    fn close<B>(&mut self, mut response: Response<B>) -> Response<ResponseBody<B>> {
        let headers = response.headers_mut();
        match self.requests.close(&mut self.admitted, headers) {
            None => response.map(ResponseBody::passed),
            Some(guard) => response.map(|body| ResponseBody::passed(body).holding(guard)),
        }
    }
}
