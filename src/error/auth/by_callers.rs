//! Errors that callers can bring about.

use super::AuthError;

impl AuthError {
    /// Notes that callers can bring this about at will, who must not fill the log with errors.
    #[must_use]
    pub(crate) fn caused_by_callers(mut self) -> Self {
        self.edit().by_callers = true;
        self
    }
}
