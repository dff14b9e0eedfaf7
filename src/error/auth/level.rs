//! How loud the log is about an error.

use super::{AuthError, AuthErrorKind};

impl AuthError {
    /// Notes that callers can bring this about at will, who must not fill the log with errors.
    #[cfg(any(feature = "oauth2", feature = "webhook"))]
    #[must_use]
    pub(crate) fn caused_by_callers(mut self) -> Self {
        self.edit().by_callers = true;
        self
    }

    /// Whether it is logged at level error: something could not be checked, and no caller can bring
    /// that about alone.
    pub(crate) fn is_alarming(&self) -> bool {
        self.inner.kind == AuthErrorKind::Unavailable && !self.inner.by_callers
    }
}
