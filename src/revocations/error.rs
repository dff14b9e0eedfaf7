//! The errors of a store.

use std::{error::Error, fmt, sync::Arc};

use crate::keys::{FULL, KeyStoreError};

/// The reason why a store of revocations did not carry out a request.
///
/// # Example
///
/// ```
/// use tower_auth::revocations::RevocationStoreError;
///
/// let error = RevocationStoreError::unavailable("connection refused");
/// assert_eq!(error.to_string(), "the store of revocations cannot be asked");
/// assert!(RevocationStoreError::Lost.to_string().contains("begin"));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RevocationStoreError {
    /// The store could not be asked, or did not answer.
    Unavailable(Arc<dyn Error + Send + Sync>),
    /// The store has no marker: it is new, or has lost what it was told.
    Lost,
    /// As many entries are kept as may be, and none of them is over.
    Full,
}

impl RevocationStoreError {
    /// The store could not be asked: `.map_err(RevocationStoreError::unavailable)?`.
    pub fn unavailable(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unavailable(Arc::from(cause.into()))
    }
}

impl From<KeyStoreError> for RevocationStoreError {
    fn from(error: KeyStoreError) -> Self {
        match error {
            KeyStoreError::Full => Self::Full,
            KeyStoreError::Unavailable(cause) => Self::Unavailable(cause),
            other => Self::unavailable(other),
        }
    }
}

impl fmt::Display for RevocationStoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unavailable(_) => "the store of revocations cannot be asked",
            Self::Lost => {
                "the store of revocations is new, or has lost what it was told: processes that \
                 serve write back what they hold; where none does, an operator begins a new list \
                 with `tower-auth revoke --begin` or `Revocations::begin`"
            }
            Self::Full => FULL,
        })
    }
}

impl Error for RevocationStoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Unavailable(cause) => Some(&**cause),
            Self::Lost | Self::Full => None,
        }
    }
}
