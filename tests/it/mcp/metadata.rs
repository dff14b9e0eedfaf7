//! The metadata document and its places. [15.1]

use axum::{Router, routing::any};
use http::{Request, StatusCode};
use serde_json::{Value, json};
use tower_auth::{AuthLayer, ConfigErrorKind, mcp::ProtectedResource};

use super::{
    common::{
        answer::send,
        oneshot::{ask, status},
    },
    kit::{WELL_KNOWN, app, keys, layer, resource, witness},
};

async fn document(app: &Router, path: &str) -> Value {
    let request = Request::get(path).body(axum::body::Body::empty()).unwrap();
    let answer = send(app, request).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}");
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.headers["access-control-allow-origin"], "*");
    serde_json::from_slice(&answer.body).unwrap()
}

#[tokio::test]
async fn anybody_reads_the_metadata_with_and_without_the_path_and_a_slash() {
    let app = app(layer());
    let expected = json!({
        "resource": "https://api.example.com/mcp",
        "authorization_servers": ["https://issuer.example.com"],
        "scopes_supported": ["agents:read", "agents:deploy"],
        "bearer_methods_supported": ["header"],
    });
    for path in ["", "/", "/mcp", "/mcp/"] {
        assert_eq!(
            document(&app, &format!("{WELL_KNOWN}{path}")).await,
            expected,
            "{path}"
        );
    }
    for path in ["/other", "/mcp/x", "x", "//mcp", "/MCP", "/%6dcp"] {
        let line = format!("GET {WELL_KNOWN}{path}");
        assert_eq!(status(&app, &line).await, 401, "{line}");
    }
}

#[tokio::test]
async fn head_tells_the_length_and_options_answers_a_preflight() {
    let app = app(layer());
    let get = ask(&app, &format!("GET {WELL_KNOWN}/mcp"), &[]).await;
    let length = axum::body::to_bytes(get.into_body(), usize::MAX)
        .await
        .unwrap()
        .len();
    let head = ask(&app, &format!("HEAD {WELL_KNOWN}/mcp"), &[]).await;
    assert_eq!(head.status(), StatusCode::OK);
    assert_eq!(head.headers()["content-length"], length.to_string());
    let body = axum::body::to_bytes(head.into_body(), usize::MAX)
        .await
        .unwrap();
    assert!(body.is_empty());

    let asked = [
        ("origin", "https://inspector.example"),
        ("access-control-request-method", "GET"),
        ("access-control-request-headers", "mcp-protocol-version"),
    ];
    let preflight = ask(&app, &format!("OPTIONS {WELL_KNOWN}"), &asked).await;
    assert_eq!(preflight.status(), StatusCode::NO_CONTENT);
    let headers = preflight.headers();
    assert_eq!(headers["access-control-allow-origin"], "*");
    assert!(
        headers["access-control-allow-methods"]
            .to_str()
            .unwrap()
            .contains("GET")
    );
    let allowed = headers["access-control-allow-headers"].to_str().unwrap();
    assert!(allowed.contains("mcp-protocol-version"), "{allowed}");

    let posted = ask(&app, &format!("POST {WELL_KNOWN}"), &[]).await;
    assert_eq!(posted.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn host_and_wrong_credentials_change_nothing_about_the_metadata() {
    let app = app(layer());
    for headers in [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("x-api-key", "wrong, and nobody looks at it"),
        ("authorization", "Bearer wrong"),
    ] {
        let answer = ask(&app, &format!("GET {WELL_KNOWN}/mcp"), &[headers]).await;
        assert_eq!(answer.status(), StatusCode::OK, "{headers:?}");
        let body = axum::body::to_bytes(answer.into_body(), usize::MAX)
            .await
            .unwrap();
        assert!(!String::from_utf8_lossy(&body).contains("evil"));
    }
}

#[tokio::test]
async fn the_metadata_stands_around_a_nested_server_and_in_the_layer_of_the_server_alone() {
    let auth = || AuthLayer::new(keys()).protected_resource(&resource());
    let inner = Router::new().route("/", any(witness)).layer(layer());
    let nested = Router::new().nest("/mcp", inner).layer(auth());
    document(&nested, &format!("{WELL_KNOWN}/mcp")).await;

    let alone = Router::new().route("/mcp", any(witness)).layer(layer());
    document(&alone, &format!("{WELL_KNOWN}/mcp")).await;
    let unknown_to_the_caller = ask(&alone, "POST /mcp", &[]).await;
    assert_eq!(unknown_to_the_caller.status(), StatusCode::UNAUTHORIZED);
}

#[test]
fn the_address_of_the_metadata_is_made_as_rfc_9728_says() {
    for (url, metadata) in [
        (
            "https://a.example",
            "https://a.example/.well-known/oauth-protected-resource",
        ),
        (
            "https://a.example/",
            "https://a.example/.well-known/oauth-protected-resource",
        ),
        (
            "https://a.example/mcp",
            "https://a.example/.well-known/oauth-protected-resource/mcp",
        ),
        (
            "https://a.example/x/mcp/",
            "https://a.example/.well-known/oauth-protected-resource/x/mcp/",
        ),
        (
            "http://localhost:8000/mcp",
            "http://localhost:8000/.well-known/oauth-protected-resource/mcp",
        ),
        (
            "http://[::1]:8000/mcp",
            "http://[::1]:8000/.well-known/oauth-protected-resource/mcp",
        ),
    ] {
        let resource = ProtectedResource::new(url).unwrap();
        assert_eq!(resource.metadata_url(), metadata, "{url}");
        assert_eq!(resource.audience(), url);
        let path = metadata.split_once("://").unwrap().1;
        let path = &path[path.find('/').unwrap()..];
        let request = Request::get(path).body(()).unwrap();
        assert!(
            resource.answer(&request).is_some(),
            "{url} is answered at {path}"
        );
    }
}

#[test]
fn an_address_that_no_client_would_write_is_refused_with_advice() {
    for (url, kind) in [
        ("", ConfigErrorKind::Malformed),
        ("/mcp", ConfigErrorKind::Malformed),
        ("api.example.com/mcp", ConfigErrorKind::Malformed),
        ("https://", ConfigErrorKind::Malformed),
        ("https:///mcp", ConfigErrorKind::Malformed),
        ("https://user@a.example/mcp", ConfigErrorKind::Malformed),
        ("https://a.example/mcp?x=1", ConfigErrorKind::Malformed),
        ("https://a.example/mcp#x", ConfigErrorKind::Malformed),
        ("https://a.example/m\"cp", ConfigErrorKind::Malformed),
        ("https://a.example/m cp", ConfigErrorKind::Malformed),
        ("https://a.example/mcp\r\nx: y", ConfigErrorKind::Malformed),
        ("https://ä.example/mcp", ConfigErrorKind::Malformed),
        ("https://A.example/mcp", ConfigErrorKind::Malformed),
        ("HTTPS://a.example/mcp", ConfigErrorKind::Malformed),
        ("https://a.example:443/mcp", ConfigErrorKind::Malformed),
        ("https://a.example:x/mcp", ConfigErrorKind::Malformed),
        ("https://a.example/x/../mcp", ConfigErrorKind::Malformed),
        ("http://a.example/mcp", ConfigErrorKind::Unsupported),
        (
            "http://localhost.evil.example/mcp",
            ConfigErrorKind::Unsupported,
        ),
        ("ftp://a.example/mcp", ConfigErrorKind::Unsupported),
    ] {
        let error = ProtectedResource::new(url).map(drop).unwrap_err();
        assert_eq!(error.kind(), kind, "{url}");
        assert!(
            error.to_string().contains("write it as clients do"),
            "{error}"
        );
    }
    let other = resource().with_authorization_server("http://issuer.example.com");
    assert_eq!(other.unwrap_err().kind(), ConfigErrorKind::Unsupported);
}

#[test]
fn nothing_tells_a_client_to_ask_for_a_refresh_token() {
    let resource = resource().with_scopes_supported(["agents:read", "offline_access"]);
    let request = Request::get(WELL_KNOWN).body(()).unwrap();
    let body = resource.answer(&request).unwrap().into_body();
    assert!(!String::from_utf8_lossy(&body).contains("offline_access"));
    let error = resource
        .require_scopes("agents:read offline_access")
        .unwrap_err();
    assert_eq!(error.kind(), ConfigErrorKind::Unsupported);
}
