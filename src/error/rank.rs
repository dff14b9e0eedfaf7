//! The order of refusals: the highest of several is the answer.

use super::{AuthError, AuthErrorKind};

impl AuthError {
    /// Whether this refusal ranks above another one of the same request: could not check, then denied,
    /// then wrong, so that an outage never becomes a refusal.
    ///
    /// Of two refusals with one rank, the earlier one stays.
    pub(crate) fn outranks(&self, other: &Self) -> bool {
        self.rank() > other.rank()
    }

    fn rank(&self) -> u8 {
        match self.kind() {
            AuthErrorKind::UnknownKey | AuthErrorKind::Unavailable => 8,
            AuthErrorKind::Throttled => 7,
            // Above the other denials: a 403 would reveal an object that this one hides.
            AuthErrorKind::NotFound => 6,
            AuthErrorKind::InsufficientScope => 5,
            AuthErrorKind::Forbidden => 4,
            AuthErrorKind::InvalidRequest
            | AuthErrorKind::Conflict
            | AuthErrorKind::PayloadTooLarge => 3,
            AuthErrorKind::InvalidCredential if self.code() != "invalid_credential" => 2,
            AuthErrorKind::InvalidCredential => 1,
            AuthErrorKind::MissingCredential => 0,
        }
    }
}
