//! The answer to a request for metadata: to anybody, from any page.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};

/// Answers a request for this document.
pub(super) fn answer(method: &Method, document: &Bytes) -> Response<Bytes> {
    let is_head = method == Method::HEAD;
    let mut response = match *method {
        Method::GET | Method::HEAD => {
            let body = if is_head {
                Bytes::new()
            } else {
                document.clone()
            };
            let mut response = Response::new(body);
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, JSON);
            headers.insert(header::CONTENT_LENGTH, document.len().into());
            headers.insert(header::CACHE_CONTROL, CACHED);
            response
        }
        Method::OPTIONS => status(StatusCode::NO_CONTENT),
        _ => status(StatusCode::METHOD_NOT_ALLOWED),
    };
    open_to_pages(response.headers_mut());
    response
}

fn status(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::default();
    *response.status_mut() = status;
    response.headers_mut().insert(header::ALLOW, METHODS);
    response
}

/// Every page may read the document: it holds nothing that is not public, and no credential is looked at.
fn open_to_pages(headers: &mut HeaderMap) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, ANY);
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, A_DAY);
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const CACHED: HeaderValue = HeaderValue::from_static("public, max-age=300");
const ANY: HeaderValue = HeaderValue::from_static("*");
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");
/// The asterisk does not stand for `Authorization`, which a client may send needlessly.
const HEADERS: HeaderValue = HeaderValue::from_static("*, authorization, mcp-protocol-version");
const A_DAY: HeaderValue = HeaderValue::from_static("86400");
