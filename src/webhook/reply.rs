//! Short responses to a platform.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};

/// A response with a short text.
pub(super) fn short_answer(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Cow<'static, str>>,
) -> Response<Bytes> {
    let body = match body.into() {
        Cow::Borrowed(text) => Bytes::from_static(text.as_bytes()),
        Cow::Owned(text) => text.into(),
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    // The text may hold bytes of the request.
    headers.insert(NO_SNIFFING, HeaderValue::from_static("nosniff"));
    response
}

pub(super) const PLAIN: &str = "text/plain; charset=utf-8";
pub(super) const JSON: &str = "application/json";
const NO_SNIFFING: HeaderName = header::X_CONTENT_TYPE_OPTIONS;
