//! The pieces that a configuration came to.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{
    AuthConfig, ConfigSummary, ReloadHandle, ReloadLayer, WebhooksLayer, build::Built, source::Seen,
};
use crate::{auth::layer::AuthLayer, authorize::Authorizer, log::TARGET, provider::AuthProvider};

/// What a configuration came to, in pieces: made by [`AuthConfig::build`].
///
/// # Example
///
/// ```
/// use axum::{Router, routing::post};
/// use tower_auth::{authorize::{Policy, by_scope}, config::AuthConfig};
///
/// let setup = AuthConfig::from_yaml(r#"
/// auth: {api_keys: [{name: ada, key: sk-live-9f, scopes: [graph:invoke]}]}
/// authorization: scopes
/// "#)
/// .with_authorizer("scopes", by_scope())
/// .build()?;
///
/// let mut app: Router = Router::new().route("/run", post(|| async { "ran" }));
/// if let Some(authorizer) = setup.authorizer() {
///     app = app.layer(Policy::new(authorizer).rule("/run", "graph", "invoke"));
/// }
/// let app = app.layer(setup.into_layer());
/// # let _ = app;
/// # Ok::<(), tower_auth::config::ConfigFaults>(())
/// ```
pub struct AuthSetup {
    pub(super) config: AuthConfig,
    pub(super) built: Built,
    pub(super) seen: Vec<Seen>,
    pub(super) webhooks: WebhooksLayer,
    webhooks_are_taken: AtomicBool,
}

impl AuthSetup {
    pub(super) fn new(config: AuthConfig, built: Built, seen: Vec<Seen>) -> Self {
        Self {
            webhooks: WebhooksLayer::new(built.webhooks.clone()),
            webhooks_are_taken: AtomicBool::new(false),
            config,
            built,
            seen,
        }
    }

    /// The provider, or chain of providers; none where every caller is let in.
    pub fn provider(&self) -> Option<Arc<dyn AuthProvider>> {
        self.built.provider.clone()
    }

    /// The authorizer that the document names.
    pub fn authorizer(&self) -> Option<Arc<dyn Authorizer>> {
        let (_, authorizer) = self.built.authorizer.as_ref()?;
        Some(Arc::clone(authorizer))
    }

    /// The layer that proves deliveries to the webhooks of the document, to be put around the
    /// other one: see there. Where the document names none, everything passes it untouched.
    ///
    /// A program that reloads its file and never took this cannot be given webhooks by another
    /// file: that is a fault then.
    pub fn webhooks(&self) -> WebhooksLayer {
        self.webhooks_are_taken.store(true, Ordering::Relaxed);
        self.webhooks.clone()
    }

    pub(super) fn has_webhooks(&self) -> bool {
        !self.built.webhooks.is_empty()
    }

    pub(super) fn has_place_for_webhooks(&self) -> bool {
        self.webhooks_are_taken.load(Ordering::Relaxed)
    }

    /// What the configuration came to, in words.
    pub fn summary(&self) -> &ConfigSummary {
        &self.built.summary
    }

    /// The layer. What the configuration came to is written to the log.
    pub fn into_layer(self) -> AuthLayer {
        self.log();
        self.built.layer
    }

    /// A layer whose rules can be replaced while it serves. What the configuration came to is
    /// written to the log.
    pub fn into_reload_layer(self) -> (ReloadLayer, ReloadHandle) {
        self.log();
        ReloadHandle::new(self)
    }

    fn log(&self) {
        self.built.summary.log();
        if self.has_webhooks() && !self.has_place_for_webhooks() {
            tracing::error!(
                target: TARGET,
                source = %self.config.source.name(),
                "webhooks are configured, and the program did not take their layer from \
                 `AuthSetup::webhooks`: every delivery to them is refused"
            );
        }
    }
}

impl fmt::Debug for AuthSetup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthSetup")
            .field("summary", &self.built.summary)
            .finish_non_exhaustive()
    }
}
