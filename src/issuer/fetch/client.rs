//! Sends a request with the client of this crate or with a tower service of the application.

use std::{
    error::Error,
    future::poll_fn,
    pin::pin,
    task::{Context, Poll},
};

use bytes::{Buf, Bytes};
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::{coding, document::Document, error::FetchError};
use crate::answer::BoxFuture;

/// Sends a request and reads the response. It hides the type of the tower service.
pub(crate) trait HttpClient: Send + Sync {
    /// Sends one request and reads the response; a body of more than `max_len` bytes is an error.
    fn exchange(
        &self,
        request: Request<Bytes>,
        max_len: usize,
    ) -> BoxFuture<Result<Document, FetchError>>;
}

impl<S, B> HttpClient for S
where
    S: Service<Request<Bytes>, Response = Response<B>> + Clone + Send + Sync + 'static,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    S::Future: Send,
    B: Body + Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    fn exchange(
        &self,
        request: Request<Bytes>,
        max_len: usize,
    ) -> BoxFuture<Result<Document, FetchError>> {
        let mut service = self.clone();
        Box::pin(async move {
            let ready = poll_fn(|cx| service.poll_ready(cx)).await;
            ready.map_err(FetchError::failed)?;
            let response = service.call(request).await.map_err(FetchError::failed)?;
            read(response, max_len).await
        })
    }
}

async fn read<B>(response: Response<B>, max_len: usize) -> Result<Document, FetchError>
where
    B: Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let (parts, body) = response.into_parts();
    let mut body = pin!(body);
    let mut read = Vec::new();
    while let Some(frame) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        // Trailers are not needed.
        let Ok(mut data) = frame.map_err(FetchError::failed)?.into_data() else {
            continue;
        };
        if data.remaining() > max_len.saturating_sub(read.len()) {
            return Err(FetchError::TooLong);
        }
        while data.has_remaining() {
            let chunk = data.chunk();
            let len = chunk.len();
            read.extend_from_slice(chunk);
            data.advance(len);
        }
    }
    // Any other response is judged by its status, so its body need not be decoded.
    if parts.status.is_success() {
        read = coding::decode(&parts.headers, read, max_len)?;
    }
    Ok(Document {
        status: parts.status,
        headers: parts.headers,
        body: read,
    })
}

/// The HTTP client that comes with this crate.
#[derive(Clone)]
pub(super) struct Reqwest(pub(super) reqwest::Client);

impl Service<Request<Bytes>> for Reqwest {
    type Response = Response<reqwest::Body>;
    type Error = reqwest::Error;
    type Future = BoxFuture<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let client = self.0.clone();
        Box::pin(async move { client.execute(request.try_into()?).await.map(Into::into) })
    }
}
