//! A server on `rmcp` within both layers, with one tool that says who calls.

use std::sync::Arc;

use axum::{Router, body::Body, extract::Request, http::request::Parts};
use http::{Response, header};
use http_body_util::BodyExt;
use rmcp::{
    ServerHandler,
    handler::server::tool::Extension,
    tool, tool_handler, tool_router,
    transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService, session::local::LocalSessionManager,
    },
};
use serde_json::{Value, json};
use tower::ServiceExt;
use tower_auth::{
    AuthContext, AuthLayer,
    mcp::{McpLayer, ProtectedResource},
    provider::{ApiKeyAuth, ApiKeyRecord},
};

#[derive(Clone)]
struct Tools;

#[tool_router]
impl Tools {
    /// Who calls
    #[tool]
    fn whoami(&self, Extension(request): Extension<Parts>) -> String {
        let caller: Option<&AuthContext> = request.extensions.get();
        caller.map_or("nobody", AuthContext::user_id).to_owned()
    }

    /// Deploys
    #[tool]
    fn deploy(&self) -> String {
        "deployed".to_owned()
    }
}

#[tool_handler]
impl ServerHandler for Tools {}

pub fn resource() -> ProtectedResource {
    ProtectedResource::new("https://api.example.com/mcp")
        .unwrap()
        .with_authorization_server("https://issuer.example.com")
        .unwrap()
}

/// The rules of most tests.
pub fn layer() -> McpLayer {
    McpLayer::new(&resource())
        .open_tool("whoami")
        .tool("deploy", ["agents:deploy"])
}

/// The settings of `rmcp` for a server that is reached under its public name.
pub fn settings() -> StreamableHttpServerConfig {
    StreamableHttpServerConfig::default().with_allowed_hosts(["api.example.com"])
}

/// Callers `ada` and `bob`: their keys are `a key of ada` and so on. Ada may deploy.
pub fn app(layer: McpLayer, settings: StreamableHttpServerConfig) -> Router {
    let key = |name: &str, scopes: &[&str]| {
        let record = ApiKeyRecord::new(name, format!("a key of {name}")).unwrap();
        record.with_scopes(scopes)
    };
    let keys = ApiKeyAuth::new([key("ada", &["agents:deploy"]), key("bob", &[])]).unwrap();
    let sessions = Arc::new(LocalSessionManager::default());
    let server = StreamableHttpService::new(|| Ok(Tools), sessions, settings);
    Router::new()
        .route_service("/mcp", server)
        .layer(layer)
        .layer(AuthLayer::new(keys).protected_resource(&resource()))
}

/// A request of a caller, as an MCP client sends it.
pub fn request(method: &str, caller: &str, headers: &[(&str, &str)], body: &str) -> Request {
    let mut request = Request::builder()
        .method(method)
        .uri("/mcp")
        .header(header::ACCEPT, "application/json, text/event-stream")
        .header(header::CONTENT_TYPE, "application/json");
    if !headers.iter().any(|(name, _)| *name == "host") {
        request = request.header(header::HOST, "api.example.com");
    }
    if !caller.is_empty() {
        request = request.header("x-api-key", format!("a key of {caller}"));
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::from(body.to_owned())).unwrap()
}

pub async fn ask(app: &Router, request: Request) -> Response<Body> {
    app.clone().oneshot(request).await.unwrap()
}

/// The text of an answer that ends.
pub async fn text(answer: Response<Body>) -> String {
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(body.to_vec()).unwrap()
}

/// The message in an answer that is a stream of events, or JSON.
pub async fn message(answer: Response<Body>) -> Value {
    let said = text(answer).await;
    let mut lines = said
        .lines()
        .map(|line| line.trim_start_matches("data:").trim());
    let json = lines.find(|line| line.starts_with('{'));
    let json = json.unwrap_or_else(|| panic!("a message in {said:?}"));
    serde_json::from_str(json).unwrap()
}

pub fn initialize(version: &str) -> String {
    json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "test", "version": "1"},
    }})
    .to_string()
}

pub const INITIALIZED: &str = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;

pub fn call(tool: &str) -> String {
    json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": tool, "arguments": {}}})
        .to_string()
}

/// A call as the version 2026-07-28 has it: by itself, its headers saying what its body says.
pub fn lone_call(tool: &str) -> String {
    json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {
        "name": tool,
        "arguments": {},
        "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        },
    }})
    .to_string()
}

pub fn lone_headers(tool: &str) -> [(&str, &str); 3] {
    [
        ("mcp-protocol-version", "2026-07-28"),
        ("mcp-method", "tools/call"),
        ("mcp-name", tool),
    ]
}
