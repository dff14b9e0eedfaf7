//! The decision about a tool beside that of `oauth-resource-server`: a body of 1 KiB in one frame, in a
//! `Router` of axum, for a caller who is known already.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::{Body, Bytes},
    routing::post,
};
use http::{Extensions, HeaderValue, Request, StatusCode, header};
use oauth_resource_server::{http_layer::HttpAuthLayer, mcp::McpToolScopes};
use serde_json::json;
use tower_auth::{
    AuthContext,
    jose::Algorithm,
    mcp::{McpLayer, ProtectedResource},
};
use tower_layer::Layer;

use crate::{
    call::{Head, once},
    contenders::oauth_resource_server::validator,
    credentials::Credentials,
};

/// Somebody who judges tools, or nobody.
pub struct Judge {
    /// Who does what.
    pub name: &'static str,
    router: Router,
    head: Head,
    /// What whoever checked the credential left.
    known: Extensions,
    allowed: Bytes,
    /// A call of a tool for which the caller has not the scope.
    pub refused: Bytes,
}

impl std::fmt::Debug for Judge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Judge").field(&self.name).finish()
    }
}

impl Judge {
    fn new(name: &'static str, router: Router, head: Head, known: Extensions) -> Self {
        Self {
            name,
            router,
            head,
            known,
            allowed: call("invoke"),
            refused: call("deploy"),
        }
    }

    /// What it answers to a body.
    pub fn status(&mut self, body: Bytes) -> StatusCode {
        let mut request = self.head.request();
        *request.extensions_mut() = self.known.clone();
        *request.body_mut() = Body::from(body);
        once(&mut self.router, request)
    }

    /// Makes that many calls of a tool that the caller may use.
    ///
    /// # Panics
    ///
    /// One of them is refused.
    pub fn run(&mut self, calls: u32) {
        for _ in 0..calls {
            assert_eq!(
                self.status(self.allowed.clone()),
                StatusCode::OK,
                "{}",
                self.name
            );
        }
    }
}

/// Everybody: nobody first.
///
/// # Panics
///
/// The issuer of the credentials does not answer.
pub async fn all(credentials: &Credentials) -> Vec<Judge> {
    let token = credentials.token(Algorithm::ES256);
    let bare = || Router::new().route("/run", post(async || "ran"));
    let mut head = Head::with_bearer(&token.token);
    head.add(
        header::ACCEPT,
        HeaderValue::from_static("application/json, text/event-stream"),
    );

    let theirs = McpToolScopes::new()
        .tool("invoke", ["agents:invoke"])
        .tool("deploy", ["agents:deploy"]);
    let resource = ProtectedResource::new("https://agent.example/run").expect("it is a URL");
    let ours = McpLayer::new(&resource)
        .tool("invoke", ["agents:invoke"])
        .tool("deploy", ["agents:deploy"]);
    let caller = AuthContext::new("robot").with_scopes(["agents:invoke", "graph:read"]);
    let mut known = Extensions::new();
    known.insert(caller);
    let seen = seen_by_them(credentials, head.request()).await;
    vec![
        Judge::new("nobody", bare(), head.clone(), known.clone()),
        Judge::new("tower-auth", bare().layer(ours), head.clone(), known),
        Judge::new("oauth-resource-server", bare().layer(theirs), head, seen),
    ]
}

/// What the peer's own check leaves in a request.
async fn seen_by_them(credentials: &Credentials, request: Request<Body>) -> Extensions {
    let validator = validator(credentials, Algorithm::ES256).await;
    let layer = HttpAuthLayer::builder().oauth(validator).build();
    let kept = Arc::new(Mutex::new(Extensions::new()));
    let keep = Arc::clone(&kept);
    let inner = Router::new().fallback(async move |request: Request<Body>| {
        *keep.lock().expect("nobody panics with it") = request.extensions().clone();
    });
    let mut service = layer.expect("it has a validator").layer(inner);
    assert_eq!(once(&mut service, request), StatusCode::OK);
    let kept = kept.lock().expect("nobody panics with it");
    kept.clone()
}

/// A call of a tool, of 1 KiB.
fn call(tool: &str) -> Bytes {
    let message = |text: &str| {
        json!({
            "jsonrpc": "2.0",
            "id": 7,
            "method": "tools/call",
            "params": {"name": tool, "arguments": {"text": text, "depth": 3}},
        })
        .to_string()
    };
    let rest = 1_024 - message("").len();
    Bytes::from(message(&"x".repeat(rest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn both_judges_refuse_what_needs_another_scope() {
        let judges = all(&Credentials::new()).await;
        for mut judge in judges {
            judge.run(1);
            let wanted = match judge.name {
                "nobody" => StatusCode::OK,
                _ => StatusCode::FORBIDDEN,
            };
            let refused = judge.refused.clone();
            assert_eq!(judge.status(refused), wanted, "{}", judge.name);
        }
    }
}
