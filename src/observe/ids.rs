//! The ids of a request and of its trace, as its headers tell.

use http::{HeaderMap, HeaderName, header};

/// The header that holds the id of a request, in its extensions, if it is not the usual one.
#[derive(Clone)]
pub(super) struct RequestIdHeader(pub(super) HeaderName);

/// The beginning of the id of a request, if the header holds one that can be written anywhere: visible ASCII
/// characters, once. A client may have written it, so it is cut [2.5].
pub(super) fn request_id<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    if HOLDS_CREDENTIALS.contains(&name) {
        return None;
    }
    let id = only(headers, name)?;
    let is_printable = !id.is_empty() && id.bytes().all(is_visible);
    is_printable.then(|| id.get(..LONGEST).unwrap_or(id))
}

/// The trace id of `traceparent` (W3C Trace Context §3.2), if that is well-formed.
pub(super) fn trace_id(headers: &HeaderMap) -> Option<&str> {
    let mut fields = only(headers, &TRACEPARENT)?.split('-');
    let (version, trace) = (fields.next()?, fields.next()?);
    let (parent, flags) = (fields.next()?, fields.next()?);
    // A later version may have more fields, this one has not.
    let has_more = fields.next().is_some();
    let is_version = is_hex(version, 2) && version != "ff" && (version != "00" || !has_more);
    let is_id = |id: &str, len| is_hex(id, len) && id.bytes().any(|byte| byte != b'0');
    (is_version && is_id(trace, 32) && is_id(parent, 16) && is_hex(flags, 2)).then_some(trace)
}

fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    match values.next() {
        // What is sensitive is a credential.
        None if value.is_sensitive() => None,
        None => value.to_str().ok(),
        Some(_) => None,
    }
}

fn is_hex(text: &str, len: usize) -> bool {
    let is_lower_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text.len() == len && text.bytes().all(is_lower_hex)
}

fn is_visible(byte: u8) -> bool {
    matches!(byte, 0x21..=0x7e)
}

pub(super) static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Whatever a program says, no credential becomes an id.
static HOLDS_CREDENTIALS: [&HeaderName; 3] = [
    &header::AUTHORIZATION,
    &header::COOKIE,
    &header::PROXY_AUTHORIZATION,
];
static TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const LONGEST: usize = 64;
