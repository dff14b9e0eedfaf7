//! The gate that counts requests.
#![expect(
    missing_debug_implementations,
    reason = "nobody outside this crate can name what a gate leaves to do"
)]

use std::{convert::Infallible, fmt, future::Pending};

use http::{Request, Response};

use crate::{
    access,
    body::ResponseBody,
    context::AuthContext,
    event,
    gate::{self, Entered, Entry, Gate, GateService, Named, Step},
    refusal::{Wording, add_grpc_status},
    requests::{Admitted, Requests},
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

impl<B> Gate<B> for ThrottleGate {
    type Forwarded = B;
    type Passed = ThrottleEntered;
    type Entered = ThrottleEntered;
    type Pending = Infallible;
    type Waiting = Pending<Entry<B, ThrottleEntered>>;

    fn decide(&self, request: &mut Request<B>) -> Step<ThrottleEntered, Infallible> {
        let caller = request.extensions().get::<AuthContext>();
        self.requests.look_for_callers(caller.is_some());
        match self.requests.admit(request, caller) {
            Ok(admitted) => {
                if let Some(caller) = request.extensions_mut().get_mut() {
                    self.requests.meter(&admitted, caller);
                }
                self.requests.put_permit(&admitted, request);
                Step::Pass(ThrottleEntered {
                    admitted,
                    requests: self.requests.clone(),
                })
            }
            Err(error) => {
                let path = access::template(request.extensions());
                event::throttled(&error, caller.map(AuthContext::user_id), path);
                // As without an `AuthLayer`; one around words it anew.
                let mut response = Wording::plain().respond(&error);
                add_grpc_status(&mut response, &error, request.headers());
                Step::Refuse(response)
            }
        }
    }

    #[inline]
    fn forward(request: Request<B>, _: &ThrottleEntered) -> Request<B> {
        request
    }

    fn wait(pending: Infallible, _: Request<B>) -> Self::Waiting {
        match pending {}
    }
}

/// What the response to a request within its limits tells and holds.
pub struct ThrottleEntered {
    admitted: Admitted,
    requests: Requests,
}

impl Entered for ThrottleEntered {
    fn close<B>(&mut self, response: Response<B>) -> Response<ResponseBody<B>> {
        let response = response.map(ResponseBody::passed);
        self.requests.close(&mut self.admitted, response)
    }
}
