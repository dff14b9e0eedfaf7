//! The errors of an administrator's requests.

use std::{borrow::Cow, error::Error, fmt};

use super::{
    KeyStoreError,
    error::{FULL, REVOKED},
};
use crate::error::AuthError;

/// The reason why an administrator's request failed.
///
/// # Example
///
/// ```
/// use tower_auth::{AuthError, keys::KeyAdminError};
///
/// let error = KeyAdminError::Forbidden("the key may do more than you");
/// assert_eq!(AuthError::from(error).status(), 403);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum KeyAdminError {
    /// No key has the id, or none that the administrator may see.
    NotFound,
    /// The request would give more than the administrator has, or needs another scope; the text says
    /// which.
    Forbidden(&'static str),
    /// The request is malformed; the text says what to write.
    Invalid(Cow<'static, str>),
    /// The state of the key does not allow it; the text says why.
    Conflict(&'static str),
    /// The key is not at the revision of [`at_revision`](super::KeyAdmin::at_revision) any more.
    Stale,
    /// The store could not be asked.
    Unavailable(KeyStoreError),
    /// The change has to have a line in an audit file, which takes none: see `ManagedKeys::with_audit`.
    NotAudited,
}

impl fmt::Display for KeyAdminError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str("no key has that id"),
            Self::Forbidden(why) | Self::Conflict(why) => f.write_str(why),
            Self::Invalid(why) => f.write_str(why),
            Self::Stale => f.write_str("the key was changed since it was read: read it again"),
            Self::Unavailable(_) => f.write_str("the key store cannot be asked"),
            Self::NotAudited => f.write_str(NOT_AUDITED),
        }
    }
}

impl Error for KeyAdminError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Unavailable(cause) => Some(cause),
            _ => None,
        }
    }
}

impl From<KeyStoreError> for KeyAdminError {
    fn from(error: KeyStoreError) -> Self {
        match error {
            KeyStoreError::NotFound => Self::NotFound,
            KeyStoreError::Changed => Self::Conflict("the key was changed meanwhile: try again"),
            KeyStoreError::Taken => Self::Conflict("a key with that digest is there already"),
            KeyStoreError::Held => Self::Conflict("a live key may administer keys already"),
            KeyStoreError::Revoked => Self::Forbidden(REVOKED),
            KeyStoreError::Full => Self::Conflict(FULL),
            unavailable => Self::Unavailable(unavailable),
        }
    }
}

impl From<KeyAdminError> for AuthError {
    /// 404, 403, 400, 409 or 503.
    fn from(error: KeyAdminError) -> Self {
        match error {
            KeyAdminError::NotFound => Self::not_found("key_unknown"),
            KeyAdminError::Forbidden(why) => Self::forbidden("key_escalation").with_message(why),
            KeyAdminError::Invalid(_) => Self::invalid_request("key_request")
                .with_message("the request is not of the right form"),
            KeyAdminError::Conflict(why) => Self::conflict("key_conflict").with_message(why),
            KeyAdminError::Stale => Self::conflict("key_stale")
                .with_message("the key was changed since it was read: read it again"),
            KeyAdminError::Unavailable(cause) => Self::unavailable(cause),
            KeyAdminError::NotAudited => Self::unavailable(NOT_AUDITED).with_reason("not_audited"),
        }
    }
}

const NOT_AUDITED: &str = "the change has to be audited, and the audit file takes no line";
