//! The example files, the environment they need, and an app behind what they come to.

use std::{
    fs,
    path::PathBuf,
    sync::{Arc, LazyLock},
};

use axum::{Router, http::HeaderName, routing::any};
use serde_json::json;
use tower_auth::{
    AuthContext, AuthLayer, CredentialSource,
    config::{AuthConfig, ConfigFaults},
    keys::{KeyRequest, KeyStore, KeyStoreFuture, ManagedKeys, MemoryKeyStore},
    provider::provider_fn,
    testing::ManualClock,
};

use crate::common::oneshot::ask;

/// 2026-11-22, so that tokens and dates of the tests stay what they are.
pub const NOW: u64 = 1_795_305_600;
pub const FRONTEND_KEY: &str = "sk-frontend-4c81";
pub const JWT_SECRET: &str = "0123456789abcdef0123456789abcdef";

/// The variables that the example files name.
pub const ENV: [(&str, &str); 10] = [
    ("FRONTEND_KEY", FRONTEND_KEY),
    ("JWT_SECRET", JWT_SECRET),
    ("JWT_SECRET_KEY", JWT_SECRET),
    ("JWT_AUDIENCE", "agent-server"),
    ("TELEGRAM_SECRET", "tg_Secret-1234567"),
    ("GITHUB_SECRET", "It's a Secret to Everybody"),
    ("ACME_SECRET", "a secret you share"),
    ("INTROSPECTION_SECRET", "a secret of an endpoint"),
    (
        "JWT_SECRET_2027",
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    ),
    (
        "SECRETS",
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/config/secrets"),
    ),
];

pub const EXAMPLES: [&str; 13] = [
    "api_keys.yaml",
    "key_store.yaml",
    "jwt.yaml",
    "jwt_keys.yaml",
    "oauth2.yaml",
    "issuers.yaml",
    "introspection.yaml",
    "secret_files.yaml",
    "throttle.yaml",
    "composite.yaml",
    "webhooks.yaml",
    "disabled.yaml",
    "agent.json",
];

pub fn example(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("examples/config")
        .join(name)
}

pub fn example_text(name: &str) -> String {
    fs::read_to_string(example(name)).unwrap()
}

pub fn yaml(text: &str) -> AuthConfig {
    ready(AuthConfig::from_yaml(text))
}

pub fn json(text: &str) -> AuthConfig {
    ready(AuthConfig::from_json(text))
}

/// With the tests' environment and clock, one provider of the program's own, and a store with
/// [`managed_key`].
pub fn ready(config: AuthConfig) -> AuthConfig {
    let sessions = provider_fn(|request| {
        Ok(request
            .header("x-session")
            .filter(|session| *session == "s1")
            .map(|_| AuthContext::new("ada")))
    })
    .with_credentials([CredentialSource::header(HeaderName::from_static(
        "x-session",
    ))]);
    let open = |_| -> KeyStoreFuture<Arc<dyn KeyStore>> {
        Box::pin(async { Ok(Arc::new(STORE.0.clone()) as Arc<dyn KeyStore>) })
    };
    config
        .with_env(ENV)
        .register_key_store("memory", open)
        .register_key_store("sqlite", open)
        .with_clock(ManualClock::at_unix(NOW).clock())
        .with_provider("sessions", sessions)
}

/// A key of the store, with the scopes `graph:invoke` and `y`.
pub fn managed_key() -> &'static str {
    &STORE.1
}

/// The store that every file of the tests opens, and its key.
static STORE: LazyLock<(MemoryKeyStore, String)> = LazyLock::new(|| {
    // A thread of its own, because a test may be on a runtime already.
    let made = std::thread::spawn(|| {
        let store = MemoryKeyStore::new().unwrap();
        let keys = ManagedKeys::new(store.clone(), "sk_live").unwrap();
        let request = KeyRequest::new("ci").with_scopes(["graph:invoke", "y"]);
        let admin = keys.as_operator("ada");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let made = runtime.unwrap().block_on(admin.create(request)).unwrap();
        let key = made.secret().unwrap().expose().to_owned();
        (store, key)
    });
    made.join().unwrap()
});

pub fn app(layer: AuthLayer) -> Router {
    let who = async |caller: Option<axum::Extension<AuthContext>>| match caller {
        Some(caller) => caller.user_id().to_owned(),
        None => "nobody".to_owned(),
    };
    [
        "/run",
        "/hooks/public",
        "/hooks/telegram",
        "/hooks/github",
        "/hooks/{source}/public",
        "/docs",
        "/health",
    ]
    .into_iter()
    .fold(Router::new(), |app, path| app.route(path, any(who)))
    .layer(layer)
}

/// The status of a request to the app behind a configuration.
pub async fn status(config: AuthConfig, line: &str, headers: &[(&str, &str)]) -> u16 {
    let layer = config
        .into_layer()
        .unwrap_or_else(|faults| panic!("{faults}"));
    ask(&app(layer), line, headers).await.status().as_u16()
}

/// Who the caller turned out to be, behind a configuration.
pub async fn caller(config: AuthConfig, headers: &[(&str, &str)]) -> String {
    let layer = config
        .into_layer()
        .unwrap_or_else(|faults| panic!("{faults}"));
    let answer = ask(&app(layer), "POST /run", headers).await;
    let body = axum::body::to_bytes(answer.into_body(), 1 << 20)
        .await
        .unwrap();
    String::from_utf8(body.to_vec()).unwrap()
}

pub fn faults(config: AuthConfig) -> ConfigFaults {
    config.into_layer().expect_err("it must not build")
}

/// A token that the example files accept.
pub fn token(claims: &[(&str, serde_json::Value)]) -> String {
    let mut all = json!({"sub": "ada", "aud": "agent-server", "exp": NOW + 60});
    for (name, value) in claims {
        all[name] = value.clone();
    }
    jsonwebtoken::encode(
        &jsonwebtoken::Header::default(),
        &all,
        &jsonwebtoken::EncodingKey::from_secret(JWT_SECRET.as_bytes()),
    )
    .unwrap()
}

pub fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}
