//! The service that a [`WebhooksLayer`] makes.

use std::{
    fmt,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower_layer::Layer;
use tower_service::Service;

use super::{
    WebhooksBody, WebhooksLayer, future::WebhooksFuture, marking::Marking, proof::Delivered,
};
use crate::ResponseBody;

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
        let marking = Marking::new(self.take_ready(), table.origin(), &hook.path);
        let delivery = hook.layer.layer(marking).call(request);
        WebhooksFuture::delivery(delivery, table.auth().cloned())
    }
}

impl<S: Clone> WebhooksService<S> {
    /// The service that is ready, with a clone left in its place.
    fn take_ready(&mut self) -> S {
        let clone = self.inner.clone();
        std::mem::replace(&mut self.inner, clone)
    }
}

impl<S: fmt::Debug> fmt::Debug for WebhooksService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhooksService")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
