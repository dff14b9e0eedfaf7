//! The headers that repeat a body, and those that say how to read it. [15.2] [15.3]

use http::StatusCode;

use tower_auth::{AuthLayer, CredentialSource};

use super::kit::{Sent, app, call, keys, layer, message, post, resource, rpc_code, witness};

const NOW: &str = "2026-07-28";

fn today(scopes: &str, body: String, method: &str, name: &str) -> Sent {
    let sent = post(scopes, body).with("mcp-protocol-version", NOW);
    let sent = sent.with("mcp-method", method);
    match name {
        "" => sent,
        name => sent.with("mcp-name", name),
    }
}

async fn refused(sent: Sent, code: i64) {
    let answer = sent.clone().ask(&app(layer())).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{sent:?}");
    assert_eq!(rpc_code(&answer), code, "{sent:?}");
}

#[tokio::test]
async fn headers_that_agree_with_the_body_pass() {
    let app = app(layer());
    for sent in [
        today("", call("echo"), "tools/call", "echo"),
        today("", call("echo"), "tools/call", "=?base64?ZWNobw==?="),
        today("", message("tools/list", "{}"), "tools/list", ""),
        today("", message("ping", "{}"), "ping", "whatever"),
        post("", message("initialize", "{}")).with("mcp-protocol-version", NOW),
        post("", call("echo")).with("mcp-protocol-version", "2025-06-18"),
        post("", call("echo"))
            .with("mcp-method", "tools/call")
            .with("mcp-name", "echo"),
        post(
            "",
            r#"{"jsonrpc":"2.0","method":"notifications/cancelled"}"#,
        )
        .with("mcp-protocol-version", NOW),
    ] {
        assert_eq!(sent.clone().status(&app).await, StatusCode::OK, "{sent:?}");
    }
}

#[tokio::test]
async fn headers_that_differ_from_the_body_are_refused_with_the_protocols_error() {
    for sent in [
        // Whoever routes by the header would take a harmless tool for the other one.
        today("agents:deploy", call("deploy"), "tools/call", "echo"),
        today("", call("echo"), "tools/list", "echo"),
        today("", call("echo"), "Tools/Call", "echo"),
        today("", call("echo"), "tools/call", "Echo"),
        today("", call("echo"), "tools/call", "=?base64?ZGVwbG95?="),
        today("", call("echo"), "tools/call", "=?base64?ZWNobw?="),
        today("", call("echo"), "tools/call", "=?BASE64?ZWNobw==?="),
        today("", call("echo"), "tools/call", "=?base64?/w==?="),
        // Missing.
        today("", call("echo"), "tools/call", ""),
        post("", call("echo")).with("mcp-protocol-version", NOW),
        post("", call("echo"))
            .with("mcp-protocol-version", NOW)
            .with("mcp-name", "echo"),
        // Twice.
        today("", call("echo"), "tools/call", "echo").with("mcp-name", "echo"),
        today("", call("echo"), "tools/call", "echo").with("mcp-method", "tools/call"),
        today("", call("echo"), "tools/call", "echo").with("mcp-protocol-version", NOW),
        // Of an earlier version, too: somebody in front may read them.
        post("", call("echo")).with("mcp-method", "tools/list"),
        post("", call("echo")).with("mcp-name", "deploy"),
        post("", r#"{"jsonrpc":"2.0","id":1,"result":{}}"#).with("mcp-method", "tools/call"),
        post("", r#"{"jsonrpc":"2.0","id":1,"result":{}}"#).with("mcp-name", "echo"),
    ] {
        refused(sent, -32020).await;
    }
}

#[tokio::test]
async fn the_version_in_the_body_is_that_of_the_header() {
    let body = |version: &str| {
        let meta = format!(r#"{{"io.modelcontextprotocol/protocolVersion":"{version}"}}"#);
        message("tools/list", &format!(r#"{{"_meta":{meta}}}"#))
    };
    let app = app(layer());
    let same = today("", body(NOW), "tools/list", "");
    assert_eq!(same.status(&app).await, StatusCode::OK);
    refused(today("", body("2025-06-18"), "tools/list", ""), -32020).await;
    refused(post("", body(NOW)), -32020).await;
    refused(
        post("", body(NOW)).with("mcp-protocol-version", "2025-06-18"),
        -32020,
    )
    .await;
}

#[tokio::test]
async fn another_version_is_told_which_ones_there_are() {
    for version in [
        "2099-01-01",
        "1900-01-01",
        "",
        "draft",
        "2026-07-28 ",
        "2026-07-28, 2025-06-18",
    ] {
        let sent = post("", call("echo")).with("mcp-protocol-version", version);
        let answer = sent.ask(&app(layer())).await;
        let body = String::from_utf8_lossy(&answer.body).into_owned();
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{version}");
        assert_eq!(rpc_code(&answer), -32022, "{version}: {body}");
        assert!(body.contains(r#""supported":["2024-11-05""#), "{body}");
    }
}

#[tokio::test]
async fn an_error_names_the_request_that_it_answers() {
    for (id, told) in [
        ("7", "7"),
        ("-1.5e3", "-1.5e3"),
        (r#""a\"b\u0041""#, r#""a\"b\u0041""#),
        (&format!("\"{}\"", "x".repeat(300)), "null"),
    ] {
        let body = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#);
        let answer = post("", body)
            .with("mcp-method", "x")
            .ask(&app(layer()))
            .await;
        let body = String::from_utf8(answer.body.to_vec()).unwrap();
        assert!(
            body.starts_with(&format!(r#"{{"jsonrpc":"2.0","id":{told},"error""#)),
            "{body}"
        );
        serde_json::from_str::<serde_json::Value>(&body).unwrap();
    }
}

#[tokio::test]
async fn only_listed_origins_may_use_the_server() {
    let listed = app(layer().with_origins(["https://app.example.com", "http://localhost:3000"]));
    for (origins, expected) in [
        (&[][..], 200),
        (&["https://app.example.com"], 200),
        (&["https://app.example.com:443"], 200),
        (&["http://localhost:3000"], 200),
        (&["http://localhost"], 403),
        (&["http://app.example.com"], 403),
        (&["https://evil.example"], 403),
        (&["https://app.example.com.evil.example"], 403),
        (&["null"], 403),
        (&[""], 403),
        (&["https://app.example.com", "https://evil.example"], 403),
    ] {
        let mut sent = post("", call("echo"));
        for origin in origins {
            sent = sent.with("origin", origin);
        }
        assert_eq!(sent.status(&listed).await.as_u16(), expected, "{origins:?}");
    }
    let none = post("", call("echo")).with("origin", "https://api.example.com");
    assert_eq!(none.status(&app(layer())).await, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_token_in_the_query_is_refused_beside_a_good_credential_too() {
    for target in [
        "/mcp?access_token=x",
        "/mcp?a=b&access_token=",
        "/mcp?access%5Ftoken=x",
    ] {
        let sent = post("", call("echo")).to("POST", target);
        assert_eq!(
            sent.status(&app(layer())).await,
            StatusCode::BAD_REQUEST,
            "{target}"
        );
    }
    let other = post("", call("echo")).to("POST", "/mcp?token_access=x");
    assert_eq!(other.status(&app(layer())).await, StatusCode::OK);
}

#[tokio::test]
async fn a_key_in_the_query_is_refused_though_its_provider_reads_it_there() {
    let keys = || {
        keys().with_credentials([
            CredentialSource::bearer(),
            CredentialSource::insecure_query("key").fallback(),
        ])
    };
    let server = || axum::Router::new().route("/mcp", axum::routing::any(witness));
    let sent = || {
        let sent = post("", call("echo")).without("x-api-key");
        sent.to(
            "POST",
            "/mcp?key=an%20example%20key%20of%20a%20caller%20with:",
        )
    };
    let without = server().layer(layer()).layer(AuthLayer::new(keys()));
    assert_eq!(sent().status(&without).await, StatusCode::OK);
    let auth = AuthLayer::new(keys()).protected_resource(&resource());
    let with = server().layer(layer()).layer(auth);
    assert_eq!(sent().status(&with).await, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_body_that_somebody_would_decode_first_is_refused() {
    for (name, value, expected) in [
        ("content-type", "application/json", 200),
        ("content-type", "Application/JSON", 200),
        ("content-type", "application/json; charset=utf-8", 200),
        ("content-type", "application/json;charset=\"UTF-8\"", 200),
        ("content-type", "application/json; profile=x", 200),
        ("content-type", "application/json; charset=utf-7", 415),
        ("content-type", "application/json; charset=utf-16", 415),
        (
            "content-type",
            "application/json; charset=utf-8; charset=utf-16",
            415,
        ),
        (
            "content-type",
            "application/json; charset*=utf-8''utf-16",
            415,
        ),
        (
            "content-type",
            "application/json; x=\"; charset=utf-16\"",
            415,
        ),
        ("content-type", "application/json; charset", 415),
        ("content-type", "text/json", 415),
        ("content-type", "application/jsonp", 415),
        ("content-type", "application/vnd.api+json", 415),
        ("content-type", "application/x-www-form-urlencoded", 415),
        ("content-type", "application/json, text/plain", 415),
        ("content-type", "", 415),
        ("content-encoding", "identity", 200),
        ("content-encoding", "gzip", 415),
        ("content-encoding", "identity, gzip", 415),
        ("content-encoding", "br", 415),
    ] {
        let sent = match name {
            "content-type" => post("", call("echo")).without(name).with(name, value),
            _ => post("", call("echo")).with(name, value),
        };
        assert_eq!(
            sent.status(&app(layer())).await.as_u16(),
            expected,
            "{name}: {value}"
        );
    }
    let twice = post("", call("echo")).with("content-type", "application/json");
    assert_eq!(
        twice.status(&app(layer())).await,
        StatusCode::UNSUPPORTED_MEDIA_TYPE
    );
    let none = post("", call("echo")).without("content-type");
    assert_eq!(
        none.status(&app(layer())).await,
        StatusCode::UNSUPPORTED_MEDIA_TYPE
    );
}
