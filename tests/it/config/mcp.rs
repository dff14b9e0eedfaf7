//! An MCP server in a file.

use std::fs;

use axum::{Router, body::Body, routing::any};
use http::{Request, StatusCode};
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};
use tower_auth::config::{AuthConfig, AuthSetup};
use tracing::Level;

use super::common::{answer::send, log::Log};

const JWT_SECRET: &str = "an example secret of 32 bytes …";

const FILE: &str = r#"
auth:
  api_keys:
    - {name: ada, key: sk-live-of-ada-00000001, scopes: ["agents:deploy"]}
    - {name: bob, key: sk-live-of-bob-00000002, scopes: [agents]}
    - {name: eve, key: sk-live-of-eve-00000003, scopes: []}
  mcp:
    resource: https://api.example.com/mcp
    authorization_servers: [https://issuer.example.com]
    scopes_supported: [agents:read, agents:deploy]
    name: Agents
    tools:
      echo: any_caller
      deploy: [agents:deploy]
      "admin_*": admin
    resources: {"docs://*": any_caller}
    prompts: {review: agents}
    methods: {tasks/list: any_caller}
    hierarchical_scopes: true
    origins: [https://app.example.com]
    max_body_bytes: 2000
"#;

fn setup(file: &str) -> AuthSetup {
    AuthConfig::from_yaml(file).build().unwrap()
}

fn app(mut setup: AuthSetup) -> Router {
    let mcp = setup.take_mcp().unwrap();
    Router::new()
        .route("/mcp", any(async || "ran"))
        .layer(mcp)
        .layer(setup.into_layer())
}

async fn status(app: &Router, caller: &str, body: String, headers: &[(&str, &str)]) -> u16 {
    let keys = [("ada", 1), ("bob", 2), ("eve", 3)];
    let number = keys.iter().find(|(name, _)| *name == caller).unwrap().1;
    let mut request = Request::post("/mcp")
        .header("x-api-key", format!("sk-live-of-{caller}-0000000{number}"))
        .header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::from(body)).unwrap();
    send(app, request).await.status.as_u16()
}

fn message(method: &str, params: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#)
}

fn call(tool: &str) -> String {
    message("tools/call", &format!(r#"{{"name":"{tool}"}}"#))
}

#[tokio::test]
async fn a_file_says_who_may_use_what() {
    let app = app(setup(FILE));
    for (caller, body, expected) in [
        ("eve", call("echo"), 200),
        ("eve", call("deploy"), 403),
        ("ada", call("deploy"), 200),
        ("bob", call("deploy"), 200),
        ("ada", call("admin_x"), 403),
        ("ada", call("other"), 403),
        (
            "eve",
            message("resources/read", r#"{"uri":"docs://a"}"#),
            200,
        ),
        (
            "eve",
            message("resources/read", r#"{"uri":"file:///a"}"#),
            403,
        ),
        ("bob", message("prompts/get", r#"{"name":"review"}"#), 200),
        ("eve", message("prompts/get", r#"{"name":"review"}"#), 403),
        ("eve", message("tasks/list", "{}"), 200),
        ("eve", message("tasks/other", "{}"), 403),
        ("eve", call("echo").replace("echo", &"x".repeat(3000)), 413),
    ] {
        assert_eq!(
            status(&app, caller, body.clone(), &[]).await,
            expected,
            "{caller} {body}"
        );
    }
    for (origin, expected) in [
        ("https://app.example.com", 200),
        ("https://evil.example", 403),
    ] {
        let headers = [("origin", origin)];
        assert_eq!(
            status(&app, "eve", call("echo"), &headers).await,
            expected,
            "{origin}"
        );
    }
    let metadata = Request::get("/.well-known/oauth-protected-resource/mcp");
    let answer = send(&app, metadata.body(Body::empty()).unwrap()).await;
    let document: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(document["resource"], "https://api.example.com/mcp");
    assert_eq!(document["resource_name"], "Agents");
}

#[tokio::test]
async fn nobody_is_let_in_where_the_program_leaves_the_rules_out() {
    let without = |layer: tower_auth::AuthLayer| {
        Router::new()
            .route("/mcp", any(async || "ran"))
            .layer(layer)
    };
    let app = without(setup(FILE).into_layer());
    assert_eq!(status(&app, "ada", call("deploy"), &[]).await, 503);
    let app = without(setup(FILE).into_layers().0);
    assert_eq!(status(&app, "ada", call("deploy"), &[]).await, 503);
    let (layer, _handle) = setup(FILE).into_reload_layer();
    let app = Router::new()
        .route("/mcp", any(async || "ran"))
        .layer(layer);
    assert_eq!(status(&app, "ada", call("deploy"), &[]).await, 503);
    let (layer, _, _handle) = setup(FILE).into_reload_layers();
    let app = Router::new()
        .route("/mcp", any(async || "ran"))
        .layer(layer);
    assert_eq!(status(&app, "ada", call("deploy"), &[]).await, 503);

    let faults = AuthConfig::from_yaml(FILE).into_layer().unwrap_err();
    assert!(faults.to_string().contains("take_mcp"), "{faults}");
    assert!(AuthConfig::from_yaml(FILE).into_reload_layer().is_err());
}

#[tokio::test]
async fn another_server_takes_a_restart_and_other_keys_do_not() {
    let folder = std::env::temp_dir().join(format!("tower-auth-mcp-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("auth.yaml");
    fs::write(&file, FILE).unwrap();
    let mut setup = AuthConfig::from_file(&file).build().unwrap();
    let mcp = setup.take_mcp().unwrap();
    let (layer, handle) = setup.into_reload_layer();
    let app = Router::new()
        .route("/mcp", any(async || "ran"))
        .layer(mcp)
        .layer(layer);
    assert_eq!(status(&app, "ada", call("deploy"), &[]).await, 200);

    for changed in [
        FILE.replace("deploy: [agents:deploy]", "deploy: any_caller"),
        FILE.split("  mcp:").next().unwrap().to_owned(),
    ] {
        fs::write(&file, changed).unwrap();
        let faults = handle.reload().unwrap_err();
        assert!(faults.to_string().contains("restart"), "{faults}");
        assert_eq!(status(&app, "eve", call("deploy"), &[]).await, 403);
    }
    let other_key = FILE.replace("sk-live-of-ada-00000001", "sk-live-of-ada-00000009");
    fs::write(&file, format!("# A comment moves the block.\n{other_key}")).unwrap();
    handle.reload().unwrap();
    assert_eq!(status(&app, "ada", call("deploy"), &[]).await, 401);
    assert_eq!(status(&app, "bob", call("deploy"), &[]).await, 200);
    let metadata = Request::get("/.well-known/oauth-protected-resource");
    let answer = send(&app, metadata.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::OK);
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_document_without_a_server_has_no_layer_for_one() {
    let file = FILE.split("  mcp:").next().unwrap();
    assert!(setup(file).take_mcp().is_none());
    let mut taken = setup(FILE);
    assert!(taken.take_mcp().is_some());
    assert!(taken.take_mcp().is_none());
}

/// The tokens of a server that are accepted: none without an audience, none for another service.
#[tokio::test]
async fn tokens_are_for_the_resource_unless_their_block_names_another_audience() {
    const RESOURCE: &str = "https://api.example.com/mcp";
    let file = |audience: &str| {
        format!(
            "auth:\n  jwt: {{secret: {JWT_SECRET:?}{audience}}}\n  mcp: {{resource: {RESOURCE:?}, tools: {{echo: any_caller}}}}\n"
        )
    };
    let token = |aud: Value| {
        let mut claims =
            json!({"sub": "ada", "exp": jsonwebtoken::get_current_timestamp() + 600, "aud": aud});
        if aud.is_null() {
            claims.as_object_mut().unwrap().remove("aud");
        }
        let key = EncodingKey::from_secret(JWT_SECRET.as_bytes());
        jsonwebtoken::encode(&Header::default(), &claims, &key).unwrap()
    };
    for (audience, aud, expected) in [
        ("", json!(RESOURCE), 200),
        ("", json!(["other", RESOURCE]), 200),
        ("", Value::Null, 401),
        ("", json!("https://api.example.com"), 401),
        ("", json!("other"), 401),
        (", audience: agents", json!("agents"), 200),
        (", audience: agents", json!(RESOURCE), 401),
        (", audience: agents", Value::Null, 401),
    ] {
        let log = Log::start();
        let app = app(setup(&file(audience)));
        assert!(log.events().iter().all(|event| event.level > Level::WARN));
        let request = Request::post("/mcp")
            .header("authorization", format!("Bearer {}", token(aud.clone())))
            .header("content-type", "application/json")
            .body(Body::from(call("echo")));
        let status = send(&app, request.unwrap()).await.status;
        assert_eq!(status, expected, "{audience} {aud}");
    }
}
