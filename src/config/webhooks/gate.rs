//! The gate that verifies deliveries to the webhooks of a configuration, and lets other requests
//! pass as they came.
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

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;

use super::{
    WebhooksBody, WebhooksLayer,
    proof::{Delivered, Origin},
};
use crate::{
    auth::layer::AuthLayer,
    body::ResponseBody,
    context::AuthContext,
    gate::{self, Entered, Entry, Gate, GateService, Named, Step},
    webhook::{WebhookEntered, WebhookGate, WebhookPending, WebhookWaiting},
};

/// Proves deliveries before the inner service runs, and passes other requests on.
pub type WebhooksService<S> = GateService<S, WebhooksGate>;

/// The future of a [`WebhooksService`]'s response.
pub type WebhooksFuture<S, ReqBody> = gate::ResponseFuture<S, WebhooksGate, ReqBody>;

/// The gate of a [`WebhooksService`].
#[derive(Clone)]
pub struct WebhooksGate {
    layer: WebhooksLayer,
}

impl WebhooksGate {
    pub(super) fn new(layer: WebhooksLayer) -> Self {
        Self { layer }
    }
}

impl fmt::Debug for WebhooksGate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhooksGate").finish_non_exhaustive()
    }
}

impl Named for WebhooksGate {
    const SERVICE: &'static str = "WebhooksService";
}

impl<B: Body<Data = Bytes>> Gate<B> for WebhooksGate {
    type Forwarded = WebhooksBody<B>;
    type Passed = WebhooksEntered;
    type Entered = WebhooksEntered;
    type Pending = WebhooksPending;
    type Waiting = WebhooksWaiting<B>;

    fn decide(&self, request: &mut Request<B>) -> Step<WebhooksEntered, WebhooksPending> {
        // Another layer of ours further out may have proven it to its own configuration.
        request.extensions_mut().remove::<Delivered>();
        let table = self.layer.table();
        let Some(hook) = table.find(request) else {
            return Step::Pass(WebhooksEntered::Untouched);
        };
        let gate = hook.layer.gate();
        match gate.decide(request) {
            Step::Pass(never) => match never {},
            Step::Refuse(response) => Step::Refuse(reworded(table.auth(), response)),
            Step::Wait(pending) => Step::Wait(WebhooksPending {
                pending,
                mark: Mark {
                    origin: table.origin().clone(),
                    path: Arc::clone(&hook.path),
                },
                auth: table.auth().cloned(),
            }),
        }
    }

    fn forward(request: Request<B>, _: &WebhooksEntered) -> Request<WebhooksBody<B>> {
        request.map(WebhooksBody::untouched)
    }

    fn wait(pending: WebhooksPending, request: Request<B>) -> WebhooksWaiting<B> {
        let WebhooksPending {
            pending,
            mark,
            auth,
        } = pending;
        WebhooksWaiting {
            waiting: WebhookGate::wait(pending, request),
            mark,
            auth,
        }
    }
}

/// A delivery whose body is to be read.
pub struct WebhooksPending {
    pending: WebhookPending,
    mark: Mark,
    auth: Option<AuthLayer>,
}

/// What a delivery that is proven bears on its way in.
struct Mark {
    origin: Origin,
    path: Arc<str>,
}

pin_project! {
    /// A delivery that is being proven.
    pub struct WebhooksWaiting<B> {
        #[pin]
        waiting: WebhookWaiting<B>,
        mark: Mark,
        auth: Option<AuthLayer>,
    }
}

impl<B: Body> Future for WebhooksWaiting<B> {
    type Output = Entry<WebhooksBody<B>, WebhooksEntered>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        Poll::Ready(match ready!(this.waiting.poll(cx)) {
            Ok((mut request, entered)) => {
                this.mark.put(&mut request);
                let auth = this.auth.take();
                let entered = WebhooksEntered::Delivery { entered, auth };
                Ok((request.map(WebhooksBody::delivery), entered))
            }
            Err(response) => Err(reworded(this.auth.as_ref(), response)),
        })
    }
}

impl Mark {
    fn put<B>(&self, request: &mut Request<B>) {
        let extensions = request.extensions_mut();
        // The layer inside would throw a context away that it did not put there itself.
        if let Some(context) = extensions.remove::<AuthContext>() {
            extensions.insert(Delivered {
                origin: self.origin.clone(),
                path: Arc::clone(&self.path),
                // The webhook's own gate adds them to the answer.
                context: context.without_response_headers(),
            });
        }
    }
}

/// What is still to be done to the response of a request that went in.
pub enum WebhooksEntered {
    Untouched,
    Delivery {
        entered: WebhookEntered,
        auth: Option<AuthLayer>,
    },
}

impl Entered for WebhooksEntered {
    fn close<B>(&mut self, response: Response<B>) -> Response<ResponseBody<B>> {
        match self {
            Self::Untouched => response.map(ResponseBody::inner),
            Self::Delivery { entered, auth } => {
                let response = entered.close(response);
                let reworded = auth.as_ref().and_then(|auth| auth.reworded(&response));
                reworded.map_or(response, |reworded| reworded.map(ResponseBody::refusal))
            }
        }
    }
}

/// A refusal as the layer inside words its own.
fn reworded(auth: Option<&AuthLayer>, refused: Response<Bytes>) -> Response<Bytes> {
    auth.and_then(|auth| auth.reworded(&refused))
        .unwrap_or(refused)
}
