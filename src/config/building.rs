//! What is made of a configuration, and of the setup that it came to.

use super::{
    AuthConfig, AuthSetup, ConfigFaults, ReloadHandle, ReloadLayer,
    assemble::assemble,
    fault::{Faults, Place},
    node::At,
    reload::HasWebhookRoutes,
};
use crate::{auth::layer::AuthLayer, error::ConfigErrorKind, webhook::WebhookRoutes};

impl AuthConfig {
    /// Reads the configuration and makes a layer of it. What it came to is in the log.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it; or it names an authorizer or webhooks, which a layer alone
    /// would leave out: [`build`](Self::build) gives them.
    pub fn into_layer(self) -> Result<AuthLayer, ConfigFaults> {
        Ok(self.build_alone()?.into_layer())
    }

    /// Reads the configuration and makes a layer whose rules can be replaced while it serves.
    ///
    /// # Errors
    ///
    /// As [`into_layer`](Self::into_layer).
    pub fn into_reload_layer(self) -> Result<(ReloadLayer, ReloadHandle), ConfigFaults> {
        Ok(self.build_alone()?.into_reload_layer())
    }

    /// Reads the configuration and makes everything that it says.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it.
    pub fn build(self) -> Result<AuthSetup, ConfigFaults> {
        let mut files = Vec::new();
        let built = assemble(&self, None, &mut files)?;
        Ok(AuthSetup::new(self, built, files))
    }

    fn build_alone(self) -> Result<AuthSetup, ConfigFaults> {
        let setup = self.build()?;
        let mut faults = Faults::of(setup.config.source.name());
        if setup.authorizer().is_some() {
            let place = Place::new("authorization", At::File);
            let message = "an authorizer is named, and this program has no place for it: leave it \
                           out, or let the program take it from `AuthConfig::build`";
            faults.add(ConfigErrorKind::Conflict, &place, message);
        }
        if setup.has_webhooks() {
            faults.add_homeless_webhooks();
        }
        if setup.built.mcp.is_some() {
            faults.add_homeless_mcp();
        }
        match faults.len() {
            0 => Ok(setup),
            _ => faults.finish(None),
        }
    }
}

impl AuthSetup {
    /// A layer whose rules can be replaced while it serves, for documents without webhooks. What the
    /// configuration came to is written to the log.
    ///
    /// Where the document has webhooks, every request to their paths is refused, and the log says so;
    /// where a later one has, that is a fault: take [`into_reload_layers`](Self::into_reload_layers).
    pub fn into_reload_layer(mut self) -> (ReloadLayer, ReloadHandle) {
        self.log();
        self.close_without_mcp();
        self.miss_webhooks();
        let (layer, _, handle) = ReloadHandle::new(self, HasWebhookRoutes::No);
        (layer, handle)
    }

    /// A layer whose rules can be replaced while it serves, the routes to put around it, whose
    /// webhooks are replaced with them, and the handle for both. What the configuration came to is
    /// written to the log.
    ///
    /// # Example
    ///
    /// ```
    /// use axum::{Router, routing::get};
    /// use tower_auth::{AuthContext, config::AuthConfig};
    ///
    /// # let file = std::env::temp_dir().join(format!("tower-auth-doc3-{}.yaml", std::process::id()));
    /// # std::fs::write(&file, "auth: {api_keys: [{name: ada, key: sk-live-9f}]}").unwrap();
    /// let (callers, webhooks, handle) = AuthConfig::from_file(&file).build()?.into_reload_layers();
    /// let app: Router = Router::new()
    ///     .route("/whoami", get(async |caller: AuthContext| caller.user_id().to_owned()))
    ///     .layer(callers)
    ///     .layer(webhooks); // around it
    /// # let _ = (app, handle.summary());
    /// # std::fs::remove_file(&file).unwrap();
    /// # Ok::<(), tower_auth::config::ConfigFaults>(())
    /// ```
    pub fn into_reload_layers(mut self) -> (ReloadLayer, WebhookRoutes, ReloadHandle) {
        self.log();
        self.close_without_mcp();
        ReloadHandle::new(self, HasWebhookRoutes::Yes)
    }
}
