//! The service of every gate.

use std::{
    fmt,
    task::{Context, Poll},
};

use http::{Request, Response};
use tower_service::Service;

use super::{
    ResponseFuture,
    contract::{Gate, Named, Step},
};
use crate::body::ResponseBody;

/// Asks a gate before the inner service runs.
#[derive(Clone)]
pub struct GateService<S, G> {
    inner: S,
    gate: G,
}

impl<S, G> GateService<S, G> {
    pub(crate) fn new(inner: S, gate: G) -> Self {
        Self { inner, gate }
    }

    /// The inner service.
    pub fn inner(&self) -> &S {
        &self.inner
    }
}

impl<S, G, ReqBody, ResBody> Service<Request<ReqBody>> for GateService<S, G>
where
    G: Gate<ReqBody>,
    S: Service<Request<G::Forwarded>, Response = Response<ResBody>> + Clone,
{
    type Response = Response<ResponseBody<ResBody>>;
    type Error = S::Error;
    type Future = ResponseFuture<S, G, ReqBody>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        match self.gate.decide(&mut request) {
            Step::Pass(passed) => {
                let request = G::forward(request, &passed);
                ResponseFuture::inner(self.inner.call(request), passed.into())
            }
            Step::Refuse(response) => {
                // What `poll_ready` reserved (a permit of a `ConcurrencyLimit`, say) is given back
                // now, not when this service is called again.
                self.take_ready();
                ResponseFuture::refused(response)
            }
            Step::Wait(pending) => {
                ResponseFuture::waiting(G::wait(pending, request), self.take_ready())
            }
        }
    }
}

impl<S: Clone, G> GateService<S, G> {
    /// The service that is ready, with a clone left in its place.
    fn take_ready(&mut self) -> S {
        let clone = self.inner.clone();
        std::mem::replace(&mut self.inner, clone)
    }
}

impl<S: fmt::Debug, G: Named> fmt::Debug for GateService<S, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(G::SERVICE)
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
