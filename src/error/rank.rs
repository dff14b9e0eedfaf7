//! The order of refusals: which one of several is the answer.

use super::{AuthError, AuthErrorKind};

impl AuthError {
    /// Whether this tells more than the other, of several refusals of one request: could-not-check
    /// over denied over wrong, so that an outage never becomes a refusal.
    ///
    /// Of two that tell the same, neither outranks the other: the earliest stays.
    pub(crate) fn outranks(&self, other: &Self) -> bool {
        self.rank() > other.rank()
    }

    fn rank(&self) -> u8 {
        match self.kind() {
            AuthErrorKind::UnknownKey | AuthErrorKind::Unavailable => 8,
            AuthErrorKind::Throttled => 7,
            // Above the other denials, or one that says 403 would tell what this one hides.
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
