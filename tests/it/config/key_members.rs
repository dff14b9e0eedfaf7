//! What the file says of a key beside its name and scopes.

use axum::{Router, routing::any};
use serde_json::{Value, json};
use tower_auth::{
    AuthContext,
    authorize::{Authorizer, by_role},
    config::AuthConfig,
};

use super::files::{faults, yaml};
use crate::common::{log::Log, oneshot::ask};

/// The caller as JSON, who shows that key.
async fn caller(config: AuthConfig, key: &str) -> Value {
    let who = async |caller: AuthContext| serde_json::to_string(&caller).unwrap();
    let app = Router::new()
        .route("/run", any(who))
        .layer(config.into_layer().unwrap());
    let answer = ask(&app, "POST /run", &[("x-api-key", key)]).await;
    let body = axum::body::to_bytes(answer.into_body(), 1 << 20);
    serde_json::from_slice(&body.await.unwrap()).unwrap_or_default()
}

#[tokio::test]
async fn roles_tenant_and_metadata_are_claims_of_the_caller() {
    let text = r#"auth: {api_keys: [{name: ada, key: sk-live-9f3a51d8, roles: [editor, reader],
        tenant: acme, metadata: {tier: 2, beta: true, tags: [a, {b: 1.5}], label: "x"}}]}"#;
    let caller = caller(yaml(text), "sk-live-9f3a51d8").await;
    assert_eq!(
        caller["metadata"],
        json!({
            "roles": ["editor", "reader"], "tenant": "acme", "tier": 2, "beta": true,
            "tags": ["a", {"b": 1.5}], "label": "x",
        })
    );
}

#[tokio::test]
async fn roles_of_a_key_are_what_an_authorizer_by_role_reads() {
    let roles = by_role([("editor", "graph:invoke")]).unwrap();
    let who = async move |caller: AuthContext| {
        let may = roles.check(&caller, "graph", "invoke").await.is_ok();
        let may_not = roles.check(&caller, "graph", "delete").await.is_err();
        format!("{may} {may_not}")
    };
    let config = yaml("auth: {api_keys: [{name: ada, key: sk-live-9f3a51d8, roles: [editor]}]}");
    let app = Router::new()
        .route("/run", any(who))
        .layer(config.into_layer().unwrap());
    let answer = ask(&app, "POST /run", &[("x-api-key", "sk-live-9f3a51d8")]).await;
    let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await;
    assert_eq!(&*body.unwrap(), b"true true");
}

#[tokio::test]
async fn two_keys_of_a_file_are_one_caller() {
    let text = "auth: {api_keys: [{name: frontend, key: sk-before-9f3a51d8},
        {name: frontend-2027, key: sk-after-9f3a51d8, user_id: frontend}]}";
    let (before, after) = (
        caller(yaml(text), "sk-before-9f3a51d8").await,
        caller(yaml(text), "sk-after-9f3a51d8").await,
    );
    assert_eq!(before["user_id"], "frontend");
    assert_eq!(before, after);
}

#[test]
fn names_stay_unique_in_a_file() {
    let text = "auth: {api_keys: [{name: a, key: sk-before-9f3a51d8, user_id: x},
        {name: a, key: sk-after-9f3a51d8, user_id: y}]}";
    let told = faults(yaml(text));
    assert_eq!(told.faults()[0].path(), "auth.api_keys[1].name");
    assert!(told.to_string().contains("`user_id`"), "{told}");
}

#[test]
fn role_or_tenant_that_metadata_has_too_is_a_fault() {
    let text = "auth: {api_keys: [{name: a, key: sk-before-9f3a51d8, roles: [x], tenant: t,
        metadata: {roles: [y], tenant: u}}]}";
    let told = faults(yaml(text));
    let paths: Vec<&str> = told.faults().iter().map(|fault| fault.path()).collect();
    assert_eq!(paths, ["auth.api_keys[0].roles", "auth.api_keys[0].tenant"]);
}

#[tokio::test]
async fn private_member_name_of_serde_json_in_metadata_is_a_name_like_any_other() {
    let text = r#"auth: {api_keys: [{name: ada, key: sk-live-9f3a51d8,
        metadata: {"$$serde_json::private::RawValue": "[1]"}}]}"#;
    let caller = caller(yaml(text), "sk-live-9f3a51d8").await;
    let metadata = caller["metadata"].as_object().unwrap();
    assert_eq!(metadata.len(), 1, "{caller}");
}

#[tokio::test]
async fn longest_credential_is_that_of_the_file() {
    let text = "auth: {max_credential_bytes: 20, api_keys: [{name: a, key: sk-live-9f3a51d8}]}";
    let app = super::files::app(yaml(text).into_layer().unwrap());
    for (length, code) in [(20, 401), (21, 400)] {
        let shown = "x".repeat(length);
        let answer = ask(&app, "POST /run", &[("x-api-key", &shown)]).await;
        assert_eq!(answer.status(), code, "{length}");
    }
    let told = faults(yaml(&text.replace("20", "65537")));
    assert_eq!(told.faults()[0].path(), "auth.max_credential_bytes");
}

#[test]
fn short_key_of_a_file_is_one_warning_that_names_the_record() {
    let text = "auth: {api_keys: [{name: ada, key: fifteen-chars-x}, {name: bob, key: \
                sixteen-chars-xy}]}";
    let log = Log::start();
    let setup = yaml(text).build().unwrap();
    let said = setup.summary().warnings().to_vec();
    let short: Vec<_> = said.iter().filter(|line| line.contains("fewer")).collect();
    assert_eq!(short.len(), 1, "{said:?}");
    assert!(short[0].contains("\"ada\""), "{said:?}");
    assert!(!short[0].contains("chars-x"), "{said:?}");
    // It is told once, when the layer is taken.
    assert_eq!(log.text(), "");
    let _layer = setup.into_layer();
    assert_eq!(log.text().matches("fewer than 16 characters").count(), 1);
}
