//! Callers whose credential has a store that tells when it ends.

use super::{AuthContext, EndsBy};

impl AuthContext {
    /// The caller of a credential whose store tells when it expires, by the store's own clock.
    pub(crate) fn ended_by_source(mut self) -> Self {
        self.edit().ends_by = EndsBy::Source;
        self
    }
}
