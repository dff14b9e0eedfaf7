//! An error as a response.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, header};
use serde::Serialize;

use crate::{
    AuthError,
    challenge::{Challenges, Realm},
};

/// Makes the answer for an error: status, challenges, `Retry-After`, and a problem body (RFC 9457).
///
/// The error itself rides in the response's extensions, so that an outer layer knows what was
/// refused.
pub(crate) fn respond(
    error: &AuthError,
    challenges: &Challenges,
    realm: &Realm,
) -> Response<Bytes> {
    let mut response = Response::new(problem(error));
    *response.status_mut() = error.status();
    write_headers(response.headers_mut(), error, challenges, realm);
    response.extensions_mut().insert(error.clone());
    response
}

/// Marks a refusal that a layer has worded: an outer layer leaves it as it is.
#[derive(Clone, Copy)]
pub(crate) struct Rendered;

/// The error of a refusal that no layer has worded yet.
///
/// A refusal that has another error's status by now is none of ours any more: whoever changed it
/// (to hide that something exists, say) must not be overruled.
pub(crate) fn unrendered<B>(response: &Response<B>) -> Option<&AuthError> {
    let (extensions, status) = (response.extensions(), response.status());
    let was_changed = |error: &AuthError| {
        (status.is_client_error() || status.is_server_error()) && status != error.status()
    };
    extensions
        .get::<AuthError>()
        .filter(|error| extensions.get::<Rendered>().is_none() && !was_changed(error))
}

/// Carries over what layers in between added to a refusal (CORS, a request id), save what describes
/// the body that is replaced.
pub(crate) fn keep_headers(headers: &mut HeaderMap, added: &HeaderMap) {
    for name in added.keys() {
        if !headers.contains_key(name) && !DESCRIBES_BODY.contains(name) {
            for value in added.get_all(name) {
                headers.append(name, value.clone());
            }
        }
    }
}

fn write_headers(
    headers: &mut HeaderMap,
    error: &AuthError,
    challenges: &Challenges,
    realm: &Realm,
) {
    headers.insert(header::CONTENT_TYPE, PROBLEM_JSON);
    for challenge in challenges.values(realm, error) {
        headers.append(header::WWW_AUTHENTICATE, challenge);
    }
    if let Some(after) = error.retry_after() {
        let seconds = after
            .as_secs()
            .saturating_add(u64::from(after.subsec_nanos() > 0));
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
}

fn problem(error: &AuthError) -> Bytes {
    let status = error.status();
    let problem = Problem {
        r#type: "about:blank",
        title: status.canonical_reason().unwrap_or_default(),
        status: status.as_u16(),
        code: error.code(),
        detail: error.message(),
    };
    serde_json::to_vec(&problem).map_or_else(|_| Bytes::new(), Bytes::from)
}

/// RFC 9457 §3.1, with a stable `code` of ours.
#[derive(Serialize)]
struct Problem {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    code: &'static str,
    detail: &'static str,
}

const DESCRIBES_BODY: &[HeaderName] = &[
    header::CONTENT_LENGTH,
    header::CONTENT_ENCODING,
    header::TRANSFER_ENCODING,
    header::WWW_AUTHENTICATE,
    header::RETRY_AFTER,
];
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");
