//! Why nothing was shown although the request has an `Authorization` header: for the log alone.

use http::{HeaderMap, header};

use crate::request::{Place, names_scheme};

/// What is odd about an `Authorization` that no provider took its credential from; nothing where the
/// providers do not say where they look, or where there is nothing odd.
///
/// The text of the header is no part of it: what stands where a scheme belongs may be the key.
pub(super) fn reason(places: &[Place], headers: &HeaderMap) -> Option<&'static str> {
    if places.is_empty() {
        return None;
    }
    let value = headers.get(header::AUTHORIZATION)?.as_bytes();
    let value = value.trim_ascii();
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let reads_whole = |place: &Place| *place == Place::Header(header::AUTHORIZATION);
    if value.is_empty() || places.iter().any(reads_whole) {
        return None;
    }
    let mut schemes = places
        .iter()
        .filter_map(|place| match place {
            Place::Authorization(scheme) => Some(&**scheme),
            _ => None,
        })
        .peekable();
    if schemes.peek().is_none() {
        return Some("authorization_is_not_read");
    }
    let Some(scheme) = schemes.find(|scheme| names_scheme(value, scheme)) else {
        let is_alone = !value.iter().any(is_blank);
        return Some(match is_alone {
            true => "authorization_without_scheme",
            false => "authorization_of_another_scheme",
        });
    };
    match value.get(scheme.len()..)? {
        [] => Some("authorization_without_credential"),
        behind
            if behind
                .iter()
                .take_while(|byte| is_blank(byte))
                .any(|byte| *byte == b'\t') =>
        {
            Some("authorization_with_tab_after_scheme")
        }
        // A provider of one's own said that it is not its.
        _ => None,
    }
}
