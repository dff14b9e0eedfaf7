//! The revocations that a document turns on.

use super::AuthSetup;
use crate::revocations::Revocations;

impl AuthSetup {
    /// The revocations that the document turns on (`auth.revocations`), to revoke with: for
    /// `KeyApi::with_revocations`, and for a program's own "log out everywhere".
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
