//! A refusal in gRPC's own words: a client takes the status from there, and reads the body as
//! frames whatever HTTP says about it.

use http::{HeaderMap, HeaderName, HeaderValue, Response, header};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::error::{AuthError, AuthErrorKind};

/// Adds the status to the head of a refusal, where a client looks for it before the body, if the
/// request speaks gRPC or gRPC for browsers: both say so in their content type.
pub(crate) fn add_grpc_status<B>(response: &mut Response<B>, error: &AuthError, asked: &HeaderMap) {
    let is_spoken = |kind: &HeaderValue| kind.as_bytes().starts_with(b"application/grpc");
    if !asked.get(header::CONTENT_TYPE).is_some_and(is_spoken) {
        return;
    }
    let headers = response.headers_mut();
    headers.insert(STATUS, code(error.kind()).into());
    if let Ok(message) =
        HeaderValue::try_from(utf8_percent_encode(error.message(), ESCAPED).to_string())
    {
        headers.insert(MESSAGE, message);
    }
}

fn code(kind: AuthErrorKind) -> u16 {
    match kind {
        AuthErrorKind::InvalidRequest => 3,
        AuthErrorKind::NotFound => 5,
        AuthErrorKind::InsufficientScope | AuthErrorKind::Forbidden => 7,
        AuthErrorKind::Throttled | AuthErrorKind::PayloadTooLarge => 8,
        AuthErrorKind::Conflict => 10,
        AuthErrorKind::UnknownKey | AuthErrorKind::Unavailable => 14,
        AuthErrorKind::MissingCredential | AuthErrorKind::InvalidCredential => 16,
    }
}

const STATUS: HeaderName = HeaderName::from_static("grpc-status");
const MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
/// The ASCII characters that `grpc-message` carries only escaped.
const ESCAPED: &AsciiSet = &CONTROLS.add(b'%');
