//! The pieces that a configuration came to.

use std::{fmt, sync::Arc};

use super::{
    AuthConfig, ConfigSummary,
    assemble::{Built, McpServer},
    shape::mcp::Mcp,
    source::FileDigest,
};
use crate::{
    auth::layer::AuthLayer,
    authorize::Authorizer,
    error::AuthError,
    log::TARGET,
    mcp::McpLayer,
    provider::{AuthProvider, provider_fn},
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
    /// The MCP server whose layer was taken.
    pub(super) mcp: Option<Mcp>,
}

impl AuthSetup {
    pub(super) fn new(config: AuthConfig, built: Built, files: Vec<FileDigest>) -> Self {
        Self {
            config,
            built,
            files,
            mcp: None,
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
    pub fn into_layer(mut self) -> AuthLayer {
        self.log();
        self.close_without_mcp();
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
    pub fn into_layers(mut self) -> (AuthLayer, WebhookRoutes) {
        self.log();
        self.close_without_mcp();
        (self.built.layer, self.built.webhooks)
    }

    /// Takes the layer of the MCP server that the document describes, to put around the endpoint.
    ///
    /// Where the document describes one and nobody takes it, the other layers refuse every request, and the log says
    /// so: without it, every caller could use every tool. A later file may not change the block; that takes a
    /// restart.
    ///
    /// # Example
    ///
    /// ```
    /// use axum::{Router, routing::{get, post}};
    /// use tower_auth::config::AuthConfig;
    ///
    /// let mut setup = AuthConfig::from_yaml(r#"
    /// auth:
    ///   api_keys: [{name: ada, key: sk-live-9f, scopes: [agents:deploy]}]
    ///   mcp:
    ///     resource: https://api.example.com/mcp
    ///     authorization_servers: [https://issuer.example.com]
    ///     scopes_supported: [agents:read, agents:deploy]
    ///     tools: {echo: any_caller, deploy: [agents:deploy], "admin_*": [admin]}
    ///     origins: [https://app.example.com]
    /// "#)
    /// .build()?;
    ///
    /// let mut app: Router = Router::new().route("/mcp", post(|| async { "the server" }));
    /// if let Some(mcp) = setup.take_mcp() {
    ///     app = app.layer(mcp);
    /// }
    /// let app = app.layer(setup.into_layer()); // around it
    /// # let _ = app;
    /// # Ok::<(), tower_auth::config::ConfigFaults>(())
    /// ```
    pub fn take_mcp(&mut self) -> Option<McpLayer> {
        let McpServer { block, layer } = self.built.mcp.take()?;
        self.mcp = Some(block);
        Some(layer)
    }

    /// Closes for everybody where an MCP server is described and its rules stand nowhere.
    pub(super) fn close_without_mcp(&mut self) {
        if self.built.mcp.is_none() {
            return;
        }
        tracing::error!(
            target: TARGET,
            source = %self.config.source.name(),
            "an MCP server is configured, and the program does not take its layer: every request is \
             refused; let it take the layer (`AuthSetup::take_mcp`)"
        );
        let nobody = provider_fn(|_| {
            Err(AuthError::unavailable(
                "the rules of the MCP server stand nowhere",
            ))
        });
        self.built.layer = AuthLayer::new(nobody.with_credentials([]));
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
