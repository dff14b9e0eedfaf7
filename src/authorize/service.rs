//! The service that the authorization layers make.

use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use tower_service::Service;

use super::{
    future::ResponseFuture,
    judge::{Head, Judge, Judged},
};
use crate::ResponseBody;

/// Asks whether the caller may before the inner service runs.
#[derive(Clone)]
pub struct AuthorizeService<S> {
    inner: S,
    judge: Arc<dyn Judge>,
}

impl<S> AuthorizeService<S> {
    pub(super) fn new(inner: S, judge: Arc<dyn Judge>) -> Self {
        Self { inner, judge }
    }

    /// The inner service.
    pub fn inner(&self) -> &S {
        &self.inner
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for AuthorizeService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone,
{
    type Response = Response<ResponseBody<ResBody>>;
    type Error = S::Error;
    type Future = ResponseFuture<S, ReqBody>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        match self.judge.judge(Head::of(&request)) {
            Judged::Answered(Ok(())) => ResponseFuture::inner(self.inner.call(request)),
            Judged::Answered(Err(error)) => {
                // What `poll_ready` reserved (a permit of a `ConcurrencyLimit`, say) is given back
                // now, not when this service is called again.
                self.take_ready();
                ResponseFuture::refused(&error, request.headers())
            }
            Judged::Waiting(check, question) => {
                ResponseFuture::checking(check, question, request, self.take_ready())
            }
        }
    }
}

impl<S: Clone> AuthorizeService<S> {
    /// The service that is ready, with a clone left in its place.
    fn take_ready(&mut self) -> S {
        let clone = self.inner.clone();
        std::mem::replace(&mut self.inner, clone)
    }
}

impl<S: fmt::Debug> fmt::Debug for AuthorizeService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizeService")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
