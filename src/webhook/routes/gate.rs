//! The gate that verifies deliveries to any of its webhooks, and lets other requests pass unchanged.
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

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;

use super::{
    proof::{Delivered, Origin},
    table::{Destination, Table},
};
use crate::{
    access,
    body::{EitherBody, ResponseBody},
    context::AuthContext,
    gate::{self, Entered, Entry, Gate, GateService, Named, Step},
    reading::RestoredBody,
    refusal::RefusedHead,
    webhook::gate::{WebhookEntered, WebhookGate, WebhookPending, WebhookWaiting},
};

/// Proves deliveries before the inner service runs, and passes other requests on: the service of
/// [`WebhookRoutes`](super::WebhookRoutes).
pub type WebhookRoutesService<S> = GateService<S, WebhookRoutesGate>;

/// The future of the response of [`WebhookRoutes`](super::WebhookRoutes).
pub type WebhookRoutesFuture<S, ReqBody> = gate::ResponseFuture<S, WebhookRoutesGate, ReqBody>;

/// The body of a request inside of [`WebhookRoutes`](super::WebhookRoutes): that of a delivery, byte for byte as
/// it was signed, or that of another request, as it came.
pub type WebhookRoutesBody<B> = EitherBody<B, RestoredBody>;

/// The gate of [`WebhookRoutes`](super::WebhookRoutes).
#[derive(Clone)]
pub struct WebhookRoutesGate {
    origin: Origin,
    table: Arc<ArcSwap<Table>>,
}

impl WebhookRoutesGate {
    pub(super) fn new(origin: Origin, table: Arc<ArcSwap<Table>>) -> Self {
        Self { origin, table }
    }
}

impl fmt::Debug for WebhookRoutesGate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookRoutesGate").finish_non_exhaustive()
    }
}

impl Named for WebhookRoutesGate {
    const SERVICE: &'static str = "WebhookRoutesService";
}

impl<B: Body<Data = Bytes>> Gate<B> for WebhookRoutesGate {
    type Forwarded = WebhookRoutesBody<B>;
    type Passed = RouteEntered;
    type Entered = RouteEntered;
    type Pending = RoutePending;
    type Waiting = RouteWaiting<B>;

    fn decide(&self, request: &mut Request<B>) -> Step<RouteEntered, RoutePending> {
        // An outer `WebhookRoutes` may have proven it for its own inner layer.
        request.extensions_mut().remove::<Delivered>();
        let table = self.table.load_full();
        let webhook = match table.find(request) {
            Destination::Elsewhere => return Step::Pass(RouteEntered::Untouched),
            Destination::Closed => {
                table.watch(request);
                return Step::Refuse(table.refuse(request));
            }
            Destination::Webhook(webhook) => webhook,
        };
        table.watch(request);
        match webhook.gate().decide(request) {
            Step::Pass(never) => match never {},
            Step::Refuse(response) => {
                let head = table.refused_head(request);
                Step::Refuse(
                    table
                        .reworded(head.as_deref(), &response)
                        .unwrap_or(response),
                )
            }
            Step::Wait(pending) => {
                let path = access::original_uri(request.uri(), request.extensions()).path();
                let mark = Mark {
                    origin: self.origin.clone(),
                    path: path.into(),
                };
                let head = table.refused_head(request);
                Step::Wait(RoutePending {
                    pending,
                    mark,
                    wording: RouteWording { table, head },
                })
            }
        }
    }

    fn forward(request: Request<B>, _: &RouteEntered) -> Request<WebhookRoutesBody<B>> {
        request.map(WebhookRoutesBody::passed)
    }

    fn wait(pending: RoutePending, request: Request<B>) -> RouteWaiting<B> {
        let RoutePending {
            pending,
            mark,
            wording,
        } = pending;
        RouteWaiting {
            waiting: WebhookGate::wait(pending, request),
            mark,
            wording: Some(wording),
        }
    }
}

/// A delivery whose body is to be read.
pub struct RoutePending {
    pending: WebhookPending,
    mark: Mark,
    wording: RouteWording,
}

/// Renders the refusal of a delivery that is not decided yet.
pub struct RouteWording {
    table: Arc<Table>,
    head: Option<RefusedHead>,
}

impl RouteWording {
    fn reworded<B>(&self, refused: &Response<B>) -> Option<Response<Bytes>> {
        self.table.reworded(self.head.as_deref(), refused)
    }
}

/// The mark that a proven delivery carries to the inner layer.
struct Mark {
    origin: Origin,
    path: Arc<str>,
}

pin_project! {
    /// A delivery that is being proven.
    pub struct RouteWaiting<B> {
        #[pin]
        waiting: WebhookWaiting<B>,
        mark: Mark,
        // Taken when the response is handled.
        wording: Option<RouteWording>,
    }
}

impl<B: Body> Future for RouteWaiting<B> {
    type Output = Entry<WebhookRoutesBody<B>, RouteEntered>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        Poll::Ready(match ready!(this.waiting.poll(cx)) {
            Ok((mut request, entered)) => {
                this.mark.put(&mut request);
                let wording = this.wording.take();
                let entered = RouteEntered::Delivery { entered, wording };
                Ok((request.map(WebhookRoutesBody::own), entered))
            }
            Err(response) => {
                let wording = this.wording.as_ref();
                Err(wording
                    .and_then(|wording| wording.reworded(&response))
                    .unwrap_or(response))
            }
        })
    }
}

impl Mark {
    /// Puts the mark beside the context, which an inner layer removes because it did not set it.
    fn put<B>(&self, request: &mut Request<B>) {
        let extensions = request.extensions_mut();
        if let Some(context) = extensions.get::<AuthContext>() {
            // The webhook's own gate adds the response headers.
            let context = context.clone().without_response_headers();
            extensions.insert(Delivered {
                origin: self.origin.clone(),
                path: Arc::clone(&self.path),
                context,
            });
        }
    }
}

/// The changes to the response to a request that was let in.
pub enum RouteEntered {
    Untouched,
    Delivery {
        entered: WebhookEntered,
        wording: Option<RouteWording>,
    },
}

impl Entered for RouteEntered {
    fn close<B>(&mut self, response: Response<B>) -> Response<ResponseBody<B>> {
        match self {
            Self::Untouched => response.map(ResponseBody::passed),
            Self::Delivery { entered, wording } => {
                let response = entered.close(response);
                let wording = wording.as_ref();
                let reworded = wording.and_then(|wording| wording.reworded(&response));
                reworded.map_or(response, |reworded| reworded.map(ResponseBody::own))
            }
        }
    }
}
