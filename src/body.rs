//! The body of an inner service or a client, or one of a layer's own.

use std::{
    convert::Infallible,
    fmt, mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

pin_project! {
    /// A body that passes through a layer, or one of the layer's own.
    ///
    /// It implements [`Body`] where the body that passes does, if that body's data can be made of the data of
    /// the layer's own (for [`Bytes`], axum's, tonic's and hyper's can).
    ///
    /// # Example
    ///
    /// ```
    /// use http_body::Body;
    /// use tower_auth::{EitherBody, RefusalBody, ResponseBody};
    ///
    /// fn length<B: Body<Data = bytes::Bytes>>(body: &ResponseBody<B>) -> Option<u64> {
    ///     let either: &EitherBody<B, RefusalBody> = body;
    ///     either.size_hint().exact()
    /// }
    /// assert_eq!(length(&ResponseBody::<String>::default()), Some(0));
    /// ```
    #[derive(Debug)]
    pub struct EitherBody<B, O> {
        #[pin]
        kind: Kind<B, O>,
    }
}

pin_project! {
    #[derive(Debug)]
    #[project = KindProjection]
    enum Kind<B, O> {
        Passed {
            #[pin]
            body: B,
        },
        Own {
            body: O,
        },
        // Until the body is dropped, which is when it has ended or nobody wants it any more.
        Held {
            #[pin]
            body: B,
            guard: Guard,
        },
    }
}

/// What a body holds.
struct Guard(#[expect(dead_code, reason = "it is held, and dropped")] Arc<dyn Send + Sync>);

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guard")
    }
}

/// The body of a response: the inner service's, or a refusal's.
pub type ResponseBody<B> = EitherBody<B, RefusalBody>;

impl<B, O> EitherBody<B, O> {
    pub(crate) fn passed(body: B) -> Self {
        Self {
            kind: Kind::Passed { body },
        }
    }

    /// The body, which holds something to its end if it passes.
    pub(crate) fn holding(self, guard: Arc<dyn Send + Sync>) -> Self {
        let guard = Guard(guard);
        let kind = match self.kind {
            Kind::Passed { body } => Kind::Held { body, guard },
            // One that holds something already is of an inner service, within `body`.
            kind => kind,
        };
        Self { kind }
    }

    pub(crate) fn own(body: impl Into<O>) -> Self {
        let body = body.into();
        Self {
            kind: Kind::Own { body },
        }
    }
}

impl<B: Default, O> Default for EitherBody<B, O> {
    fn default() -> Self {
        Self::passed(B::default())
    }
}

impl<B, O> Body for EitherBody<B, O>
where
    B: Body,
    O: Body<Error = Infallible> + Unpin,
    B::Data: From<O::Data>,
{
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        match self.project().kind.project() {
            KindProjection::Passed { body } | KindProjection::Held { body, .. } => {
                body.poll_frame(cx)
            }
            KindProjection::Own { body } => Pin::new(body).poll_frame(cx).map(|frame| {
                frame.map(|frame| match frame {
                    Ok(frame) => Ok(frame.map_data(Into::into)),
                    Err(never) => match never {},
                })
            }),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Passed { body } | Kind::Held { body, .. } => body.is_end_stream(),
            Kind::Own { body } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Passed { body } | Kind::Held { body, .. } => body.size_hint(),
            Kind::Own { body } => body.size_hint(),
        }
    }
}

/// The body of a refusal: a few bytes of JSON.
#[derive(Debug)]
pub struct RefusalBody(Bytes);

impl From<Bytes> for RefusalBody {
    fn from(bytes: Bytes) -> Self {
        Self(bytes)
    }
}

impl Body for RefusalBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let bytes = mem::take(&mut self.0);
        Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(u64::try_from(self.0.len()).unwrap_or(u64::MAX))
    }
}
