//! The revocations that a document turns on.

use std::sync::Arc;

use super::{AuthConfig, AuthSetup};
use crate::{
    revocations::{RevocationStore, RevocationStoreFuture, Revocations},
    shared::SharedUrl,
};

impl AuthConfig {
    /// Registers what opens the store of revocations on the server that the block `shared` names, for
    /// `revocations: {store: shared}`: see
    /// [`RevocationStores::register`](crate::revocations::RevocationStores::register).
    ///
    /// # Example
    ///
    /// ```
    /// use std::sync::Arc;
    /// use tower_auth::{
    ///     config::AuthConfig,
    ///     revocations::{MemoryRevocationStore, RevocationStore},
    ///     shared::{MemorySharedState, SharedState},
    /// };
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let setup = AuthConfig::from_yaml(r#"
    /// auth:
    ///   jwt: {secret: an example secret of 32 bytes …}
    ///   shared: {url: 'memory:'}
    ///   revocations: {store: shared}
    /// "#)
    /// .register_shared("memory", |_| {
    ///     Box::pin(async { Ok(Arc::new(MemorySharedState::new()) as Arc<dyn SharedState>) })
    /// })
    /// .register_revocations("memory", |_| {
    ///     Box::pin(async { Ok(Arc::new(MemoryRevocationStore::new()?) as Arc<dyn RevocationStore>) })
    /// })
    /// .build()?;
    /// setup.open().await?; // the list is read
    /// assert_eq!(setup.summary().revocations(), Some("shared"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn register_revocations(
        mut self,
        scheme: &str,
        opener: impl Fn(SharedUrl) -> RevocationStoreFuture<Arc<dyn RevocationStore>>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        let stores = self.registry.revocation_stores;
        self.registry.revocation_stores = stores.register(scheme, opener);
        self
    }
}

impl AuthSetup {
    /// The revocations that the document turns on (`auth.revocations`), to revoke with: for
    /// `KeyApi::with_revocations`, and for a program's own "log out everywhere".
    ///
    /// It may be kept: what a reload changes about the revocations holds for it too. For a block that a
    /// reload adds for the first time, there is
    /// [`ReloadHandle::revocations`](super::ReloadHandle::revocations).
    ///
    /// # Example
    ///
    /// ```
    /// use std::sync::Arc;
    /// use tower_auth::{
    ///     config::AuthConfig,
    ///     keys::{KeyStore, MemoryKeyStore, Revocation},
    /// };
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let setup = AuthConfig::from_yaml(r#"
    /// auth:
    ///   key_store: {url: 'memory:', prefix: sk_live}
    ///   revocations: {max_token_lifetime_seconds: 3600}
    /// "#)
    /// .register_key_store("memory", |_| {
    ///     Box::pin(async { Ok(Arc::new(MemoryKeyStore::new()?) as Arc<dyn KeyStore>) })
    /// })
    /// .build()?;
    /// let revocations = setup.revocations().expect("the document turns them on");
    /// let token = Revocation::token("https://issuer.example", "7f03");
    /// revocations.as_operator("ada").revoke(token).await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn revocations(&self) -> Option<Revocations> {
        let kept = self.built.kept.revocations.as_ref()?;
        Some(kept.revocations.clone())
    }
}
