//! Servers of the Model Context Protocol (MCP, revision 2026-07-28, and the earlier ones over HTTP).
//!
//! Three lines go around a server, such as one of the `rmcp` crate: the [`ProtectedResource`] says what the server is
//! called on the internet, so that clients find out where tokens come from; an [`AuthLayer`](crate::AuthLayer) asks
//! who is calling, by token or by API key; and an [`McpLayer`] judges every message: who may call which tool.
//!
//! ```
//! use axum::{Router, routing::post};
//! use tower_auth::{AuthLayer, mcp::{McpLayer, ProtectedResource}, provider::JwtAuth};
//!
//! # let rmcp_service = post(|| async { "the server" });
//! # let secret = "an example secret of 32 bytes …";
//! let resource = ProtectedResource::new("https://api.example.com/mcp")?
//!     .with_authorization_server("https://issuer.example.com")?
//!     .with_scopes_supported(["agents:read", "agents:deploy"]);
//! let tokens = JwtAuth::hs256(secret)?.with_audience(resource.audience());
//!
//! let app: Router = Router::new()
//!     .route_service("/mcp", rmcp_service)
//!     .layer(McpLayer::new(&resource).open_tool("echo").tool("deploy", ["agents:deploy"]))
//!     .layer(AuthLayer::new(tokens).protected_resource(&resource)); // outside: it runs first
//! # let _ = app;
//! # Ok::<(), tower_auth::ConfigError>(())
//! ```
//!
//! # What is answered
//!
//! | request | answer |
//! |---|---|
//! | `/.well-known/oauth-protected-resource`, with and without the path of the endpoint | the metadata, to anybody |
//! | without a credential, or with a wrong one | 401; the challenge names the metadata |
//! | of a caller who lacks scopes | 403 `insufficient_scope`; the challenge names all that are needed |
//! | for a tool, a resource or a prompt that no rule allows | 403 `forbidden` |
//! | with a method that no rule knows | JSON-RPC error -32601 |
//! | with headers that differ from the body | 400, JSON-RPC error -32020 |
//! | with a body that readers could read in two ways | 400, JSON-RPC error -32700 or -32600 |
//! | of another protocol version | 400, JSON-RPC error -32022 |
//! | of a page whose origin is not listed | 403 `cross_origin` |
//! | with a token in its query | 400 `invalid_request` |
//! | with a body that is too long | 413 `payload_too_large` |
//!
//! # How a message is read
//!
//! The body decides; a header only has to agree with it. The body is read once, within bounds, and handed on byte for
//! byte; answers stay streams. A message is refused where two of the libraries behind such a layer could read it
//! differently: doubled members, members that differ by case, encodings other than UTF-8, compressed bodies, content
//! types of another character set. A batch, which versions before 2026-07-28 have, needs what all of its parts need.
//!
//! A client's answer to a request of the server, the stream that `GET` opens and the `DELETE` that ends a session
//! need the scopes of a session ([`ProtectedResource::require_scopes`]), as every message does. A WebSocket is
//! refused: nobody would see the messages in it.
//!
//! # What a server lists
//!
//! `tools/list` is the server's answer, and most often a stream of events that this layer does not take apart. A
//! server that shows each caller only what that caller may use asks [`McpLayer::may_use_tool`] for every tool. The
//! caller is an [`AuthContext`](crate::AuthContext) in the request's extensions: in `rmcp`, in those of
//! `Extension<http::request::Parts>`.

mod core;
mod fault;
mod gate;
mod headers;
mod layer;
mod layer_rules;
mod message;
mod permission;
mod resource;
mod rules;

pub use self::{
    gate::{McpGate, McpService, ResponseFuture},
    layer::McpLayer,
    resource::ProtectedResource,
    rules::{McpItem, McpNeed},
};
pub use crate::reading::RestoredBody;
