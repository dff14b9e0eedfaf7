//! What a program administers by the file that holds now: managed keys and revocations.

use super::ReloadHandle;
use crate::{keys::ManagedKeys, revocations::Revocations};

impl ReloadHandle {
    /// The managed keys that the configuration names which holds now, to administer them; none where it
    /// names no key store.
    ///
    /// It is for a block `key_store` that a reload may add. Where the first file has the block,
    /// [`AuthSetup::managed_keys`](crate::config::AuthSetup::managed_keys) is the same keys. The value
    /// may be kept: what later files say about the keys holds for it too. After a file without the
    /// block its keys are refused, and the value still administers them.
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
    /// # let file = std::env::temp_dir().join(format!("tower-auth-keys-{}.yaml", std::process::id()));
    /// # std::fs::write(&file, "auth: {api_keys: [{name: ada, key: sk-live-9f}]}").unwrap();
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (layer, handle) = AuthConfig::from_file(&file)
    ///     .register_key_store("memory", |_| {
    ///         Box::pin(async { Ok(Arc::new(MemoryKeyStore::new()?) as Arc<dyn KeyStore>) })
    ///     })
    ///     .into_reload_layer()?;
    /// assert!(handle.managed_keys().is_none());
    ///
    /// std::fs::write(&file, "auth: {key_store: {url: 'memory:', prefix: sk_live}}").unwrap();
    /// handle.reload()?;
    /// let keys = handle.managed_keys().expect("the file names a store now");
    /// let made = keys.as_operator("ada").create(KeyRequest::new("ci")).await?;
    /// # let _ = (layer, made);
    /// # std::fs::remove_file(&file).unwrap();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn managed_keys(&self) -> Option<ManagedKeys> {
        let state = self.0.lock();
        let kept = state.kept.managed_keys.as_ref()?;
        Some(kept.keys.clone())
    }
    /// The revocations that the configuration turns on which holds now, to revoke with; none where it turns
    /// on none.
    ///
    /// It is for a block `revocations` that a reload may add. Where the first file has the block,
    /// [`AuthSetup::revocations`](crate::config::AuthSetup::revocations) is the same list. The value may
    /// be kept: the rules of later files hold for it too, such as a raised `max_token_lifetime_seconds`
    /// for how long an entry is kept. After a file without the block nobody is asked about callers, and
    /// the value still revokes.
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
    /// # let file = std::env::temp_dir().join(format!("tower-auth-revoke-{}.yaml", std::process::id()));
    /// # std::fs::write(&file, "auth: {key_store: {url: 'memory:', prefix: sk_live}}").unwrap();
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (layer, handle) = AuthConfig::from_file(&file)
    ///     .register_key_store("memory", |_| {
    ///         Box::pin(async { Ok(Arc::new(MemoryKeyStore::new()?) as Arc<dyn KeyStore>) })
    ///     })
    ///     .into_reload_layer()?;
    /// assert!(handle.revocations().is_none());
    ///
    /// let text = "auth: {key_store: {url: 'memory:', prefix: sk_live}, revocations: {}}";
    /// std::fs::write(&file, text).unwrap();
    /// handle.reload()?;
    /// let revocations = handle.revocations().expect("the file turns them on now");
    /// let token = Revocation::token("https://issuer.example", "7f03");
    /// revocations.as_operator("ada").revoke(token).await?;
    /// # let _ = layer;
    /// # std::fs::remove_file(&file).unwrap();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn revocations(&self) -> Option<Revocations> {
        let state = self.0.lock();
        let kept = state.kept.revocations.as_ref()?;
        Some(kept.revocations.clone())
    }
}
