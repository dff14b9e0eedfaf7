//! The errors of a store.

use std::{error::Error, fmt, sync::Arc};

/// The reason why a store did not carry out a request.
///
/// [`Unavailable`](Self::Unavailable) and [`NewerSchema`](Self::NewerSchema) mean that the state of
/// the store is unknown, and become a 503; the others are answers.
///
/// # Example
///
/// ```
/// use tower_auth::keys::KeyStoreError;
///
/// let error = KeyStoreError::unavailable("database is locked");
/// assert!(error.is_unavailable() && !KeyStoreError::NotFound.is_unavailable());
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum KeyStoreError {
    /// The store could not be asked, or did not answer: busy, locked, full, read-only, unreachable.
    Unavailable(Arc<dyn Error + Send + Sync>),
    /// The store was made by a newer version of its crate, and would be misread.
    NewerSchema {
        /// The version that the store has.
        found: u32,
        /// The newest version that this program knows.
        known: u32,
    },
    /// No key has that id.
    NotFound,
    /// The key is not at the revision that the change was decided on: read it again, then decide
    /// again.
    Changed,
    /// A key with that id or digest exists already.
    Taken,
    /// A live key holds the scope that no live key may hold.
    Held,
    /// A revocation that the store keeps has ended whoever asked for the change.
    Revoked,
    /// As many revocations are kept as may be, and none of them is over.
    Full,
    /// This store keeps no revocations.
    Unsupported,
}

impl KeyStoreError {
    /// The store could not be asked: `.map_err(KeyStoreError::unavailable)?`.
    pub fn unavailable(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unavailable(Arc::from(cause.into()))
    }

    /// Whether the state of the store is unknown.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::NewerSchema { .. })
    }
}

impl fmt::Display for KeyStoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable(_) => f.write_str("the key store cannot be asked"),
            Self::NewerSchema { found, known } => write!(
                f,
                "the key store has schema version {found} and this program knows versions up to \
                 {known}: update the program"
            ),
            Self::NotFound => f.write_str("no key has that id"),
            Self::Changed => f.write_str("the key was changed meanwhile: read it and try again"),
            Self::Taken => f.write_str("a key with that id or digest is there already"),
            Self::Held => f.write_str("a live key holds that scope already"),
            Self::Revoked => f.write_str(REVOKED),
            Self::Full => f.write_str(FULL),
            Self::Unsupported => f.write_str(
                "this key store keeps no revocations: give `Revocations` a store of its own",
            ),
        }
    }
}

/// The refusal of a revocation for which there is no room.
pub(crate) const FULL: &str = "as many revocations are kept as may be, and none of them is over: raise \
     with_max_revocations, `max_revocations` of a file, if memory allows it, or end everything of a \
     principal at once instead of many single tokens";

/// The refusal of a change by whoever was revoked.
pub(super) const REVOKED: &str = "your own credential was revoked";

impl Error for KeyStoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Unavailable(cause) => Some(&**cause),
            _ => None,
        }
    }
}
