//! The setting of a layer for a protected resource.

use super::{layer::AuthLayer, resource::Resource};
use crate::mcp::ProtectedResource;

impl AuthLayer {
    /// Puts the layer before a protected resource: an MCP server.
    ///
    /// The layer answers the resource's metadata (RFC 9728) at its well-known paths, to anybody; and its Bearer
    /// challenges name them, so that a client without a token finds the authorization server. Put the layer
    /// where requests for `/.well-known/…` reach it: around the outermost router.
    ///
    /// A credential in the query is refused then, also where a provider reads it there.
    ///
    /// # Security
    ///
    /// Tokens must be for this resource (RFC 8707): name its [`audience`](ProtectedResource::audience) to each
    /// provider of tokens. Where a [`JwtAuth`](crate::provider::JwtAuth) or an introspection names none, or a
    /// provider cannot check it, the layer logs a warning when it is built: a token that somebody got for another
    /// service may be accepted.
    ///
    /// # Example
    ///
    /// ```
    /// use axum::{Router, routing::post};
    /// use tower_auth::{AuthLayer, mcp::{McpLayer, ProtectedResource}, provider::JwtAuth};
    ///
    /// let resource = ProtectedResource::new("https://api.example.com/mcp")?
    ///     .with_authorization_server("https://issuer.example.com")?;
    /// # let secret = "an example secret of 32 bytes …";
    /// let tokens = JwtAuth::hs256(secret)?.with_audience(resource.audience());
    /// let app: Router = Router::new()
    ///     .route("/mcp", post(|| async { "the server" }))
    ///     .layer(McpLayer::new(&resource).tool("deploy", ["agents:deploy"]))
    ///     .layer(AuthLayer::new(tokens).protected_resource(&resource));
    /// # let _ = app;
    /// # Ok::<(), tower_auth::ConfigError>(())
    /// ```
    #[must_use]
    pub fn protected_resource(self, resource: &ProtectedResource) -> Self {
        self.edit(|core| {
            core.set_realm(resource.realm(core.realm.clone()));
            core.resource = Resource::of(resource);
            core.resource.warn_of(&core.principals);
        })
    }
}
