//! The service that a [`WebhooksLayer`] makes.

use std::{
    fmt,
    marker::PhantomData,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower_layer::Layer;
use tower_service::Service;

use super::{
    WebhooksBody, WebhooksLayer,
    future::WebhooksFuture,
    proof::{Delivered, Origin},
};
use crate::{AuthContext, ResponseBody, grpc, webhook::RestoredBody};

/// Proves deliveries before the inner service runs, and passes other requests on.
#[derive(Clone)]
pub struct WebhooksService<S> {
    inner: S,
    layer: WebhooksLayer,
}

impl<S> WebhooksService<S> {
    pub(super) fn new(inner: S, layer: WebhooksLayer) -> Self {
        Self { inner, layer }
    }

    /// The inner service.
    pub fn inner(&self) -> &S {
        &self.inner
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for WebhooksService<S>
where
    S: Service<Request<WebhooksBody<ReqBody>>, Response = Response<ResBody>> + Clone,
    ReqBody: Body<Data = Bytes>,
{
    type Response = Response<ResponseBody<ResBody>>;
    type Error = S::Error;
    type Future = WebhooksFuture<S, ReqBody>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        // Another layer of ours further out may have proven it to its own configuration.
        request.extensions_mut().remove::<Delivered>();
        let table = self.layer.table();
        let Some(hook) = table.find(&request) else {
            return WebhooksFuture::untouched(
                self.inner.call(request.map(WebhooksBody::untouched)),
            );
        };
        let marking = Marking {
            inner: self.take_ready(),
            origin: table.origin().clone(),
            path: Arc::clone(&hook.path),
            body: PhantomData,
        };
        let speaks_grpc = grpc::is_spoken(request.headers());
        let delivery = hook.layer.layer(marking).call(request);
        WebhooksFuture::delivery(delivery, table.auth().cloned(), speaks_grpc)
    }
}

impl<S: Clone> WebhooksService<S> {
    /// The service that is ready, with a clone left in its place.
    fn take_ready(&mut self) -> S {
        let clone = self.inner.clone();
        std::mem::replace(&mut self.inner, clone)
    }
}

/// Marks a delivery that was proven, on its way to the inner service.
pub(super) struct Marking<S, B> {
    inner: S,
    origin: Origin,
    path: Arc<str>,
    body: PhantomData<fn(B)>,
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

impl<S: fmt::Debug> fmt::Debug for WebhooksService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhooksService")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
