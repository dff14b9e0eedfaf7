//! The managed keys that a document names: what opens their store, and who administers them.

use std::sync::Arc;

use super::{AuthConfig, AuthSetup};
use crate::keys::{KeyStore, KeyStoreFuture, KeyStoreUrl, ManagedKeys};

impl AuthConfig {
    /// Registers what opens the key stores of a scheme, for the block `key_store` of a document: see
    /// [`KeyStores::register`](crate::keys::KeyStores::register).
    ///
    /// # Example
    ///
    /// ```
    /// use std::sync::Arc;
    /// use tower_auth::{
    ///     config::AuthConfig,
    ///     keys::{KeyRequest, KeyStore, MemoryKeyStore},
    /// };
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let setup = AuthConfig::from_yaml("auth: {key_store: {url: 'memory:', prefix: sk_live}}")
    ///     // yours: .register_key_store("sqlite", tower_auth_sqlite::open_url)
    ///     .register_key_store("memory", |_| {
    ///         Box::pin(async { Ok(Arc::new(MemoryKeyStore::new()?) as Arc<dyn KeyStore>) })
    ///     })
    ///     .build()?;
    /// setup.open().await?; // the store answers, and its keys are read
    ///
    /// let keys = setup.managed_keys().expect("the document names a store");
    /// let made = keys.as_operator("ada").create(KeyRequest::new("ci")).await?;
    /// assert!(made.secret().is_some_and(|key| key.expose().starts_with("sk_live_")));
    /// let layer = setup.into_layer();
    /// # let _ = layer;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn register_key_store(
        mut self,
        scheme: &str,
        opener: impl Fn(KeyStoreUrl) -> KeyStoreFuture<Arc<dyn KeyStore>> + Send + Sync + 'static,
    ) -> Self {
        self.registry.key_stores = self.registry.key_stores.register(scheme, opener);
        self
    }
}

impl AuthSetup {
    /// The managed keys that the document names, to administer them: see
    /// [`register_key_store`](AuthConfig::register_key_store).
    ///
    /// It may be kept: what a reload changes about the keys holds for it too, also where a file between
    /// has no `key_store`. For a block that a reload adds for the first time, there is
    /// [`ReloadHandle::managed_keys`](super::ReloadHandle::managed_keys).
    pub fn managed_keys(&self) -> Option<ManagedKeys> {
        let kept = self.built.kept.managed_keys.as_ref()?;
        Some(kept.keys.clone())
    }
}
