//! The resource and the action of a layer; the resource may hold parameters of the route.

use std::borrow::Cow;

use percent_encoding::{
    AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode, utf8_percent_encode,
};

use crate::error::{ConfigError, ConfigErrorKind};

/// A valid resource, such as `graph` or `agent:{id}`.
#[derive(Clone, Debug)]
pub(super) struct Resource(pub(super) Vec<Part>);

#[derive(Clone, Debug)]
pub(super) enum Part {
    Plain(Box<str>),
    Param(Box<str>),
}

impl Resource {
    pub(super) fn parse(text: &str) -> Result<Self, ConfigError> {
        if text.trim().is_empty() {
            return Err(ConfigError::new(
                ConfigErrorKind::Blank,
                "the resource is blank: name what is asked for, as in \"graph\" or \"agent:{id}\"",
            ));
        }
        let fault = |why: &str| {
            ConfigError::new(
                ConfigErrorKind::Malformed,
                format!("the resource {text:?} {why}"),
            )
        };
        let mut parts = Vec::new();
        let mut plain = String::new();
        for piece in text.split_inclusive(SEPARATORS) {
            let segment = piece.strip_suffix(SEPARATORS).unwrap_or(piece);
            match parameter(segment).map_err(fault)? {
                None => plain.push_str(piece),
                Some(name) => {
                    if !plain.is_empty() {
                        parts.push(Part::Plain(std::mem::take(&mut plain).into()));
                    }
                    parts.push(Part::Param(name.into()));
                    plain.extend(piece.strip_prefix(segment));
                }
            }
        }
        if text.ends_with(SEPARATORS) {
            return Err(fault(EMPTY_SEGMENT));
        }
        if !plain.is_empty() {
            parts.push(Part::Plain(plain.into()));
        }
        Ok(Self(parts))
    }

    /// The resource with the values of its parameters, or the name of a parameter without a value.
    ///
    /// Values are percent-encoded, as in a path.
    pub(super) fn fill<'a>(
        &self,
        value_of: impl Fn(&str) -> Option<&'a str>,
    ) -> Result<Cow<'_, str>, &str> {
        if let [Part::Plain(text)] = &*self.0 {
            return Ok(Cow::Borrowed(text));
        }
        let mut filled = String::new();
        for part in &self.0 {
            match part {
                Part::Plain(text) => filled.push_str(text),
                Part::Param(name) => {
                    let value = value_of(name).ok_or(&**name)?;
                    let id: Cow<'_, [u8]> = percent_decode_str(value).into();
                    filled.extend(percent_encode(&id, ESCAPED));
                }
            }
        }
        Ok(Cow::Owned(filled))
    }
}

/// The parameter in a segment of a resource; `None` where the segment is plain text.
fn parameter(segment: &str) -> Result<Option<&str>, &'static str> {
    if segment.is_empty() {
        return Err(EMPTY_SEGMENT);
    }
    let name = segment
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'));
    match name {
        Some("") => Err("has a parameter without a name: write {id}, as the route does"),
        Some(name) if name.starts_with('*') => {
            Err("writes a catch-all: leave the asterisk out, {rest} stands for all of it")
        }
        Some(name) if !name.contains(['{', '}']) => Ok(Some(name)),
        None if is_plain(segment) => Ok(None),
        None if !segment.contains(['{', '}']) => Err(
            "holds a character that an id is never shown with: use letters, digits and -._~@+= \
             with : or / between them",
        ),
        // Two adjacent values could be split in two ways: `{a}{b}`, `{a}-{b}`.
        _ => Err(
            "has a brace inside a segment: a parameter is all that stands between two : or /, as \
             in \"agent:{id}\"",
        ),
    }
}

/// A valid action: one plain word.
pub(super) fn parse_action(text: &str) -> Result<Box<str>, ConfigError> {
    if text.trim().is_empty() {
        return Err(ConfigError::new(
            ConfigErrorKind::Blank,
            "the action is blank: name what is done, as in \"invoke\" or \"read\"",
        ));
    }
    if !is_plain(text) {
        return Err(ConfigError::new(
            ConfigErrorKind::Malformed,
            format!(
                "the action {text:?} is not one plain word: use letters, digits and -._~@+=, and \
                 leave what it is done to to the resource"
            ),
        ));
    }
    Ok(text.into())
}

/// Writes an id as the layers write it into a resource: letters, digits and `-._~@+=` stay, every
/// other byte becomes `%XX`.
///
/// Different ids stay different, and none of them can reach beyond its segment: neither `7:write` nor
/// `*` nor `7 admin`. A handler that checks a resource with an id from the caller writes the id with
/// this function.
///
/// # Example
///
/// ```
/// use tower_auth::authorize::escape_id;
///
/// assert_eq!(format!("agent:{}", escape_id("7")), "agent:7");
/// assert_eq!(format!("agent:{}", escape_id("*")), "agent:%2A");
/// ```
pub fn escape_id(id: &str) -> Cow<'_, str> {
    utf8_percent_encode(id, ESCAPED).into()
}

/// Decodes an id that [`escape_id`] or a layer wrote; `None` where it is not UTF-8.
///
/// # Example
///
/// ```
/// use tower_auth::authorize::unescape_id;
///
/// let resource = "document:a%20b";
/// let id = resource.strip_prefix("document:").and_then(unescape_id);
/// assert_eq!(id.as_deref(), Some("a b"));
/// ```
pub fn unescape_id(escaped: &str) -> Option<String> {
    let id = percent_decode_str(escaped).decode_utf8().ok()?;
    Some(id.into_owned())
}

/// Whether a text needs no escape.
fn is_plain(text: &str) -> bool {
    escape_id(text) == text
}

/// `:` and `/` separate the segments of a resource, `*` is the wildcard of a permission, a space
/// separates scopes.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'@')
    .remove(b'+')
    .remove(b'=');
pub(super) const SEPARATORS: [char; 2] = [':', '/'];
const EMPTY_SEGMENT: &str = "has nothing before, after or between : or /: name what stands there";
