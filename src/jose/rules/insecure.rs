//! The settings that weaken the rules.

use super::ClaimRules;

impl ClaimRules {
    /// Accepts an `email` as user id even if the token does not say that it was verified.
    ///
    /// # Security
    ///
    /// Where users can write any address into their account, every user can pose as any other.
    #[must_use]
    pub fn insecure_unverified_email(mut self) -> Self {
        self.names.user_id = self.names.user_id.accept_unverified_email();
        self
    }

    /// Accepts tokens that are bound to a key (`cnf`: RFC 9449, RFC 8705) without a proof that the
    /// caller has that key.
    ///
    /// # Security
    ///
    /// The binding then has no effect here: a stolen token can be used.
    #[must_use]
    pub fn insecure_ignore_confirmation(mut self) -> Self {
        self.ignores_confirmation = true;
        self
    }

    /// Accepts tokens without `exp`.
    ///
    /// # Security
    ///
    /// A leaked token without `exp` is accepted until the key changes.
    #[must_use]
    pub fn insecure_allow_missing_exp(mut self) -> Self {
        self.needs_exp = false;
        self
    }
}
