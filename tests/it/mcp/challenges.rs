//! What refused callers are told. [15.1] [15.3]

use http::StatusCode;
use tower_auth::{AuthLayer, mcp::McpLayer};

use super::kit::{app, call, challenge, keys, layer, message, post, resource, witness};

const METADATA: &str =
    r#"resource_metadata="https://api.example.com/.well-known/oauth-protected-resource/mcp""#;

#[tokio::test]
async fn a_challenge_to_a_caller_without_a_credential_names_the_metadata() {
    let sent = post("", call("echo")).without("x-api-key");
    let answer = sent.ask(&app(layer())).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        challenge(&answer.headers),
        format!("Bearer realm=\"api\", {METADATA}")
    );
}

#[tokio::test]
async fn a_challenge_names_the_scopes_of_a_session_and_the_realm_as_set_before_or_after() {
    let resource = resource().require_scopes("mcp").unwrap();
    let before = AuthLayer::new(keys()).with_realm("agents").unwrap();
    let after = AuthLayer::new(keys()).protected_resource(&resource);
    for auth in [
        before.protected_resource(&resource),
        after.with_realm("agents").unwrap(),
    ] {
        let app = axum::Router::new()
            .route("/mcp", axum::routing::any(witness))
            .layer(McpLayer::new(&resource))
            .layer(auth);
        let answer = post("", call("echo")).without("x-api-key").ask(&app).await;
        let expected = format!("Bearer realm=\"agents\", scope=\"mcp\", {METADATA}");
        assert_eq!(challenge(&answer.headers), expected);

        // Shown, right, and not enough: the step-up names both.
        let answer = post("", message("ping", "{}")).ask(&app).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        let text = challenge(&answer.headers);
        assert!(text.contains("error=\"insufficient_scope\""), "{text}");
        assert!(text.contains("scope=\"mcp\""), "{text}");
        assert_eq!(text.matches("scope=").count(), 1, "{text}");
    }
}

#[tokio::test]
async fn a_challenge_names_the_scopes_to_begin_with_and_no_request_needs_them() {
    let begun = resource().with_initial_scopes("agents:read mcp").unwrap();
    for (resource, scope, status) in [
        (begun.clone(), "agents:read mcp", StatusCode::OK),
        (
            begun.require_scopes("mcp").unwrap(),
            "mcp agents:read",
            StatusCode::FORBIDDEN,
        ),
    ] {
        let app = axum::Router::new()
            .route("/mcp", axum::routing::any(witness))
            .layer(McpLayer::new(&resource).open_tool("echo"))
            .layer(AuthLayer::new(keys()).protected_resource(&resource));
        let answer = post("", call("echo")).without("x-api-key").ask(&app).await;
        let expected = format!("Bearer realm=\"api\", scope=\"{scope}\", {METADATA}");
        assert_eq!(challenge(&answer.headers), expected);
        assert_eq!(post("", call("echo")).status(&app).await, status);
    }
    assert!(resource().with_initial_scopes("offline_access").is_err());
}

#[tokio::test]
async fn a_wrong_credential_is_told_where_the_metadata_is() {
    let sent = post("", call("echo")).without("x-api-key");
    let answer = sent
        .with("authorization", "Bearer wrong")
        .ask(&app(layer()))
        .await;
    let text = challenge(&answer.headers);
    assert!(
        text.contains("error=\"invalid_token\"") && text.contains(METADATA),
        "{text}"
    );
}

#[tokio::test]
async fn a_step_up_names_all_that_a_request_needs_at_once() {
    let resource = resource().require_scopes("mcp").unwrap();
    let layer = McpLayer::new(&resource)
        .method("tools/call", ["tools"])
        .tool("deploy", ["agents:deploy", "mcp"]);
    let answer = post("agents:deploy", call("deploy")).ask(&app(layer)).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let text = challenge(&answer.headers);
    assert!(text.contains("scope=\"mcp tools agents:deploy\""), "{text}");
    assert!(text.contains(METADATA), "{text}");
}

#[tokio::test]
async fn a_refusal_that_no_scope_mends_has_no_challenge() {
    let answer = post("admin", call("unheard_of")).ask(&app(layer())).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(!answer.headers.contains_key("www-authenticate"));
}
