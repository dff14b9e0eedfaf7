//! Errors that callers can cause.

use super::AuthError;

impl AuthError {
    /// Marks an error that callers can cause at will: it must not fill the log with errors.
    #[must_use]
    pub(crate) fn caused_by_callers(mut self) -> Self {
        self.edit().by_callers = true;
        self
    }
}
