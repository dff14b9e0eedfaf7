//! The server: who may reach it, and who may call which tool.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Json, Router,
    http::{HeaderName, HeaderValue, Method, Uri, header},
    middleware::from_fn_with_state,
    routing::get,
};
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::local::LocalSessionManager,
};
use tower_auth::{
    AuthContext, AuthLayer, ConfigError, ConfigErrorKind,
    authorize::{AnyOf, any_of, by_role},
    mcp::{McpLayer, ProtectedResource},
    provider::{ApiKeyAuth, CompositeAuth, OAuth2Auth},
};
use tower_http::cors::CorsLayer;

use crate::{
    arguments::Arguments,
    sessions::{Owners, of_its_caller},
    tools::{BY_ROLE, Tools},
};

/// Where clients find it, and whose tokens open it.
pub(crate) struct Place {
    pub(crate) resource: ProtectedResource,
    pub(crate) tokens: OAuth2Auth,
}

impl Place {
    pub(crate) fn new(
        public_url: &str,
        issuer: &str,
        arguments: &Arguments,
    ) -> Result<Self, String> {
        // What the errors say besides would show the values.
        let resource = ProtectedResource::new(public_url).map_err(|_| {
            "--public-url is no address of an endpoint: write https://HOST/mcp, without a user name, \
             query or fragment; plain http is accepted on a loopback address only"
        })?;
        let resource = resource
            .with_authorization_server(issuer)
            .map_err(|_| NO_ISSUER)?
            .with_scopes_supported([READ, DEPLOY])
            // What a client asks for at first: it asks for more when a call is refused for the lack of it.
            .with_initial_scopes(READ)
            .map_err(worded)?
            .with_name("tower-auth example");
        let audience = arguments.audience.as_deref();
        let tokens = OAuth2Auth::new(issuer, audience.unwrap_or(resource.audience()));
        Ok(Self {
            tokens: tokens.map_err(|_| NO_ISSUER)?,
            resource,
        })
    }
}

/// The endpoint, and around it the two layers.
pub(crate) fn app(
    place: &Place,
    arguments: &Arguments,
    server: StreamableHttpServerConfig,
) -> Result<Router, String> {
    let sessions = Arc::new(LocalSessionManager::default());
    let owners = Owners::new(Arc::clone(&sessions));
    let tools = McpLayer::new(&place.resource)
        .open_tool("echo")
        .tool("deploy", [DEPLOY])
        .tool_by(BY_ROLE, administrators().map_err(worded)?)
        .try_origins(&arguments.origins)
        .map_err(|_| NO_ORIGIN)?;
    let listed = Tools::within(tools.clone());
    let server = StreamableHttpService::new(move || Ok(listed.clone()), sessions, server);

    let mut callers = CompositeAuth::new(place.tokens.clone());
    if !arguments.api_keys.is_empty() {
        callers = callers.or(api_keys(arguments)?);
    }
    let auth = AuthLayer::new(callers).protected_resource(&place.resource);
    let mut app = Router::new()
        .route_service("/mcp", server)
        .layer(from_fn_with_state(owners, of_its_caller))
        .layer(tools)
        .route("/whoami", get(whoami)) // no message: after the layer that judges them
        .layer(auth);
    if !arguments.origins.is_empty() {
        // Outermost, so that preflights are answered and a page can read refusals.
        app = app.layer(cors(&arguments.origins)?);
    }
    Ok(app)
}

/// Who the caller is, to see whether a credential is accepted.
async fn whoami(caller: AuthContext) -> Json<AuthContext> {
    Json(caller)
}

/// Issuers name roles in different claims.
fn administrators() -> Result<AnyOf, ConfigError> {
    let roles = by_role([(ADMIN, "tool:admin_reset:call")])?;
    Ok(any_of(roles.clone()).or(roles.with_claim("realm_access.roles")))
}

fn api_keys(arguments: &Arguments) -> Result<ApiKeyAuth, String> {
    ApiKeyAuth::new(arguments.api_keys.iter().cloned()).map_err(|error| match error.kind() {
        ConfigErrorKind::Blank => "--api-key is blank: write --api-key KEY".into(),
        ConfigErrorKind::Duplicate => {
            "--api-key gives one key twice: give it once, and every caller another".into()
        }
        _ => format!("--api-key: {error}"),
    })
}

/// The settings of `rmcp`: it refuses requests for another `Host`, so that no web page reaches a server on this
/// machine under a name of its own. A proxy in front sends the public one, or that of the server itself.
pub(crate) fn settings(public_url: &str, address: SocketAddr) -> StreamableHttpServerConfig {
    let settings = StreamableHttpServerConfig::default();
    let public = public_url.parse::<Uri>().ok();
    let public = public.as_ref().and_then(Uri::host).map(str::to_owned);
    let own = (!address.ip().is_unspecified()).then(|| address.ip().to_string());
    let hosts = settings.allowed_hosts.clone();
    settings.with_allowed_hosts(hosts.into_iter().chain(public).chain(own))
}

/// A page shows its credential itself: no cookie is read here.
fn cors(origins: &[String]) -> Result<CorsLayer, String> {
    let origins: Result<Vec<HeaderValue>, _> =
        origins.iter().map(|origin| origin.parse()).collect();
    let named = HeaderName::from_static;
    Ok(CorsLayer::new()
        .allow_origin(origins.map_err(|_| NO_ORIGIN)?)
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        .allow_headers([
            header::ACCEPT,
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            named("last-event-id"),
            named("mcp-method"),
            named("mcp-name"),
            named("mcp-protocol-version"),
            named("mcp-session-id"),
            named("x-api-key"),
        ])
        .expose_headers([header::WWW_AUTHENTICATE, named("mcp-session-id")]))
}

fn worded(error: ConfigError) -> String {
    error.to_string()
}

const READ: &str = "agents:read";
pub(crate) const DEPLOY: &str = "agents:deploy";
pub(crate) const ADMIN: &str = "admin";
const NO_ISSUER: &str = "--issuer is no address that can be asked: write https://HOST/PATH, without a \
    user name, query or fragment; plain http is accepted on a loopback address only";
const NO_ORIGIN: &str =
    "--origin is no origin: write https://HOST or https://HOST:PORT, and nothing behind it";
