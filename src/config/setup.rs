//! The pieces that a configuration came to.

use std::{fmt, sync::Arc};

use super::{AuthConfig, ConfigSummary, ReloadHandle, ReloadLayer, build::Built, source::Seen};
use crate::{AuthLayer, authorize::Authorizer, provider::AuthProvider};

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
}

impl AuthSetup {
    /// The provider, or chain of providers; none where every caller is let in.
    pub fn provider(&self) -> Option<Arc<dyn AuthProvider>> {
        self.built.provider.clone()
    }

    /// The authorizer that the document names.
    pub fn authorizer(&self) -> Option<Arc<dyn Authorizer>> {
        let (_, authorizer) = self.built.authorizer.as_ref()?;
        Some(Arc::clone(authorizer))
    }

    /// What the configuration came to, in words.
    pub fn summary(&self) -> &ConfigSummary {
        &self.built.summary
    }

    /// The layer. What the configuration came to is written to the log.
    pub fn into_layer(self) -> AuthLayer {
        self.built.summary.log();
        self.built.layer
    }

    /// A layer whose rules can be replaced while it serves. What the configuration came to is
    /// written to the log.
    pub fn into_reload_layer(self) -> (ReloadLayer, ReloadHandle) {
        self.built.summary.log();
        ReloadHandle::new(self)
    }
}

impl fmt::Debug for AuthSetup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthSetup")
            .field("summary", &self.built.summary)
            .finish_non_exhaustive()
    }
}
