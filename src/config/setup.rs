//! The pieces that a configuration came to.

use std::{fmt, sync::Arc};

use super::{AuthConfig, ConfigSummary, assemble::Built, source::FileDigest};
use crate::{
    auth::layer::AuthLayer, authorize::Authorizer, log::TARGET, provider::AuthProvider,
    webhook::WebhookRoutes,
};

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
    pub(super) files: Vec<FileDigest>,
}

impl AuthSetup {
    pub(super) fn new(config: AuthConfig, built: Built, files: Vec<FileDigest>) -> Self {
        Self {
            config,
            built,
            files,
        }
    }

    /// The provider, or chain of providers; none where every caller is let in.
    pub fn provider(&self) -> Option<Arc<dyn AuthProvider>> {
        self.built.provider.clone()
    }

    /// The authorizer that the document names.
    pub fn authorizer(&self) -> Option<Arc<dyn Authorizer>> {
        let named = self.built.authorizer.as_ref()?;
        Some(Arc::clone(&named.authorizer))
    }

    pub(super) fn has_webhooks(&self) -> bool {
        !self.built.summary.webhooks().is_empty()
    }

    /// What the configuration came to, in words.
    pub fn summary(&self) -> &ConfigSummary {
        &self.built.summary
    }

    /// The layer, for a document without webhooks. What the configuration came to is written to the
    /// log.
    ///
    /// Where the document has webhooks, every request to their paths is refused, and the log says so:
    /// take [`into_layers`](Self::into_layers).
    pub fn into_layer(self) -> AuthLayer {
        self.log();
        self.miss_webhooks();
        self.built.layer
    }

    /// The layer, and the routes of the document's webhooks to put around it. What the configuration
    /// came to is written to the log.
    ///
    /// Where the document names no webhook, every request passes the routes untouched.
    ///
    /// # Example
    ///
    /// ```
    /// use axum::{Extension, Router, routing::post};
    /// use tower_auth::{AuthContext, Message, config::AuthConfig};
    ///
    /// async fn update(caller: AuthContext, Extension(message): Extension<Message>) -> String {
    ///     format!("user {} in chat {:?}", caller.user_id(), message.chat_id())
    /// }
    ///
    /// let (callers, webhooks) = AuthConfig::from_yaml(r#"
    /// auth:
    ///   api_keys: [{name: ada, key: sk-live-9f}]
    ///   webhooks:
    ///     - path: /hooks/telegram
    ///       scheme: telegram
    ///       secret: ${TELEGRAM_SECRET}
    ///       allow: {user_ids: [42]}
    /// "#)
    /// .with_env([("TELEGRAM_SECRET", "tg_Secret-1234567")])
    /// .build()?
    /// .into_layers();
    ///
    /// let app: Router = Router::new()
    ///     .route("/hooks/telegram", post(update))
    ///     .layer(callers)
    ///     .layer(webhooks); // around it
    /// # let _ = app;
    /// # Ok::<(), tower_auth::config::ConfigFaults>(())
    /// ```
    pub fn into_layers(self) -> (AuthLayer, WebhookRoutes) {
        self.log();
        (self.built.layer, self.built.webhooks)
    }

    pub(super) fn log(&self) {
        self.built.summary.log();
    }

    pub(super) fn miss_webhooks(&self) {
        if self.has_webhooks() {
            tracing::error!(
                target: TARGET,
                source = %self.config.source.name(),
                "webhooks are configured, and the program takes the layer alone: every delivery to \
                 them is refused; let it take both layers (`AuthSetup::into_layers`)"
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
