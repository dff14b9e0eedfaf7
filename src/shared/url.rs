//! Where a shared state is.

use std::{fmt, str::FromStr};

use crate::{
    engine::{EngineUrl, UrlWords},
    error::{ConfigError, ConfigErrorKind},
};

/// The URL of a shared state: a scheme, which says what opens it, and where the state is.
///
/// `redis://host:6379` is a Redis or Valkey server, `postgres://user@host/database` a database. Other
/// schemes are those of openers of your own: see [`SharedStates`](super::SharedStates).
///
/// A URL may hold a password: `Display` and `Debug` never show it.
///
/// # Example
///
/// ```
/// use tower_auth::shared::SharedUrl;
///
/// let url: SharedUrl = "redis://app:hunter2@counts.internal:6379".parse()?;
/// assert_eq!(url.scheme(), "redis");
/// assert_eq!(url.to_string(), "redis://…@counts.internal:6379");
/// assert!(url.as_str().contains("hunter2")); // for the opener alone
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct SharedUrl(EngineUrl);

impl SharedUrl {
    /// Parses a URL.
    ///
    /// # Errors
    ///
    /// The text has no scheme, begins or ends with white space, or is not of the form that its scheme
    /// has; the error shows nothing of it.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let url = EngineUrl::parse(text, &WORDS)?;
        if WITH_HOST.contains(&url.scheme()) && !url.after_scheme().starts_with("//") {
            return Err(ConfigError::new(
                ConfigErrorKind::Malformed,
                "write `redis://host:6379`, or `postgres://user@host/database`",
            ));
        }
        Ok(Self(url))
    }

    /// The scheme, in lower case.
    pub fn scheme(&self) -> &str {
        self.0.scheme()
    }

    /// The whole text.
    ///
    /// # Security
    ///
    /// It may hold a password: give it to what opens the state, never to a log or a message.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for SharedUrl {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        Self::parse(text)
    }
}

impl fmt::Display for SharedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for SharedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SharedUrl")
            .field(&format_args!("{self}"))
            .finish()
    }
}

const WORDS: UrlWords = UrlWords {
    no_scheme: "a shared state's URL begins with a scheme and `:`: write `redis://host:6379`, or \
                `postgres://user@host/database`",
    odd_space: "a shared state's URL begins or ends with white space, or holds a line break: remove it",
};
const WITH_HOST: [&str; 6] = [
    "redis",
    "rediss",
    "valkey",
    "valkeys",
    "postgres",
    "postgresql",
];
