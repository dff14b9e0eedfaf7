//! The body of an inner service or a client, or one of a layer's own.

use std::{
    convert::Infallible,
    error::Error,
    mem,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::{
    ending::{CredentialEnded, Ending},
    guard::Guard,
};

pin_project! {
    /// A body that passes through a layer, or one of the layer's own.
    ///
    /// It implements [`Body`] where the body that passes does, if that body's data can be made of the data of
    /// the layer's own (for [`Bytes`], axum's, tonic's and hyper's can). Its error is the error of the
    /// body that passes, in a box, or a [`CredentialEnded`](crate::CredentialEnded).
    ///
    /// # Example
    ///
    /// ```
    /// use http_body::Body;
    /// use tower_auth::{EitherBody, RefusalBody, ResponseBody};
    ///
    /// fn length<B>(body: &ResponseBody<B>) -> Option<u64>
    /// where
    ///     B: Body<Data = bytes::Bytes, Error: std::error::Error + Send + Sync + 'static>,
    /// {
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
        // Until the credential of the caller ends.
        Ending {
            #[pin]
            body: B,
            ending: Ending,
        },
        // It was broken off.
        Over,
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
    pub(crate) fn holding(self, guard: Guard) -> Self {
        let kind = match self.kind {
            Kind::Passed { body } => Kind::Held { body, guard },
            Kind::Ending { body, ending } => {
                let ending = ending.holding(guard);
                Kind::Ending { body, ending }
            }
            // One that holds something already is of an inner service, within `body`.
            kind => kind,
        };
        Self { kind }
    }

    /// The body, which ends with a credential if it passes.
    pub(crate) fn ending(self, ending: impl FnOnce() -> Ending) -> Self {
        let kind = match self.kind {
            Kind::Passed { body } => {
                let ending = ending();
                Kind::Ending { body, ending }
            }
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
    B::Error: Into<BoxError>,
    O: Body<Error = Infallible> + Unpin,
    B::Data: From<O::Data>,
{
    type Data = B::Data;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, BoxError>>> {
        let mut kind = self.project().kind;
        match kind.as_mut().project() {
            KindProjection::Passed { body } | KindProjection::Held { body, .. } => {
                boxed(body.poll_frame(cx))
            }
            KindProjection::Ending { body, ending } => {
                // A body that has ended by itself is whole, whatever happens afterwards.
                let is_over =
                    !body.is_end_stream() && ending.is_over(body.size_hint().exact().is_some());
                if !is_over {
                    let frame = body.poll_frame(cx);
                    if frame.is_ready() || ending.poll_over(cx).is_pending() {
                        return boxed(frame);
                    }
                }
                let trailers = ending.trailers();
                // What the handler streams from is let go at once, and nobody is to tell of the end again.
                kind.set(Kind::Over);
                Poll::Ready(Some(match trailers {
                    Some(trailers) => Ok(Frame::trailers(trailers)),
                    None => Err(CredentialEnded::default().into()),
                }))
            }
            KindProjection::Over => Poll::Ready(None),
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
            Kind::Passed { body } | Kind::Held { body, .. } | Kind::Ending { body, .. } => {
                body.is_end_stream()
            }
            Kind::Own { body } => body.is_end_stream(),
            Kind::Over => true,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Passed { body } | Kind::Held { body, .. } | Kind::Ending { body, .. } => {
                body.size_hint()
            }
            Kind::Own { body } => body.size_hint(),
            Kind::Over => SizeHint::with_exact(0),
        }
    }
}

type BoxError = Box<dyn Error + Send + Sync>;

fn boxed<D, E: Into<BoxError>>(
    frame: Poll<Option<Result<Frame<D>, E>>>,
) -> Poll<Option<Result<Frame<D>, BoxError>>> {
    frame.map(|frame| frame.map(|frame| frame.map_err(Into::into)))
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
