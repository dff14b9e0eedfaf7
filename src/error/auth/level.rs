//! The log level of an error.

use super::{AuthError, AuthErrorKind};

impl AuthError {
    /// Whether this error is logged at level error: a check failed for a reason that no caller alone
    /// can cause.
    pub(crate) fn is_alarming(&self) -> bool {
        self.inner.kind == AuthErrorKind::Unavailable && !self.inner.by_callers
    }
}
