//! The question about a caller whom a provider accepted, before anything is counted or paid.

use crate::{answer::Answer, context::AuthContext, error::AuthError};

/// Asked about every accepted caller.
pub(super) trait AfterProvider: Send + Sync {
    /// Whether the caller may go on.
    fn judge(&self, caller: &AuthContext) -> Answer<Result<(), AuthError>>;
}
