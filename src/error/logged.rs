//! Fields of a refusal that only the log shows, beside its reason and its cause.

use super::{AuthError, Mismatch};

impl AuthError {
    pub(crate) fn mismatch(&self) -> Option<&Mismatch> {
        self.inner.mismatch.as_deref()
    }

    /// Adds the name of the API key in the request, which is no longer valid.
    #[must_use]
    pub(crate) fn with_key_name(mut self, name: &str) -> Self {
        self.edit().key_name = Some(name.into());
        self
    }

    pub(crate) fn key_name(&self) -> Option<&str> {
        self.inner.key_name.as_deref()
    }
}
