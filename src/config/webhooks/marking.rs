//! The mark that a proven delivery bears on its way in.

use std::{
    marker::PhantomData,
    sync::Arc,
    task::{Context, Poll},
};

use http::Request;
use tower_service::Service;

use super::{
    WebhooksBody,
    proof::{Delivered, Origin},
};
use crate::{AuthContext, webhook::RestoredBody};

/// Marks a delivery that was proven, on its way to the inner service.
pub(super) struct Marking<S, B> {
    inner: S,
    origin: Origin,
    path: Arc<str>,
    body: PhantomData<fn(B)>,
}

impl<S, B> Marking<S, B> {
    pub(super) fn new(inner: S, origin: &Origin, path: &Arc<str>) -> Self {
        Self {
            inner,
            origin: origin.clone(),
            path: Arc::clone(path),
            body: PhantomData,
        }
    }
}

impl<S, B> Service<Request<RestoredBody>> for Marking<S, B>
where
    S: Service<Request<WebhooksBody<B>>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<RestoredBody>) -> S::Future {
        let extensions = request.extensions_mut();
        // The layer inside would throw a context away that it did not put there itself.
        if let Some(context) = extensions.remove::<AuthContext>() {
            extensions.insert(Delivered {
                origin: self.origin.clone(),
                path: Arc::clone(&self.path),
                // The webhook's own future adds them to the answer.
                context: context.without_response_headers(),
            });
        }
        self.inner.call(request.map(WebhooksBody::delivery))
    }
}

impl<S: Clone, B> Clone for Marking<S, B> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            origin: self.origin.clone(),
            path: Arc::clone(&self.path),
            body: PhantomData,
        }
    }
}
