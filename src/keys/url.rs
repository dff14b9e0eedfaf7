//! Where a key store is.

use std::{fmt, str::FromStr};

use crate::{
    engine::{EngineUrl, UrlWords},
    error::{ConfigError, ConfigErrorKind},
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
    url: EngineUrl,
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
        let url = EngineUrl::parse(text, &WORDS)?;
        let rest = url.after_scheme();
        match url.scheme() {
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
            url,
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
        self.url.scheme()
    }

    /// The whole text.
    ///
    /// # Security
    ///
    /// It may hold a password: give it to what opens the store, never to a log or a message.
    pub fn as_str(&self) -> &str {
        self.url.as_str()
    }

    /// The text after the scheme and its `:`. It may hold a password, as [`as_str`](Self::as_str) may.
    pub fn after_scheme(&self) -> &str {
        self.url.after_scheme()
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
        match self.scheme() {
            "sqlite" => write!(f, "sqlite:{}", self.after_scheme()),
            _ => self.url.fmt(f),
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

fn malformed(text: &'static str) -> ConfigError {
    ConfigError::new(ConfigErrorKind::Malformed, text)
}

const WORDS: UrlWords = UrlWords {
    no_scheme: "a key store's URL begins with a scheme and `:`: write `sqlite:keys.db`, or \
                `postgres://user@host/database`",
    odd_space: "a key store's URL begins or ends with white space, or holds a line break: remove it",
};
