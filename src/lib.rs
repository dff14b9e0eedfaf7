//! Authentication and authorization for axum and any tower HTTP service.
//!
//! [`AuthLayer`] asks every request who is calling. Providers ([`provider`]) check what the caller
//! shows; the accepted caller arrives in the handler as an [`AuthContext`]. What that caller may do
//! is for [`authorize`] to say.
//!
//! ```
//! use axum::{Router, routing::{get, post}};
//! use tower_auth::{AuthContext, AuthLayer, provider::ApiKeyAuth};
//!
//! async fn run(caller: AuthContext) -> String {
//!     format!("hello {}", caller.user_id())
//! }
//!
//! let keys = ApiKeyAuth::new(["sk-live-9f03a51d8c70"])?;
//! let app: Router = Router::new()
//!     .route("/run", post(run))
//!     .route("/health", get(|| async { "ok" })) // always public
//!     .layer(AuthLayer::new(keys)); // last: it covers the routes above
//! # let _ = app;
//! # Ok::<(), tower_auth::ConfigError>(())
//! ```
//!
//! # Where the layer goes
//!
//! - Last: axum's layers do not cover routes that are added after them.
//! - Under `Router::layer` an unknown path is refused with 401; under `route_layer` it is a 404.
//!   Unknown paths below a `nest` are the outer router's, unless the nested one has a fallback of its
//!   own; of two merged routers, those of the one merged last; of `nest_service`, the service's own.
//! - Inside `CorsLayer` and `TraceLayer`: preflights are then answered without a credential, and
//!   refusals carry CORS headers and are logged. A trace layer that logs headers sees them before
//!   this layer marks them as sensitive, so put tower-http's `SetSensitiveRequestHeadersLayer`,
//!   fed by [`AuthLayer::credential_headers`], around it.
//! - WebSocket upgrades and server-sent events are requests like any other.
//!   [`AuthContext::expires_at`] lets a stream end when its credential does.
//!
//! # A single-page application
//!
//! The files of a page that runs in the browser are for everybody; what the page calls is not. No rule has to
//! open them: a fallback that is added after the layer is not covered by it.
//!
//! ```
//! use axum::{Router, http::StatusCode, routing::post};
//! use tower_auth::{AuthLayer, provider::ApiKeyAuth};
//! use tower_http::services::{ServeDir, ServeFile};
//!
//! let api = Router::new()
//!     .route("/run", post(|| async { "ran" }))
//!     .fallback(|| async { StatusCode::NOT_FOUND }); // so that /api/unknown is a 401
//! let page = ServeFile::new("dist/index.html");      // for paths that only the page knows
//! let app: Router = Router::new()
//!     .nest("/api", api)
//!     .layer(AuthLayer::new(ApiKeyAuth::new(["sk-live-9f03a51d8c70"])?))
//!     .fallback_service(ServeDir::new("dist").fallback(page)); // after the layer
//! # let _ = app;
//! # Ok::<(), tower_auth::ConfigError>(())
//! ```
//!
//! - Every route above the layer stays closed, also where the folder holds a file of that name.
//! - A nested router that has no fallback of its own leaves its unknown paths to the outer one: `/api/unknown` then
//!   answers with the page, to everybody. No handler runs, but a program that calls the API reads HTML instead of a 401.
//!   The same holds for `/api/` itself, which axum counts to no router that is nested at `/api`.
//! - Everything in the folder is public. Keep source maps and configuration out of it.
//! - Before the layer, `.fallback_service(…)` asks for a credential like everything else.
//!
//! # Three answers
//!
//! A provider answers `Ok(Some(context))`, `Ok(None)` for "no credential of mine is here", or an
//! [`AuthError`]: wrong, or could not be checked. These never become one another: an outage is a
//! 503, never a 401 and never a pass.
//!
//! # A token without a layer
//!
//! To check a token that came some other way, one call is enough. Whoever checks many keeps the
//! provider.
//!
//! ```
//! use tower_auth::{AuthContext, provider::JwtAuth};
//!
//! fn caller(secret: &str, token: &str) -> Result<AuthContext, Box<dyn std::error::Error>> {
//!     Ok(JwtAuth::hs256(secret)?.verify(token)?)
//! }
//! assert!(caller("an example secret of 32 bytes …", "no.such-token").is_err());
//! ```
//!
//! # What a caller may do
//!
//! Layers inside of the [`AuthLayer`] decide that, by scope, by role, by owner, or by one map for a
//! whole router: see [`authorize`].
//!
//! # How often a caller may ask
//!
//! [`AuthLayer::throttle_attempts`] stops whoever guesses credentials before anybody judges them, and
//! [`AuthLayer::throttle_requests`] holds callers, keys, tenants and routes to their limits. Several
//! processes count together in a [`shared`] state. See [`throttle`].
//!
//! # What the log tells
//!
//! Each decision is one [`tracing`] event of the target `tower_auth`. No event holds a secret. A text of the
//! caller is escaped and cut at 64 characters. A field is there only where it has a value; the names are
//! stable.
//!
//! | level | decisions |
//! |---|---|
//! | `error` | what could not be checked, but for a bound that callers alone reach (`info`); a layer of this crate in a wrong place |
//! | `warn` | `equal_delivery`, `no_buffer` |
//! | `info` | `refused`, `repeated`; `ended`, a response that was broken off |
//! | `debug` | `accepted`, `allowed`, `handshake` |
//! | `trace` | `public`, `anonymous`, `preflight`, `metadata`, and where a policy asks nobody `open`, `unlisted` |
//!
//! An application sees them when it has a subscriber: `tracing_subscriber::fmt::init()` shows those from `info`
//! on, and with `RUST_LOG=tower_auth=debug` who was let in too.
//!
//! | field | holds |
//! |---|---|
//! | `outcome` | `accepted`, `refused`; `allowed` for a permission; `public`, `anonymous`, `preflight`, `metadata` where nobody was asked or needed; `handshake`, `repeated`, `equal_delivery`, `no_buffer` for webhooks |
//! | `provider` | the provider or authorizer that answered |
//! | `code` | the code that the caller reads in the problem body |
//! | `reason` | why, in one word; the caller never sees it |
//! | `user_id` | the caller, where known |
//! | `key` | the name of the API key, where it is not the user id or the key was refused |
//! | `path` | the template of the route that axum chose |
//! | `request_id` | the header `x-request-id`, if it is visible ASCII characters, cut at 64; a client may have written it |
//! | `trace_id` | the trace of a well-formed `traceparent`; a client may have written it |
//! | `resource`, `action`, `scopes` | what permission was asked for |
//! | `others` | how many more things a refused request of MCP names that the caller may not use |
//! | `platform`, `chat_id`, `kind` | of a chat platform's message |
//! | `wanted`, `came`, `verified` | an issuer or audience that is another one; `verified` is false where no signature covered `came` |
//! | `error` | the causes of what could not be checked |
//!
//! For a request that shows nothing the `reason` is `missing_credential`, or tells what is odd about a header:
//! `credential_not_taken` (each provider that looks there says that it is not its: a key with another
//! prefix, say), `authorization_without_scheme` (`Authorization: <key>`),
//! `authorization_of_another_scheme` (`Token <key>`), `authorization_without_credential`,
//! `authorization_with_tab_after_scheme`, `authorization_is_not_read` (no provider looks there).
//!
//! An application is told of the same decisions as values by [`AuthLayer::on_decision`]: see [`observe`].
//!
//! A layer outside learns the decision from the response's extensions: a refusal's [`AuthError`] is
//! there always, the accepted [`AuthContext`] where [`AuthLayer::report_caller`] is set. Neither is sent
//! to the client.
//!
//! # A layer as data
//!
//! [`AuthLayer::describe`] tells the providers of a layer, where each looks for its credential, and which rule
//! decides about a path: for documentation, and for an explanation of a refusal. See [`describe`].
//!
//! # Features
//!
//! | feature | adds |
//! |---|---|
//! | `audit` | [`audit`]: a line of JSON for each decision, in a file |
//! | `axum` (default) | extractors, and path rules that know the route axum chose |
//! | `jwt` (default) | [`jose`], and the providers that stand on it |
//! | `oauth2` | the providers that ask an issuer over HTTP, on Tokio |
//! | `keys` | [`keys`]: API keys in a store that several processes share, on Tokio; with `axum` [`key_api`]: their HTTP API |
//! | `mcp` | [`mcp`]: servers of the Model Context Protocol, their metadata, and who may call which tool |
//! | `metrics` | [`metrics`]: decisions, issuers and stores as numbers, for an exporter of the application's |
//! | `openapi` | what a layer asks for, in an application's own OpenAPI document: [`describe`] |
//! | `shared` | limits that several processes count together ([`shared`]), on Tokio |
//! | `webhook` | [`webhook`]: deliveries that a platform signed, chat messages, signing one's own |
//! | `config` | [`config`]: all of it, webhooks too, from a YAML or JSON file, and changed while serving |
//! | `test-util` | [`testing`] |
//! | `full` | all of the above but `test-util` |
//!
//! Features only add, with one exception: without `axum` nobody tells this crate which route was
//! chosen, so path rules see the path that the service sees.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod access;
pub mod answer;
mod attempts;
#[cfg(feature = "audit")]
pub mod audit;
pub mod auth;
pub mod authorize;
mod body;
mod caught;
#[cfg(any(feature = "mcp", feature = "oauth2", feature = "webhook"))]
mod client_limit;
mod clock;
#[cfg(feature = "config")]
pub mod config;
mod context;
#[cfg(any(feature = "audit", feature = "config", feature = "keys"))]
mod date;
pub mod describe;
mod ended;
#[cfg(any(feature = "keys", feature = "shared"))]
mod engine;
mod error;
mod event;
#[cfg(feature = "axum")]
mod extract;
pub mod gate;
#[cfg(doctest)]
mod guides;
mod hex;
#[cfg(feature = "oauth2")]
mod issuer;
#[cfg(feature = "jwt")]
pub mod jose;
#[cfg(all(feature = "axum", feature = "keys"))]
pub mod key_api;
#[cfg(feature = "keys")]
pub mod keys;
mod log;
#[cfg(feature = "mcp")]
pub mod mcp;
#[cfg(feature = "jwt")]
mod memory;
#[cfg(feature = "metrics")]
pub mod metrics;
#[cfg(not(feature = "metrics"))]
#[path = "metrics/off.rs"]
mod metrics;
pub mod observe;
#[cfg(feature = "keys")]
mod polling;
pub mod provider;
mod proxies;
mod quota;
#[cfg(any(feature = "mcp", feature = "webhook"))]
mod reading;
mod refusal;
mod request;
mod requests;
#[cfg(feature = "keys")]
pub mod revocations;
mod scope;
mod secret;
mod seed;
pub mod shared;
#[cfg(feature = "test-util")]
pub mod testing;
pub mod throttle;
#[cfg(feature = "webhook")]
pub mod webhook;

pub use access::{Access, PathRule};
pub use auth::layer::AuthLayer;
pub use body::{CredentialEnded, EitherBody, RefusalBody, ResponseBody};
pub use clock::Clock;
pub use context::{AuthContext, ClaimError, ClaimPath, Ended, Principal};
pub use error::{AuthError, AuthErrorKind, ConfigError, ConfigErrorKind, IntoAuthError};
pub use provider::authentication::AuthResult;
pub use request::{
    AuthRequest, AuthRequestBuf, ClientAddress, Credential, CredentialSource, Message,
};
pub use scope::Scopes;
pub use secret::Secret;
