//! The service that a [`WebhookLayer`](super::WebhookLayer) makes.

use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::{
    body::RestoredBody,
    core::{self, Core},
    future::ResponseFuture,
};
use crate::{Message, ResponseBody};

/// Verifies a delivery before the inner service runs.
#[derive(Clone)]
pub struct WebhookService<S> {
    inner: S,
    core: Arc<Core>,
}

impl<S> WebhookService<S> {
    pub(super) fn new(inner: S, core: Arc<Core>) -> Self {
        Self { inner, core }
    }

    /// The inner service.
    pub fn inner(&self) -> &S {
        &self.inner
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for WebhookService<S>
where
    S: Service<Request<RestoredBody>, Response = Response<ResBody>> + Clone,
    ReqBody: Body,
{
    type Response = Response<ResponseBody<ResBody>>;
    type Error = S::Error;
    type Future = ResponseFuture<S, ReqBody>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let (mut parts, body) = request.into_parts();
        // Whoever put one here before was not this layer, so it proves nothing. The context is
        // always replaced; not every delivery has a message.
        parts.extensions.remove::<Message>();
        if let Some(name) = self.core.scheme.secret_header() {
            // Not by `entry`, which panics where a map is as large as it can be.
            for (shown, value) in &mut parts.headers {
                if *shown == name {
                    value.set_sensitive(true);
                }
            }
        }
        let handshake = self.core.verify_token.as_ref();
        if let Some(answer) = handshake.and_then(|token| token.answer(&parts)) {
            // What `poll_ready` reserved is given back now.
            self.take_ready();
            let path = core::template(&parts);
            return ResponseFuture::answered(match answer {
                Ok(response) => response,
                Err(error) => self.core.refuse(error, path),
            });
        }
        let head = match self.core.is_too_long(&body) {
            true => Err(core::too_long()),
            false => self.core.check_head(&parts),
        };
        if let Err(error) = head {
            self.take_ready();
            let path = core::template(&parts);
            return ResponseFuture::answered(self.core.refuse(error, path));
        }
        let buffer = match self.core.buffer(&parts) {
            Ok(buffer) => buffer,
            Err(unread) => {
                self.take_ready();
                return ResponseFuture::answered(self.core.refuse_unread(unread, &parts));
            }
        };
        let core = Arc::clone(&self.core);
        ResponseFuture::reading(body, buffer, parts, self.take_ready(), core)
    }
}

impl<S: Clone> WebhookService<S> {
    /// The service that is ready, with a clone left in its place.
    fn take_ready(&mut self) -> S {
        let clone = self.inner.clone();
        std::mem::replace(&mut self.inner, clone)
    }
}

impl<S: fmt::Debug> fmt::Debug for WebhookService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookService")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
