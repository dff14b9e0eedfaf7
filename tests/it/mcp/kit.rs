//! A server that answers with the body it got, and callers with the scopes that their keys name.

use std::fmt::Write;

use axum::{Router, body::Body, extract::Request, routing::any};
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use tower_auth::{
    AuthLayer,
    mcp::{McpLayer, ProtectedResource},
    provider::{ApiKeyAuth, ApiKeyRecord},
};

use super::common::answer::{Answer, send};

pub const URL: &str = "https://api.example.com/mcp";
pub const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

pub fn resource() -> ProtectedResource {
    ProtectedResource::new(URL)
        .unwrap()
        .with_authorization_server("https://issuer.example.com")
        .unwrap()
        .with_scopes_supported(["agents:read", "agents:deploy"])
}

/// The rules of most tests.
pub fn layer() -> McpLayer {
    McpLayer::new(&resource())
        .open_tool("echo")
        .tool("deploy", ["agents:deploy"])
        .tool_prefix("admin_", ["admin"])
        .resource_prefix("docs://", ["docs:read"])
        .open_resource("about://server")
        .prompt("review", ["review"])
}

/// The keys are the scopes: `key-of:agents:deploy`, with `+` between several.
pub fn keys() -> ApiKeyAuth {
    let of = |scopes: &str| {
        ApiKeyRecord::new(format!("with {scopes}"), key(scopes))
            .unwrap()
            .with_scopes(scopes.split('+').filter(|scope| !scope.is_empty()))
    };
    let all = [
        "",
        "admin",
        "agents",
        "agents:deploy",
        "agents:read",
        "agents:deploy+admin+docs:read",
        "docs:read",
        "review",
    ];
    ApiKeyAuth::new(all.map(of)).unwrap()
}

pub fn key(scopes: &str) -> String {
    format!("an example key of a caller with:{scopes}")
}

pub async fn witness(request: Request) -> Vec<u8> {
    axum::body::to_bytes(request.into_body(), usize::MAX)
        .await
        .unwrap()
        .to_vec()
}

/// The server at `/mcp`, within both layers.
pub fn app(layer: McpLayer) -> Router {
    Router::new()
        .route("/mcp", any(witness))
        .layer(layer)
        .layer(AuthLayer::new(keys()).protected_resource(&resource()))
}

/// A message of a caller with these scopes.
#[derive(Clone, Debug)]
pub struct Sent {
    pub method: &'static str,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

pub fn post(scopes: &str, body: impl Into<Vec<u8>>) -> Sent {
    Sent {
        method: "POST",
        target: "/mcp".to_owned(),
        headers: vec![
            ("content-type".into(), "application/json".into()),
            ("x-api-key".into(), key(scopes)),
        ],
        body: body.into(),
    }
}

impl Sent {
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self
    }

    pub fn to(mut self, method: &'static str, target: &str) -> Self {
        self.method = method;
        self.target = target.into();
        self
    }

    pub fn request(self) -> Request {
        let mut request = Request::builder().method(self.method).uri(self.target);
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        request.body(Body::from(self.body)).unwrap()
    }

    pub async fn ask(self, app: &Router) -> Answer {
        send(app, self.request()).await
    }

    pub async fn status(self, app: &Router) -> StatusCode {
        self.ask(app).await.status
    }
}

/// The status of the answer to a message of a caller with these scopes.
pub async fn status(layer: &McpLayer, scopes: &str, body: &str) -> u16 {
    let status = post(scopes, body).status(&app(layer.clone())).await;
    status.as_u16()
}

/// A call of a tool.
pub fn call(tool: &str) -> String {
    message(
        "tools/call",
        &format!(r#"{{"name":"{tool}","arguments":{{}}}}"#),
    )
}

pub fn message(method: &str, params: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#)
}

/// The only challenge of a refusal.
pub fn challenge(headers: &HeaderMap) -> &str {
    headers["www-authenticate"].to_str().unwrap()
}

/// The code of a JSON-RPC error.
pub fn rpc_code(answer: &Answer) -> i64 {
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    body["error"]["code"].as_i64().unwrap_or_else(|| {
        let mut text = String::new();
        write!(text, "{} {body}", answer.status).unwrap();
        panic!("{text}")
    })
}
