//! From a file to real requests, for each shape.

use serde_json::json;
use tower_auth::{AuthContext, authorize::by_scope, config::AuthConfig, provider::provider_fn};

use super::files::{
    ENV, FRONTEND_KEY, bearer, caller, example, example_text, faults, json, ready, status, token,
    yaml,
};

#[tokio::test]
async fn api_key_file_accepts_its_keys_and_nobody_else() {
    let config = || ready(AuthConfig::from_file(example("api_keys.yaml")));
    assert_eq!(
        caller(config(), &[("x-api-key", FRONTEND_KEY)]).await,
        "frontend"
    );
    assert_eq!(
        caller(config(), &[("x-api-key", "sk-example-ci")]).await,
        "ci"
    );
    for wrong in ["sk-example-retired", "${FRONTEND_KEY}", "FRONTEND_KEY", "x"] {
        let shown = [("x-api-key", wrong)];
        assert_eq!(status(config(), "POST /run", &shown).await, 401, "{wrong}");
    }
    assert_eq!(status(config(), "POST /run", &[]).await, 401);
}

#[tokio::test]
async fn public_paths_are_public_and_exact() {
    let config = || ready(AuthConfig::from_file(example("composite.yaml")));
    assert_eq!(status(config(), "POST /hooks/public", &[]).await, 200);
    assert_eq!(status(config(), "POST /hooks/a/public", &[]).await, 200);
    assert_eq!(status(config(), "GET /health", &[]).await, 200);
    assert_eq!(status(config(), "POST /hooks/public/", &[]).await, 401);
    assert_eq!(status(config(), "POST /hooks/a", &[]).await, 401);
    assert_eq!(status(config(), "GET /docs", &[]).await, 401);
}

#[tokio::test]
async fn dev_docs_are_public_where_the_file_says_so() {
    let config = ready(AuthConfig::from_file(example("jwt.yaml")));
    assert_eq!(status(config, "GET /docs", &[]).await, 200);
}

#[tokio::test]
async fn jwt_file_accepts_tokens_for_its_audience_and_issuer() {
    let config = || ready(AuthConfig::from_file(example("jwt.yaml")));
    let issuer = ("iss", json!("https://issuer.example"));
    let good = bearer(&token(std::slice::from_ref(&issuer)));
    assert_eq!(caller(config(), &[("authorization", &good)]).await, "ada");
    for (claim, wrong) in [
        ("aud", json!("another-server")),
        ("iss", json!("https://other.example")),
        ("exp", json!(super::files::NOW - 31)),
    ] {
        let wrong = bearer(&token(&[issuer.clone(), (claim, wrong)]));
        let shown = [("authorization", &*wrong)];
        assert_eq!(status(config(), "POST /run", &shown).await, 401, "{claim}");
    }
}

#[tokio::test]
async fn file_with_secrets_in_files_accepts_both_keys_of_one_caller() {
    let config = || ready(AuthConfig::from_file(example("secret_files.yaml")));
    for key in ["sk-frontend-in-a-file", "sk-frontend-in-another"] {
        assert_eq!(caller(config(), &[("x-api-key", key)]).await, "frontend");
    }
    let good = bearer(&token(&[]));
    assert_eq!(caller(config(), &[("authorization", &good)]).await, "ada");
    assert_eq!(status(config(), "POST /run", &[]).await, 401);
}

#[test]
fn every_example_file_builds_without_a_weak_choice() {
    for name in super::files::EXAMPLES {
        let setup = ready(AuthConfig::from_file(example(name))).build();
        let setup = setup.unwrap_or_else(|faults| panic!("{faults}"));
        let weak: Vec<&String> = setup
            .summary()
            .warnings()
            .iter()
            .filter(|weak| !weak.contains("every scope") && !weak.contains("scopes"))
            .collect();
        assert!(weak.is_empty(), "{name}: {weak:?}");
    }
}

#[tokio::test]
async fn composite_file_asks_each_of_its_providers() {
    let config = || ready(AuthConfig::from_file(example("composite.yaml")));
    assert_eq!(
        caller(config(), &[("x-api-key", FRONTEND_KEY)]).await,
        "frontend"
    );
    let good = bearer(&token(&[]));
    assert_eq!(caller(config(), &[("authorization", &good)]).await, "ada");
    assert_eq!(status(config(), "POST /run", &[]).await, 401);
}

#[test]
fn chain_has_the_order_of_the_file() {
    let setup = ready(AuthConfig::from_file(example("composite.yaml")))
        .build()
        .unwrap();
    assert_eq!(
        setup.summary().providers(),
        [
            "api_key (1 key)",
            "jwt (HS256)",
            "oauth2 (https://issuer.example)",
            "allowlist (2 users)",
        ]
    );
    let turned = yaml(
        "auth: {jwt: {secret: '${JWT_SECRET}'}, custom: sessions, \
         api_keys: [{name: a, key: k1}, {name: b, key: k2}]}",
    );
    assert_eq!(
        turned.build().unwrap().summary().providers(),
        ["jwt (HS256)", "custom (sessions)", "api_key (2 keys)"]
    );
}

#[tokio::test]
async fn oauth2_file_refuses_who_shows_nothing() {
    let config = ready(AuthConfig::from_file(example("oauth2.yaml")));
    assert_eq!(status(config, "POST /run", &[]).await, 401);
}

#[tokio::test]
async fn disabled_file_lets_everybody_in() {
    let config = || ready(AuthConfig::from_file(example("disabled.yaml")));
    assert_eq!(caller(config(), &[]).await, "anonymous");
    assert!(config().build().unwrap().provider().is_none());
}

#[tokio::test]
async fn mode_none_lets_everybody_in() {
    assert_eq!(caller(yaml("auth: {mode: none}"), &[]).await, "anonymous");
}

#[tokio::test]
async fn custom_mode_asks_the_programs_provider() {
    let config = || yaml("auth: {mode: custom, custom: sessions}");
    assert_eq!(caller(config(), &[("x-session", "s1")]).await, "ada");
    assert_eq!(
        status(config(), "POST /run", &[("x-session", "s2")]).await,
        401
    );
}

#[tokio::test]
async fn gateway_shape_may_be_json() {
    let config = || json(r#"{"auth": {"api_keys": [{"name": "a", "key": "${FRONTEND_KEY}"}]}}"#);
    assert_eq!(caller(config(), &[("x-api-key", FRONTEND_KEY)]).await, "a");
    assert_eq!(status(config(), "POST /run", &[]).await, 401);
}

#[tokio::test]
async fn agent_shape_takes_tokens_with_the_environments_key() {
    let config = || ready(AuthConfig::from_file(example("agent.json")));
    let good = bearer(&token(&[]));
    assert_eq!(caller(config(), &[("authorization", &good)]).await, "ada");
    let elsewhere = bearer(&token(&[("aud", json!("another"))]));
    assert_eq!(
        status(config(), "POST /run", &[("authorization", &elsewhere)]).await,
        401
    );
    assert_eq!(status(config(), "POST /run", &[]).await, 401);
}

#[tokio::test]
async fn agent_shape_takes_a_public_key_from_the_environment() {
    let pem = include_str!("../../common/keys/ed25519.pub.pem");
    let variables = [("JWT_SECRET_KEY", pem), ("JWT_ALGORITHM", "EdDSA")];
    let config = json(&example_text("agent.json")).with_env(variables);
    let private = include_bytes!("../../common/keys/ed25519.pem");
    let minted = jsonwebtoken::encode(
        &jsonwebtoken::Header::new(jsonwebtoken::Algorithm::EdDSA),
        &json!({"sub": "eve", "exp": super::files::NOW + 5}),
        &jsonwebtoken::EncodingKey::from_ed_pem(private).unwrap(),
    );
    let shown = bearer(&minted.unwrap());
    assert_eq!(caller(config, &[("authorization", &shown)]).await, "eve");
}

#[tokio::test]
async fn agent_shape_finds_the_programs_provider() {
    let config = || json(r#"{"auth": {"method": "custom", "path": "sessions"}}"#);
    assert_eq!(caller(config(), &[("x-session", "s1")]).await, "ada");
    assert_eq!(status(config(), "POST /run", &[]).await, 401);
}

#[tokio::test]
async fn agent_shape_with_null_lets_everybody_in() {
    assert_eq!(caller(json(r#"{"auth": null}"#), &[]).await, "anonymous");
}

#[test]
fn named_authorizer_is_among_the_pieces() {
    let config = json(r#"{"auth": "jwt", "authorization": "scopes"}"#);
    let setup = config
        .with_authorizer("scopes", by_scope())
        .build()
        .unwrap();
    assert_eq!(setup.authorizer().unwrap().name(), "by_scope");
    assert!(setup.provider().is_some());
}

#[test]
fn layer_alone_is_not_made_where_an_authorizer_is_named() {
    let config = || {
        json(r#"{"auth": "jwt", "authorization": "scopes"}"#).with_authorizer("scopes", by_scope())
    };
    assert_eq!(faults(config()).faults()[0].path(), "authorization");
    assert!(config().into_reload_layer().is_err());
}

#[tokio::test]
async fn program_adds_to_the_layer() {
    let config = yaml("auth: {custom: sessions}").with_layer(|layer| layer.try_public("/run"));
    assert_eq!(status(config, "POST /run", &[]).await, 200);
}

#[test]
fn members_of_others_are_not_read() {
    let text = "
server: &server {port: 80, hosts: [a, b], again: !thing x}
other: {<<: *server, $: '${UNSET_VARIABLE}'}
auth: {custom: sessions}
";
    yaml(text).into_layer().unwrap();
}

#[test]
fn public_key_file_is_found_beside_the_configuration() {
    let folder = std::env::temp_dir().join(format!("tower-auth-key-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let pem = include_str!("../../common/keys/p256.pub.pem");
    std::fs::write(folder.join("issuer.pem"), pem).unwrap();
    let file = folder.join("auth.yml");
    let text = "auth: {jwt: {public_key_file: issuer.pem, algorithm: ES256}}";
    std::fs::write(&file, text).unwrap();
    let setup = AuthConfig::from_file(&file).with_env(ENV).build();
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(setup.unwrap().summary().providers(), ["jwt (ES256)"]);
}

#[tokio::test]
async fn key_without_scopes_may_do_everything_and_with_none_nothing() {
    for (scopes, allowed) in [
        ("", true),
        (", scopes: []", false),
        (", scopes: [a]", false),
    ] {
        let text = format!("auth: {{api_keys: [{{name: k, key: sk-1{scopes}}}]}}");
        let provider = yaml(&text).build().unwrap().provider().unwrap();
        let request = http::Request::builder()
            .header("x-api-key", "sk-1")
            .body(())
            .unwrap();
        let context = provider
            .authenticate(&(&request).into())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(context.scopes().contains("anything"), allowed, "{scopes}");
    }
}

#[tokio::test]
async fn expired_and_revoked_keys_are_refused() {
    for (state, code) in [
        ("expires_at: 2026-11-22T00:00:00Z", 401),
        ("expires_at: 2099-01-01T00:00:00+01:00", 200),
        ("revoked: true", 401),
        ("revoked: false", 200),
    ] {
        let config = yaml(&format!(
            "auth: {{api_keys: [{{name: k, key: sk-1, {state}}}]}}"
        ));
        let shown = [("x-api-key", "sk-1")];
        assert_eq!(status(config, "POST /run", &shown).await, code, "{state}");
    }
}

#[test]
fn registered_name_is_replaced_by_a_later_one() {
    let config = AuthConfig::from_yaml("auth: {custom: one}")
        .with_provider("one", provider_fn(|_| Ok(None)))
        .with_provider("one", provider_fn(|_| Ok(Some(AuthContext::new("x")))));
    assert!(config.build().is_ok());
}

#[test]
fn types_go_where_a_server_needs_them() {
    fn check<T: Send + Sync + std::fmt::Debug>() {}
    fn check_clone<T: Clone>() {}
    check::<AuthConfig>();
    check::<tower_auth::config::AuthSetup>();
    check::<tower_auth::config::ReloadLayer>();
    check::<tower_auth::config::ReloadHandle>();
    check::<tower_auth::config::ConfigFaults>();
    check::<tower_auth::config::Watch>();
    check::<tower_auth::webhook::WebhookRoutes>();
    check::<tower_auth::webhook::WebhookRoutesService<axum::Router>>();
    check_clone::<tower_auth::webhook::WebhookRoutes>();
    check_clone::<tower_auth::webhook::WebhookRoutesService<axum::Router>>();
    check_clone::<AuthConfig>();
    check_clone::<tower_auth::config::ReloadLayer>();
    check_clone::<tower_auth::config::ReloadHandle>();
}
