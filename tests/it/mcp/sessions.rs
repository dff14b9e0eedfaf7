//! Streams, answers, tunnels and the end of a session: what is no message of a client. [15.3]

use http::StatusCode;
use tower_auth::{
    authorize::deny_all,
    mcp::{McpItem, McpLayer, McpNeed},
};

use super::kit::{app, call, layer, post, resource};

#[tokio::test]
async fn streams_answers_and_the_end_of_a_session_need_the_scopes_of_a_session() {
    let resource = resource().require_scopes("agents:read").unwrap();
    let layer = McpLayer::new(&resource);
    let answers = [
        r#"{"jsonrpc":"2.0","id":7,"result":{"x":1}}"#,
        r#"{"jsonrpc":"2.0","id":"a","error":{"code":1,"message":"no"}}"#,
    ];
    let app = app(layer);
    for (scopes, expected) in [("agents:read", 200), ("", 403)] {
        for method in ["GET", "DELETE", "OPTIONS", "HEAD"] {
            let sent = post(scopes, "").to(method, "/mcp");
            assert_eq!(sent.status(&app).await, expected, "{method} {scopes}");
            let sent = post(scopes, "").to(method, "/mcp").without("content-type");
            assert_eq!(sent.status(&app).await, expected, "{method} {scopes}");
        }
        for answer in answers {
            assert_eq!(
                post(scopes, answer).status(&app).await,
                expected,
                "{answer}"
            );
        }
    }
}

#[tokio::test]
async fn a_body_is_judged_whatever_the_method_of_its_request() {
    let app = app(layer());
    for method in ["GET", "DELETE", "HEAD", "OPTIONS", "PUT", "PATCH", "QUERY"] {
        let sent = |body: String| post("", body).to(method, "/mcp");
        assert_eq!(sent(call("deploy")).status(&app).await, 403, "{method}");
        assert_eq!(sent(call("echo")).status(&app).await, 200, "{method}");
        assert_eq!(sent("x".into()).status(&app).await, 400, "{method}");
    }
    for method in ["POST", "PUT", "PATCH", "QUERY"] {
        assert_eq!(
            post("", "").to(method, "/mcp").status(&app).await,
            400,
            "{method}"
        );
    }
}

#[tokio::test]
async fn a_tunnel_is_refused_since_nobody_would_see_its_messages() {
    let app = app(layer());
    for upgrade in [
        "websocket",
        "WebSocket",
        "h2c, websocket",
        "websocket, h2c",
        "",
    ] {
        let sent = post("admin", "").to("GET", "/mcp").without("content-type");
        assert_eq!(
            sent.with("upgrade", upgrade).status(&app).await,
            403,
            "{upgrade}"
        );
    }
    let twice = post("admin", "").to("GET", "/mcp").without("content-type");
    let twice = twice.with("upgrade", "h2c").with("upgrade", "websocket");
    assert_eq!(twice.status(&app).await, 403);
}

#[tokio::test]
async fn an_offer_of_http2_in_plain_text_ends_here() {
    let server = async |headers: http::HeaderMap| {
        let names = headers.keys().map(|name| name.as_str().to_owned());
        names.collect::<Vec<_>>().join(" ")
    };
    let app = axum::Router::new()
        .route("/mcp", axum::routing::any(server))
        .layer(layer())
        .layer(tower_auth::AuthLayer::new(super::kit::keys()));
    for (method, body) in [("GET", String::new()), ("POST", call("echo"))] {
        let sent = post("", body).to(method, "/mcp").with("upgrade", "h2c");
        let sent = sent
            .with("connection", "Upgrade, HTTP2-Settings")
            .with("http2-settings", "AAM");
        let answer = sent.ask(&app).await;
        assert_eq!(answer.status, StatusCode::OK, "{method}");
        let names = String::from_utf8(answer.body.to_vec()).unwrap();
        let is_left = ["upgrade", "connection", "http2-settings"]
            .iter()
            .any(|name| names.contains(name));
        assert!(!is_left, "{names}");
    }
}

#[tokio::test]
async fn a_stream_and_the_end_of_a_session_can_be_closed() {
    let layer = layer()
        .method("GET", ["docs:read"])
        .rule(McpItem::Method("DELETE"), McpNeed::permission(deny_all()));
    let app = app(layer);
    for (scopes, method, expected) in [
        ("", "GET", 403),
        ("docs:read", "GET", 200),
        ("docs:read", "DELETE", 403),
        ("", "HEAD", 200),
    ] {
        let sent = post(scopes, "").to(method, "/mcp").without("content-type");
        assert_eq!(sent.status(&app).await, expected, "{scopes} {method}");
    }
}
