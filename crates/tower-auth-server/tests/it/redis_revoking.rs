//! `tower-auth revoke` where a Redis server keeps the revocations, and the file that says so.

use std::time::{Duration, Instant};

use axum::{Router, body::Body, routing::get};
use http::Request;
use tower::ServiceExt;
use tower_auth::config::{AuthConfig, AuthSetup};
use tower_auth_servers::Redis;

use crate::common::{Folder, PATIENCE, text};

const KEY: &str = "sk-live-9f03a51d8c70";

/// What a process makes of its file.
fn setup(url: &str) -> AuthSetup {
    let text = format!(
        "auth:\n  api_keys: [{{name: ada, key: {KEY}}}, {{name: bob, key: {KEY}-of-bob}}]\n  \
         shared: {{url: '{url}'}}\n  revocations: {{store: shared}}\n"
    );
    AuthConfig::from_yaml(text)
        .register_shared("redis", tower_auth_redis::open_url)
        .register_revocations("redis", tower_auth_redis::open_revocations_url)
        .build()
        .unwrap_or_else(|faults| panic!("{faults}"))
}

fn app(url: &str) -> Router {
    let router = Router::new().route("/run", get(async || "ran"));
    router.layer(setup(url).into_layer())
}

async fn status(app: &Router, key: &str) -> u16 {
    let request = Request::get("/run").header("x-api-key", key);
    let request = request.body(Body::empty()).unwrap();
    app.clone()
        .oneshot(request)
        .await
        .unwrap()
        .status()
        .as_u16()
}

async fn until(app: &Router, key: &str, expected: u16) {
    let before = Instant::now();
    while status(app, key).await != expected {
        assert!(before.elapsed() < PATIENCE, "it is never {expected}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_begun_once_and_what_is_revoked_ends_in_every_process() {
    let Some(server) = Redis::shared() else {
        return;
    };
    let url = server.url();
    let folder = Folder::with_store(&url);
    // Nobody knows what was revoked before.
    let faults = setup(&url).open().await.unwrap_err();
    assert!(
        faults.to_string().contains("tower-auth revoke --begin"),
        "{faults}"
    );
    let apps = [app(&url), app(&url)];
    assert_eq!(status(&apps[0], KEY).await, 503);
    let said = folder.fault(&["revoke", "--user", "ada"]);
    assert!(said.contains("tower-auth revoke --begin"), "{said}");

    folder.good(&["revoke", "--begin"]);
    for app in &apps {
        until(app, KEY, 200).await;
    }
    let revoked = folder.json(&["revoke", "--user", "ada"]);
    assert_eq!(text(&revoked, "user"), "ada");
    for app in &apps {
        until(app, KEY, 401).await;
        assert_eq!(status(app, &format!("{KEY}-of-bob")).await, 200);
    }
    // What is there already is not begun anew.
    folder.good(&["revoke", "--begin"]);
    setup(&url).open().await.unwrap();
    assert_eq!(status(&app(&url), KEY).await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_away_is_told_without_its_password() {
    let folder = Folder::with_store("redis://:hunter2@127.0.0.1:1/0");
    let said = folder.fault(&["revoke", "--jti", "7f03"]);
    assert!(
        said.contains("redis://…@127.0.0.1:1") && !said.contains("hunter2"),
        "{said}"
    );
}

#[test]
fn a_key_store_has_a_list_and_begins_none() {
    let folder = Folder::new();
    folder.make("a", &[]);
    let said = folder.usage(&["revoke", "--begin"]);
    assert!(said.contains("a key store always has a list"), "{said}");
}

#[test]
fn a_file_that_keeps_revocations_in_what_is_shared_is_good() {
    let folder = Folder::new();
    let check = |shared: &str| {
        let text = format!(
            "auth:\n  api_keys: [{{name: ada, key: {KEY}}}]\n  {shared}\n  revocations: {{store: shared}}\n"
        );
        folder.write("auth.yaml", &text);
        folder.run(&["check", "--config", "auth.yaml"])
    };
    for scheme in ["redis", "rediss", "valkey", "valkeys"] {
        let said = check(&format!("shared: {{url: '{scheme}://:hunter2@counts'}}"));
        assert_eq!(said.code, Some(0), "{said:?}");
        assert!(said.out.contains("; revocations: in shared"), "{said:?}");
        assert!(!said.out.contains("hunter2"));
    }
    let said = check("shared: {url: 'postgres://app@db/shop'}");
    assert!(said.err.contains("name it as `key_store`"), "{said:?}");
    let said = check("realm: shop");
    assert!(said.err.contains("add the block `shared`"), "{said:?}");
}
