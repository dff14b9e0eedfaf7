//! The settings that weaken the rules.

use super::ClaimRules;

impl ClaimRules {
    /// Accepts an `email` as user id also where nothing says that it was verified.
    ///
    /// # Security
    ///
    /// Wherever users can write any address into their account, everybody can be anybody.
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
    /// The binding then protects nothing here: a thief of such a token can use it.
    #[must_use]
    pub fn insecure_ignore_confirmation(mut self) -> Self {
        self.ignores_confirmation = true;
        self
    }

    /// Accepts tokens without `exp`.
    ///
    /// # Security
    ///
    /// A token without `exp` is good until the key changes, wherever it leaks to.
    #[must_use]
    pub fn insecure_allow_missing_exp(mut self) -> Self {
        self.needs_exp = false;
        self
    }
}
