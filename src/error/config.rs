//! The errors of a set-up.

use std::{borrow::Cow, error::Error, fmt, sync::Arc};

/// Why something could not be built: returned by constructors, never by a request.
///
/// The text says what to do about it and shows no secret.
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

/// The family that a [`ConfigError`] belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConfigErrorKind {
    /// A list that needs at least one member has none.
    Empty,
    /// A value is empty or nothing but white space.
    Blank,
    /// Two members share what must be unique.
    Duplicate,
    /// A name stands for nothing that exists.
    Unknown,
    /// Two rules contradict each other.
    Conflict,
    /// A value is not of the form it must have.
    Malformed,
    /// A key or secret is too weak for its algorithm.
    WeakKey,
    /// A key of one kind stands where another belongs.
    WrongKey,
    /// An algorithm or value that is not supported here.
    Unsupported,
}

impl ConfigError {
    pub(crate) fn new(kind: ConfigErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            message: message.into(),
            source: None,
        }
    }

    /// The family the error belongs to.
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
