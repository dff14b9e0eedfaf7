//! Records a mismatched issuer or audience; only tokens have them.

use super::{AuthError, Mismatch};
use crate::log::Clean;

impl Mismatch {
    /// `came` is from a credential whose signature verified, or from an answer of an issuer.
    pub(crate) fn new(wanted: String, came: Option<&str>) -> Self {
        Self {
            wanted: wanted.into_boxed_str(),
            // The log shows no more of it, and an error may be stored.
            came: came.map(|came| came.chars().take(Clean::LONGEST + 1).collect()),
            is_verified: true,
        }
    }
}

impl AuthError {
    /// Adds a mismatched issuer or audience, for the log.
    #[must_use]
    pub(crate) fn with_mismatch(mut self, mismatch: Mismatch) -> Self {
        self.edit().mismatch = Some(Box::new(mismatch));
        self
    }
}
