//! The service that an [`AuthLayer`](crate::AuthLayer) makes.

use std::{
    fmt,
    task::{Context, Poll},
};

use http::{Request, Response};
use tower_service::Service;

use super::{
    core::Decision,
    future::{ResponseFuture, Seal},
    swap::Cores,
};
use crate::ResponseBody;

/// Asks who is calling before the inner service runs.
#[derive(Clone)]
pub struct AuthService<S> {
    inner: S,
    cores: Cores,
}

impl<S> AuthService<S> {
    pub(super) fn new(inner: S, cores: Cores) -> Self {
        Self { inner, cores }
    }

    /// The inner service.
    pub fn inner(&self) -> &S {
        &self.inner
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for AuthService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone,
{
    type Response = Response<ResponseBody<ResBody>>;
    type Error = S::Error;
    type Future = ResponseFuture<S, ReqBody>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        let core = self.cores.load();
        match core.decide(&mut request) {
            Decision::Pass(context) => {
                let seal = Seal::enter(core, context, &mut request);
                ResponseFuture::inner(self.inner.call(request), seal)
            }
            Decision::Refuse(error, gate) => {
                // What `poll_ready` reserved (a permit of a `ConcurrencyLimit`, say) is given back
                // now, not when this service is called again.
                self.take_ready();
                ResponseFuture::refused(core.render(&error, &gate, &request))
            }
            Decision::Wait(check, pending) => {
                ResponseFuture::checking(check, pending, request, self.take_ready(), core)
            }
        }
    }
}

impl<S: Clone> AuthService<S> {
    /// The service that is ready, with a clone left in its place.
    fn take_ready(&mut self) -> S {
        let clone = self.inner.clone();
        std::mem::replace(&mut self.inner, clone)
    }
}

impl<S: fmt::Debug> fmt::Debug for AuthService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthService")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
