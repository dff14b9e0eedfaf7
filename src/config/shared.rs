//! The state that several processes share, as a document names it.

use super::{AuthConfig, AuthSetup};
use crate::shared::{SharedCounts, SharedStateFuture, SharedUrl};

impl AuthConfig {
    /// Registers what opens the shared states of a scheme, for the block `shared` of a document: see
    /// [`SharedStates::register`](crate::shared::SharedStates::register).
    ///
    /// # Example
    ///
    /// ```
    /// use std::sync::Arc;
    /// use tower_auth::{config::AuthConfig, shared::{MemorySharedState, SharedState}};
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let setup = AuthConfig::from_yaml(r#"
    /// auth:
    ///   api_keys: [{name: ada, key: sk-live-9f03a51d}]
    ///   throttle: {attempts: {quota: 30 per minute}}
    ///   shared: {url: 'memory:'}
    /// "#)
    /// .register_shared("memory", |_| {
    ///     Box::pin(async { Ok(Arc::new(MemorySharedState::new()) as Arc<dyn SharedState>) })
    /// })
    /// .build()?;
    /// setup.open().await?; // the state answers
    /// assert!(setup.shared_counts().is_some_and(|shared| !shared.is_away()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn register_shared(
        mut self,
        scheme: &str,
        opener: impl Fn(SharedUrl) -> SharedStateFuture + Send + Sync + 'static,
    ) -> Self {
        self.registry.shared_states = self.registry.shared_states.register(scheme, opener);
        self
    }
}

impl AuthSetup {
    /// What the limits of the document count in, where it names a shared state: for further limits of the
    /// program, and for its metrics. See [`register_shared`](AuthConfig::register_shared).
    pub fn shared_counts(&self) -> Option<SharedCounts> {
        let kept = self.built.kept.shared.as_ref()?;
        Some(kept.counts.clone())
    }
}
