//! A body that was verified, or one that nobody has touched.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::webhook::body::RestoredBody;

pin_project! {
    /// The body of a request inside of [`WebhookRoutes`](super::WebhookRoutes): a delivery's, byte
    /// for byte as it was signed, or another request's, as it came.
    #[derive(Debug)]
    pub struct WebhookRoutesBody<B> {
        #[pin]
        kind: Kind<B>,
    }
}

pin_project! {
    #[derive(Debug)]
    #[project = KindProjection]
    enum Kind<B> {
        Untouched {
            #[pin]
            body: B,
        },
        Delivery {
            body: RestoredBody,
        },
    }
}

impl<B> WebhookRoutesBody<B> {
    pub(super) fn untouched(body: B) -> Self {
        Self {
            kind: Kind::Untouched { body },
        }
    }

    pub(super) fn delivery(body: RestoredBody) -> Self {
        Self {
            kind: Kind::Delivery { body },
        }
    }
}

impl<B: Body<Data = Bytes>> Body for WebhookRoutesBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match self.project().kind.project() {
            KindProjection::Untouched { body } => body.poll_frame(cx),
            KindProjection::Delivery { body } => {
                let frame = Pin::new(body).poll_frame(cx);
                frame.map(|frame| frame.map(|frame| frame.map_err(|never| match never {})))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Untouched { body } => body.is_end_stream(),
            Kind::Delivery { body } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Untouched { body } => body.size_hint(),
            Kind::Delivery { body } => body.size_hint(),
        }
    }
}
