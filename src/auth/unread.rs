//! Why nothing was shown although a place of a credential is filled: for the log alone.

use http::{HeaderMap, header};

use crate::request::{Place, names_scheme};

/// What is odd about a header that no provider took its credential from; nothing where the providers do not
/// say where they look, or where no such header has a value.
///
/// The text of the header is no part of it: what stands where a scheme belongs may be the key.
pub(super) fn reason(places: &[Place], headers: &HeaderMap) -> Option<&'static str> {
    if places.is_empty() {
        return None;
    }
    let is_filled = |place: &Place| match place {
        Place::Header(name) => headers
            .get(name)
            .is_some_and(|value| !value.as_bytes().trim_ascii().is_empty()),
        _ => false,
    };
    if places.iter().any(is_filled) {
        return Some(NOT_TAKEN);
    }
    let value = headers.get(header::AUTHORIZATION)?.as_bytes();
    let value = value.trim_ascii();
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    if value.is_empty() {
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
        _ => Some(NOT_TAKEN),
    }
}

/// Each provider that looks there said that it is not its: a key of another form, say.
const NOT_TAKEN: &str = "credential_not_taken";
