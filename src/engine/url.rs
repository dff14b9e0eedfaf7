//! Where an engine is.

use std::fmt;

use crate::{
    error::{ConfigError, ConfigErrorKind},
    secret::Secret,
};

/// A URL: a scheme, which says what opens it, and where it is. It may hold a password, which `Display`
/// never shows.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct EngineUrl {
    text: Secret,
    /// In lower case.
    scheme: Box<str>,
}

/// The words for a text that is no URL.
pub(crate) struct UrlWords {
    /// There is no scheme, or nothing at all.
    pub(crate) no_scheme: &'static str,
    /// White space is around it, or a line break in it.
    pub(crate) odd_space: &'static str,
}

impl EngineUrl {
    /// Parses a URL; an error shows nothing of it.
    pub(crate) fn parse(text: &str, words: &UrlWords) -> Result<Self, ConfigError> {
        let malformed = |text| ConfigError::new(ConfigErrorKind::Malformed, text);
        if text.trim().is_empty() {
            return Err(ConfigError::new(ConfigErrorKind::Blank, words.no_scheme));
        }
        if text.trim() != text || text.contains(char::is_control) {
            return Err(malformed(words.odd_space));
        }
        let (scheme, _) = split(text).ok_or_else(|| malformed(words.no_scheme))?;
        Ok(Self {
            text: text.into(),
            scheme: scheme.to_ascii_lowercase().into(),
        })
    }

    pub(crate) fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The whole text, a password included.
    pub(crate) fn as_str(&self) -> &str {
        self.text.expose()
    }

    /// The text after the scheme and its `:`, a password included.
    pub(crate) fn after_scheme(&self) -> &str {
        split(self.as_str()).map_or("", |(_, rest)| rest)
    }
}

impl fmt::Display for EngineUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rest = self.after_scheme();
        write!(f, "{}:", self.scheme)?;
        match rest.strip_prefix("//").and_then(place) {
            Some((hidden, place, more)) => write!(f, "//{hidden}{place}{more}"),
            None if rest.starts_with("//") => f.write_str("//…"),
            None => f.write_str("…"),
        }
    }
}

/// A scheme and what follows its `:`. One letter is no scheme but a drive.
fn split(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let is_word = scheme.starts_with(|sign: char| sign.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    (is_word && (2..=MOST_SCHEME).contains(&scheme.len())).then_some((scheme, rest))
}

/// What of a URL is surely no password: hosts, ports and the path. `None` where that is not sure.
fn place(rest: &str) -> Option<(&'static str, &str, &'static str)> {
    let (head, tail) = match rest.find(['?', '#']) {
        Some(at) => (rest.get(..at)?, rest.get(at..)?),
        None => (rest, ""),
    };
    // A password that was not percent-encoded may hold any of these signs.
    if tail.contains('@') {
        return None;
    }
    let (hidden, place) = match head.rsplit_once('@') {
        Some((_, place)) => ("…@", place),
        None => ("", head),
    };
    let hosts = place.split('/').next().unwrap_or_default();
    hosts.split(',').all(is_host).then_some((
        hidden,
        place,
        if tail.is_empty() { "" } else { "?…" },
    ))
}

/// Whether a text is a host with or without a port, and not a user with a password.
fn is_host(text: &str) -> bool {
    let after_address = match text.rsplit_once(']') {
        Some((_, after)) => after,
        None => text,
    };
    match after_address.split_once(':') {
        Some((_, port)) => port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit()),
        None => true,
    }
}

/// The bytes of the longest scheme: messages show schemes, so nothing long passes for one.
const MOST_SCHEME: usize = 24;
