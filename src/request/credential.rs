//! Reading a credential: one way only, within bounds, before anything is decoded or hashed.

use std::{borrow::Cow, fmt};

use http::{HeaderMap, HeaderName, HeaderValue, header};
use percent_encoding::percent_decode;

use super::{CredentialSource, Head, Place, Rank, origin};
use crate::error::AuthError;

/// A credential as the caller showed it, found by
/// [`AuthRequest::credential`](super::AuthRequest::credential): bytes, never empty or blank.
///
/// A header's is without the white space around it, a query parameter's percent-decoded.
pub struct Credential<'a> {
    bytes: Cow<'a, [u8]>,
}

impl<'a> Credential<'a> {
    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The text, where the bytes are UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok()
    }

    fn new(bytes: Cow<'a, [u8]>) -> Self {
        Self { bytes }
    }
}

impl fmt::Debug for Credential<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential(…)")
    }
}

pub(super) fn read<'a>(
    head: Head<'a>,
    sources: &[CredentialSource],
    max_len: usize,
) -> Result<Option<Credential<'a>>, AuthError> {
    let of_rank = |rank| sources.iter().filter(move |source| source.rank() == rank);
    if let Some((bytes, _)) = find_one(head, of_rank(Rank::First), max_len)? {
        return Ok(Some(Credential::new(bytes)));
    }
    for source in of_rank(Rank::Fallback) {
        if let Some(bytes) = find(head, source.place(), max_len)? {
            return Ok(Some(Credential::new(bytes)));
        }
    }
    let Some((bytes, cookie)) = find_one(head, of_rank(Rank::Cookie), max_len)? else {
        return Ok(None);
    };
    origin::check(head, cookie.origins())?;
    Ok(Some(Credential::new(bytes)))
}

/// A credential, and the source that names the place where it stands.
type Found<'a, 's> = (Cow<'a, [u8]>, &'s CredentialSource);

/// The credential in the one place that shows it.
fn find_one<'a, 's>(
    head: Head<'a>,
    sources: impl Iterator<Item = &'s CredentialSource>,
    max_len: usize,
) -> Result<Option<Found<'a, 's>>, AuthError> {
    let mut chosen: Option<Found<'a, 's>> = None;
    for source in sources {
        // A place that is named twice is one place, and is read as it is named first.
        let is_read = |(_, first): &Found<'_, '_>| first.place().overlaps(source.place());
        if chosen.as_ref().is_some_and(is_read) {
            continue;
        }
        if let Some(bytes) = find(head, source.place(), max_len)?
            && chosen.replace((bytes, source)).is_some()
        {
            return Err(shown_in_two_places());
        }
    }
    Ok(chosen)
}

/// The one credential in one place; nothing where it is absent, empty or blank.
pub(super) fn find<'a>(
    head: Head<'a>,
    place: &Place,
    max_len: usize,
) -> Result<Option<Cow<'a, [u8]>>, AuthError> {
    let headers = head.headers;
    let shown = match place {
        Place::Authorization(scheme) => {
            single(headers, &header::AUTHORIZATION)?.and_then(|value| of_scheme(value, scheme))
        }
        Place::Header(name) => single(headers, name)?,
        Place::Cookie(name) => only(
            cookies(headers)
                .filter_map(|cookie| cookie_named(cookie, name))
                .map(unquoted),
        )?,
        Place::WebSocketProtocol => only(websocket_offers(headers))?,
        Place::Query(name) => only(query_values(head.uri.query().unwrap_or_default(), name))?,
    };
    let Some(shown) = shown else { return Ok(None) };
    // Measured without the scheme, and only where the scheme is ours: a Kerberos ticket may be
    // longer than any credential here.
    if shown.len() > max_len {
        return Err(too_long());
    }
    let bytes = match place {
        Place::Query(_) => decoded(shown),
        _ => Cow::Borrowed(shown),
    };
    Ok((!trimmed(&bytes).is_empty()).then_some(bytes))
}

fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a [u8]>, AuthError> {
    let Some(value) = first(headers, name) else {
        return Ok(None);
    };
    if is_doubled(headers, name) {
        return Err(shown_twice());
    }
    Ok(Some(trimmed(value.as_bytes())))
}

/// The first value of a header.
fn first<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    // To look a name up takes its hash, byte after byte: as long as to compare it with a few dozen.
    if headers.len() > FEW_HEADERS {
        return headers.get(name);
    }
    let mut shown = headers.iter();
    shown
        .find(|(shown, _)| *shown == name)
        .map(|(_, value)| value)
}

/// Whether a header stands there more than once. In most requests none does, which takes no look
/// at any.
fn is_doubled(headers: &HeaderMap, name: &HeaderName) -> bool {
    headers.len() > headers.keys_len() && headers.get_all(name).iter().nth(1).is_some()
}

fn only<'a>(mut values: impl Iterator<Item = &'a [u8]>) -> Result<Option<&'a [u8]>, AuthError> {
    let Some(value) = values.next() else {
        return Ok(None);
    };
    match values.next() {
        Some(_) => Err(shown_twice()),
        None => Ok(Some(value)),
    }
}

/// The rest of an `Authorization` value after its scheme and one or more spaces (RFC 9110 §11.4).
fn of_scheme<'a>(value: &'a [u8], scheme: &str) -> Option<&'a [u8]> {
    let space = value.iter().position(|&byte| byte == b' ')?;
    let (shown, rest) = value.split_at_checked(space)?;
    let start = rest.iter().position(|&byte| byte != b' ')?;
    shown
        .eq_ignore_ascii_case(scheme.as_bytes())
        .then(|| rest.get(start..))?
}

/// Whether an `Authorization` value names a scheme, be what follows readable here or not.
pub(crate) fn names_scheme(value: &[u8], scheme: &str) -> bool {
    trimmed(value)
        .split(|byte| matches!(byte, b' ' | b'\t'))
        .next()
        .is_some_and(|shown| shown.eq_ignore_ascii_case(scheme.as_bytes()))
}

/// Every cookie of every `Cookie` header, as it stands there.
pub(crate) fn cookies(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .flat_map(|value| value.as_bytes().split(|&byte| byte == b';'))
        .map(trimmed)
        .filter(|cookie| !cookie.is_empty())
}

/// The value of a cookie that has that name (RFC 6265 §4.2.1).
pub(crate) fn cookie_named<'a>(cookie: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let equals = cookie.iter().position(|&byte| byte == b'=')?;
    let (shown, value) = cookie.split_at_checked(equals)?;
    (trimmed(shown) == name.as_bytes()).then(|| value.get(1..).map(trimmed))?
}

fn unquoted(value: &[u8]) -> &[u8] {
    match value {
        [b'"', inner @ .., b'"'] => inner,
        _ => value,
    }
}

/// Every protocol that a WebSocket client offers.
pub(crate) fn websocket_items(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    headers
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .flat_map(|value| value.as_bytes().split(|&byte| byte == b','))
        .map(trimmed)
        // Empty members of a list count for nothing (RFC 9110 §5.6.1.2).
        .filter(|offer| !offer.is_empty())
}

/// The offers that follow a `bearer` among the offered protocols.
pub(crate) fn websocket_offers(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    let mut offers = websocket_items(headers);
    std::iter::from_fn(move || {
        offers.find(|offer| *offer == b"bearer")?;
        Some(offers.next().unwrap_or_default())
    })
}

/// The raw values of a query parameter, however its name is percent-encoded.
fn query_values<'a>(query: &'a str, name: &str) -> impl Iterator<Item = &'a [u8]> {
    query.split('&').filter_map(move |pair| {
        let (shown, value) = pair.split_once('=').unwrap_or((pair, ""));
        is_query_name(shown, name).then_some(value.as_bytes())
    })
}

/// Whether a raw parameter name decodes to `name`; one that is too long to do so is not decoded.
pub(crate) fn is_query_name(shown: &str, name: &str) -> bool {
    shown.len() <= name.len().saturating_mul(3) && *decoded(shown.as_bytes()) == *name.as_bytes()
}

/// A part of a query as `application/x-www-form-urlencoded` writes it, byte for byte.
fn decoded(part: &[u8]) -> Cow<'_, [u8]> {
    if !part.contains(&b'+') {
        return percent_decode(part).into();
    }
    let spaced: Vec<u8> = part
        .iter()
        .map(|&byte| if byte == b'+' { b' ' } else { byte })
        .collect();
    Cow::Owned(percent_decode(&spaced).collect())
}

/// Without the optional white space around a field value (RFC 9110 §5.5).
fn trimmed(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

fn shown_twice() -> AuthError {
    AuthError::invalid_request("credential_shown_twice")
        .with_message("a credential header or parameter may be sent only once")
}

pub(crate) fn shown_in_two_places() -> AuthError {
    AuthError::invalid_request("credential_in_two_places")
        .with_message("a credential may be sent in one place only")
}

fn too_long() -> AuthError {
    AuthError::invalid_request("credential_too_long").with_message("the credential is too long")
}

const FEW_HEADERS: usize = 24;
