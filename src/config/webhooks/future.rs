//! The future of a [`WebhooksService`](super::WebhooksService)'s response.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::{WebhooksBody, marking::Marking};
use crate::{AuthLayer, ResponseBody, webhook};

type Delivery<S, ReqBody> = webhook::ResponseFuture<Marking<S, ReqBody>, ReqBody>;

pin_project! {
    /// The inner service's response, or what a webhook answers in its place.
    pub struct WebhooksFuture<S, ReqBody>
    where
        S: Service<Request<WebhooksBody<ReqBody>>>,
    {
        #[pin]
        kind: Kind<S, ReqBody>,
    }
}

pin_project! {
    #[project = KindProjection]
    enum Kind<S, ReqBody>
    where
        S: Service<Request<WebhooksBody<ReqBody>>>,
    {
        Untouched {
            #[pin]
            future: S::Future,
        },
        Delivery {
            #[pin]
            future: Delivery<S, ReqBody>,
            auth: Option<AuthLayer>,
        },
    }
}

impl<S, ReqBody> WebhooksFuture<S, ReqBody>
where
    S: Service<Request<WebhooksBody<ReqBody>>>,
{
    pub(super) fn untouched(future: S::Future) -> Self {
        Self {
            kind: Kind::Untouched { future },
        }
    }

    pub(super) fn delivery(future: Delivery<S, ReqBody>, auth: Option<AuthLayer>) -> Self {
        Self {
            kind: Kind::Delivery { future, auth },
        }
    }
}

impl<S, ReqBody, ResBody> Future for WebhooksFuture<S, ReqBody>
where
    S: Service<Request<WebhooksBody<ReqBody>>, Response = Response<ResBody>>,
    ReqBody: Body<Data = Bytes>,
{
    type Output = Result<Response<ResponseBody<ResBody>>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().kind.project() {
            KindProjection::Untouched { future } => {
                let response = ready!(future.poll(cx))?;
                Poll::Ready(Ok(response.map(ResponseBody::inner)))
            }
            KindProjection::Delivery { future, auth } => {
                let response = ready!(future.poll(cx))?;
                Poll::Ready(Ok(match auth {
                    Some(auth) => auth.reword(response),
                    None => response,
                }))
            }
        }
    }
}

impl<S, ReqBody> fmt::Debug for WebhooksFuture<S, ReqBody>
where
    S: Service<Request<WebhooksBody<ReqBody>>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::Untouched { .. } => "untouched",
            Kind::Delivery { .. } => "delivery",
        };
        f.debug_tuple("WebhooksFuture").field(&kind).finish()
    }
}
