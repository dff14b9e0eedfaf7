//! Where a key store is.

use std::{fmt, str::FromStr};

use crate::{
    error::{ConfigError, ConfigErrorKind},
    secret::Secret,
};

/// The URL of a key store: a scheme, which says what opens it, and where the store is.
///
/// `sqlite:keys.db` is a file in the working directory, `sqlite:/var/lib/app/keys.db` one with an
/// absolute path; the path is taken as it is written, without percent-encoding.
/// `postgres://user@host/database` is a database on a server. Other schemes are those of openers of
/// your own: see [`KeyStores`](super::KeyStores).
///
/// A URL may hold a password: `Display` and `Debug` never show it.
///
/// # Example
///
/// ```
/// use tower_auth::keys::KeyStoreUrl;
///
/// let url = KeyStoreUrl::parse("sqlite:keys.db")?;
/// assert_eq!((url.scheme(), url.after_scheme()), ("sqlite", "keys.db"));
/// assert!(!url.creates() && url.creating().creates());
///
/// let url: KeyStoreUrl = "postgres://app:hunter2@db.internal/keys".parse()?;
/// assert_eq!(url.to_string(), "postgres://…@db.internal/keys");
/// assert!(url.as_str().contains("hunter2")); // for the opener alone
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct KeyStoreUrl {
    text: Secret,
    /// In lower case.
    scheme: Box<str>,
    creates: bool,
}

impl KeyStoreUrl {
    /// Parses a URL. The store that it names has to be there, unless [`creating`](Self::creating) says
    /// otherwise.
    ///
    /// # Errors
    ///
    /// The text has no scheme, begins or ends with white space, or is not of the form that its scheme
    /// has; the error shows nothing of it.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        if text.trim().is_empty() {
            return Err(fault(ConfigErrorKind::Blank, NO_SCHEME));
        }
        if text.trim() != text || text.contains(char::is_control) {
            return Err(malformed(
                "a key store's URL begins or ends with white space, or holds a line break: remove it",
            ));
        }
        let (scheme, rest) = split(text).ok_or_else(|| malformed(NO_SCHEME))?;
        let scheme = scheme.to_ascii_lowercase();
        match scheme.as_str() {
            "sqlite" if rest.is_empty() || rest.starts_with("//") || rest.starts_with(':') => {
                return Err(malformed(
                    "write the file's path after `sqlite:`, without `//`: `sqlite:keys.db`, or \
                     `sqlite:/var/lib/app/keys.db`",
                ));
            }
            "postgres" | "postgresql" if !rest.starts_with("//") => {
                return Err(malformed("write `postgres://user@host/database`"));
            }
            _ => {}
        }
        Ok(Self {
            text: text.into(),
            scheme: scheme.into(),
            creates: false,
        })
    }

    /// Lets the opener make the store where it is not there yet.
    #[must_use]
    pub fn creating(mut self) -> Self {
        self.creates = true;
        self
    }

    /// Whether the opener may make the store where it is not there yet.
    pub fn creates(&self) -> bool {
        self.creates
    }

    /// The scheme, in lower case.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The whole text.
    ///
    /// # Security
    ///
    /// It may hold a password: give it to what opens the store, never to a log or a message.
    pub fn as_str(&self) -> &str {
        self.text.expose()
    }

    /// The text after the scheme and its `:`. It may hold a password, as [`as_str`](Self::as_str) may.
    pub fn after_scheme(&self) -> &str {
        split(self.as_str()).map_or("", |(_, rest)| rest)
    }
}

impl FromStr for KeyStoreUrl {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        Self::parse(text)
    }
}

impl fmt::Display for KeyStoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rest = self.after_scheme();
        write!(f, "{}:", self.scheme)?;
        if &*self.scheme == "sqlite" {
            return f.write_str(rest);
        }
        match rest.strip_prefix("//").and_then(place) {
            Some((hidden, place, more)) => write!(f, "//{hidden}{place}{more}"),
            None if rest.starts_with("//") => f.write_str("//…"),
            None => f.write_str("…"),
        }
    }
}

impl fmt::Debug for KeyStoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyStoreUrl")
            .field("url", &format_args!("{self}"))
            .field("creates", &self.creates)
            .finish_non_exhaustive()
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

fn malformed(text: &'static str) -> ConfigError {
    fault(ConfigErrorKind::Malformed, text)
}

fn fault(kind: ConfigErrorKind, text: &'static str) -> ConfigError {
    ConfigError::new(kind, text)
}

const NO_SCHEME: &str = "a key store's URL begins with a scheme and `:`: write `sqlite:keys.db`, or \
                         `postgres://user@host/database`";
/// The bytes of the longest scheme: messages show schemes, so nothing long passes for one.
const MOST_SCHEME: usize = 24;
