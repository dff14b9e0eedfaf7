//! The errors of a set-up, from constructors and files.

use std::{borrow::Cow, error::Error, fmt, sync::Arc};

/// The reason why a value could not be built: returned by constructors, never by a request.
///
/// The text says how to mend it and shows no secret.
///
/// # Example
///
/// ```
/// use tower_auth::{ConfigErrorKind, provider::ApiKeyAuth};
///
/// let error = ApiKeyAuth::new([""]).unwrap_err();
/// assert_eq!(error.kind(), ConfigErrorKind::Blank);
/// ```
#[derive(Clone, Debug)]
pub struct ConfigError {
    kind: ConfigErrorKind,
    message: Cow<'static, str>,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

/// The kind of a [`ConfigError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConfigErrorKind {
    /// A list that needs at least one member is empty.
    Empty,
    /// A value is empty or only white space.
    Blank,
    /// Two members share a value that must be unique.
    Duplicate,
    /// A name is not known.
    Unknown,
    /// Two rules contradict each other.
    Conflict,
    /// A value is malformed.
    Malformed,
    /// A key or secret is too weak for its algorithm.
    WeakKey,
    /// A key of one kind is in the place of another.
    WrongKey,
    /// An algorithm or value that this crate does not support.
    Unsupported,
    /// The configuration names something that cannot be asked now, such as a key store.
    Unavailable,
}

impl ConfigError {
    pub(crate) fn new(kind: ConfigErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            message: message.into(),
            source: None,
        }
    }

    /// The kind of the error.
    pub fn kind(&self) -> ConfigErrorKind {
        self.kind
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for ConfigError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn Error + 'static))
    }
}

impl From<std::convert::Infallible> for ConfigError {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}
