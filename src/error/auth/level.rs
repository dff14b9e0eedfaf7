//! The log level of an error.

use super::{AuthError, AuthErrorKind};

impl AuthError {
    /// Whether this error is logged at level error: something could not be checked, and no caller can bring
    /// that about alone.
    pub(crate) fn is_alarming(&self) -> bool {
        self.inner.kind == AuthErrorKind::Unavailable && !self.inner.by_callers
    }
}
