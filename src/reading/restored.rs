//! A body that was read, as the inner service gets it.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};

/// A body that a layer read and judged, restored for the inner service: the bytes as they came, then the
/// trailers, if there were any.
///
/// Every service that is generic over its request body accepts it, such as axum's routers and
/// handlers.
///
/// # Example
///
/// ```
/// use tower_auth::mcp::RestoredBody;
///
/// fn length(body: RestoredBody) -> usize {
///     body.as_bytes().len()
/// }
/// assert_eq!(length(RestoredBody::default()), 0);
/// ```
#[derive(Clone, Debug, Default)]
pub struct RestoredBody {
    bytes: Bytes,
    trailers: Option<HeaderMap>,
}

impl RestoredBody {
    pub(super) fn new(bytes: Bytes, trailers: Option<HeaderMap>) -> Self {
        Self { bytes, trailers }
    }

    /// The bytes that were judged: of a webhook, those that were signed.
    pub fn as_bytes(&self) -> &Bytes {
        &self.bytes
    }
}

impl From<RestoredBody> for Bytes {
    fn from(body: RestoredBody) -> Self {
        body.bytes
    }
}

impl Body for RestoredBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if !self.bytes.is_empty() {
            let bytes = std::mem::take(&mut self.bytes);
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        let trailers = self.trailers.take();
        Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_empty() && self.trailers.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(u64::try_from(self.bytes.len()).unwrap_or(u64::MAX))
    }
}
