//! Noting that an issuer or an audience is another one: only tokens have them.

use super::{AuthError, Mismatch};
use crate::log::Clean;

impl Mismatch {
    /// `came` is what stands in a credential whose signature verified, or what an issuer said of it.
    pub(crate) fn new(wanted: String, came: Option<&str>) -> Self {
        Self {
            wanted: wanted.into_boxed_str(),
            // The log shows no more of it, and an error may be kept.
            came: came.map(|came| came.chars().take(Clean::LONGEST + 1).collect()),
            is_verified: true,
        }
    }
}

impl AuthError {
    /// Adds what the log is to show of an issuer or audience that is another one.
    #[must_use]
    pub(crate) fn with_mismatch(mut self, mismatch: Mismatch) -> Self {
        self.edit().mismatch = Some(Box::new(mismatch));
        self
    }
}
