//! The setting of a layer for revocations.

use std::sync::Arc;

use super::{after::AfterProvider, layer::AuthLayer};
use crate::{
    answer::Answer,
    context::{AuthContext, Revoker},
    error::AuthError,
    revocations::Revocations,
};

impl AuthLayer {
    /// Holds every caller to revocations: a token that was revoked, and everything of a principal that was,
    /// is refused with 401, whatever provider accepted it.
    ///
    /// They are asked after the provider and its checks, and before anything is counted or paid. A layer
    /// that is [disabled](Self::disabled) asks nobody. See [`Revocations`] for what they ask of
    /// tokens, and for the 503 where they cannot be read.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::{
    ///     AuthLayer,
    ///     provider::JwtAuth,
    ///     revocations::{MemoryRevocationStore, Revocations},
    /// };
    ///
    /// let revocations = Revocations::new(MemoryRevocationStore::new()?);
    /// let tokens = JwtAuth::hs256("an example secret of 32 bytes …")?;
    /// let layer = AuthLayer::new(tokens).revocations(&revocations);
    /// # let _ = layer;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn revocations(self, revocations: &Revocations) -> Self {
        let after: Arc<dyn AfterProvider> = Arc::new(revocations.clone());
        let revoker = Arc::new(Revoker::new(revocations.clone()));
        self.edit(|core| {
            core.after = Some(after);
            core.revoker = Some(revoker);
        })
    }
}

impl AfterProvider for Revocations {
    fn judge(&self, caller: &AuthContext) -> Answer<Result<(), AuthError>> {
        self.judge(caller)
    }
}
