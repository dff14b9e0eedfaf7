//! What revocations ask of a caller.

use super::AuthContext;
use crate::context::issued::{LEFT_OUT, NO_TOKEN};

impl AuthContext {
    /// The caller with the time at which its key was made. A key is no token: it may live for long.
    pub(crate) fn with_key_made_at(mut self, millis: u64) -> Self {
        self.edit().issued.at = millis;
        self
    }

    /// Whether the caller showed a token: something that an issuer gives out for a time.
    pub(crate) fn is_token(&self) -> bool {
        self.inner.issued.id.len != NO_TOKEN
    }

    /// Whether the caller's token speaks for itself and does not say when it was issued.
    pub(crate) fn leaves_issue_out(&self) -> bool {
        self.inner.issued.at == LEFT_OUT
    }

    /// The caller whom the provider accepted, if a check put this one in its place.
    pub(crate) fn first(&self) -> Option<&Self> {
        self.inner.rare.as_ref()?.first.as_deref()
    }
}
