//! A secret in the file is seen nowhere: not in faults, not in the log, not in `Debug`.

use serde_json::{Value, json};
use tower_auth::config::{AuthConfig, ConfigFaults};

use super::files::{app, ready};
use crate::common::{log::Log, oneshot::ask};

const CANARY: &str = "sk-Canary-7f3a91";

/// Every text of it is the canary, somewhere.
fn document() -> Value {
    json!({"auth": {
        "realm": "agents",
        "api_keys": [{"name": "a", "key": CANARY, "scopes": ["s"], "user_id": "u", "roles": ["r"],
            "tenant": "t", "metadata": {"m": "n"}}],
        "key_store": {"url": format!("memory://app:{CANARY}@db/keys?password={CANARY}"),
            "prefix": "sk", "header": "x-key", "source": "managed", "owner_methods": ["o"],
            "free_metadata": ["f"], "stale_limit_seconds": 5, "max_lifetime_seconds": 5},
        "jwt": {"secret": format!("{CANARY}-{CANARY}-{CANARY}"), "algorithm": "HS256"},
        "introspection": {"endpoint": "https://a.example/i", "client_id": "a",
            "client_secret": CANARY, "audience": "a", "ignore_jwts": true},
        "oauth2": [{"issuer": "https://a.example", "audience": "a"},
            {"issuer": "https://b.example", "audience": "b"}],
        "allowlist": {"user_ids": ["1"], "platforms": ["p"]},
        "webhooks": [
            {"path": "/hooks/a", "scheme": "telegram", "secret": [CANARY, format!("{CANARY}-2")],
             "allow": {"user_ids": [1], "chat_ids": [-1]}},
            {"path": "/hooks/b", "scheme": "meta", "secret": CANARY, "verify_token": CANARY,
             "allow": "everyone", "user_id": "m", "scopes": ["s"], "max_body_bytes": 5},
            {"path": "/hooks/c", "scheme": "twilio", "secret": CANARY, "url": "https://a.example"},
            {"path": "/hooks/d", "scheme": "hmac", "secret": CANARY, "hmac": {
                "signature_header": "x-a", "prefix": "a=", "timestamp_header": "x-b",
                "id_header": "x-c", "clock_skew_seconds": 9}},
        ],
        "dev_docs": false,
    }})
}

#[tokio::test]
async fn good_file_shows_no_secret() {
    let log = Log::start();
    let config = ready(AuthConfig::from_json(document().to_string()));
    let mut seen = format!("{config:?}");
    let setup = config.build().unwrap();
    seen += &format!("{setup:?} {} {:?}", setup.summary(), setup.summary());
    let (layer, webhooks, handle) = setup.into_reload_layers();
    seen += &format!(
        "{layer:?} {webhooks:?} {handle:?} {:?}",
        handle.reload().unwrap()
    );
    let service = tower_layer_of(&layer);
    for shown in [CANARY, "sk-wrong"] {
        ask(&service, "POST /run", &[("x-api-key", shown)]).await;
    }
    seen += &log.text();
    assert!(!seen.contains("Canary"), "{seen}");
    assert!(seen.contains("api_key (1 key)"), "{seen}");
}

fn tower_layer_of(layer: &tower_auth::config::ReloadLayer) -> axum::Router {
    axum::Router::new()
        .route("/run", axum::routing::any(|| async { "ran" }))
        .layer(layer.clone())
}

#[test]
fn canary_in_the_place_of_any_node_or_name_is_not_shown() {
    let log = Log::start();
    let mut tried = 0;
    for path in paths(&document()) {
        for put in [
            json!(CANARY),
            json!([CANARY]),
            json!({CANARY: 1}),
            json!({CANARY: CANARY}),
            json!(format!("${{{CANARY}}}")),
            json!(format!("${{CANARY_7}}{CANARY}$")),
            json!(format!("${{UNSET:-{CANARY}}}${{")),
        ] {
            let mut mutated = document();
            *mutated.pointer_mut(&path).unwrap() = put;
            tried += 1;
            for config in [
                AuthConfig::from_json(mutated.to_string()),
                AuthConfig::from_yaml(mutated.to_string()),
            ] {
                if let Err(faults) = ready(config).build() {
                    assert!(!shown(&faults).contains("Canary"), "{path}: {faults}");
                }
            }
        }
        let (parent, name) = path.rsplit_once('/').unwrap_or_default();
        let mut renamed = document();
        let node = renamed.pointer_mut(parent).unwrap();
        if let Some(value) = node.as_object_mut().and_then(|block| block.remove(name)) {
            node[CANARY] = value;
            for config in [
                AuthConfig::from_json(renamed.to_string()),
                AuthConfig::from_yaml(renamed.to_string()),
            ] {
                let faults = ready(config).build().map(drop).err();
                let text = faults.map(|faults| shown(&faults)).unwrap_or_default();
                assert!(!text.contains("Canary"), "{path}: {text}");
            }
        }
    }
    assert!(tried > 100, "{tried}");
    assert!(!log.text().contains("Canary"), "{}", log.text());
}

#[test]
fn broken_syntax_around_a_secret_does_not_show_it() {
    for text in [
        format!("auth: {{api_keys: [{{name: a, key: \"{CANARY}}}]}}"),
        format!("auth:\n  {CANARY}\n  x: y\n"),
        format!("auth: {{{CANARY}: 1, {CANARY}: 2}}"),
        CANARY.to_owned(),
        format!("- {CANARY}"),
        format!("auth: *{CANARY}"),
        format!("auth: !{CANARY} x"),
        format!("%{CANARY}\n---\nauth: x"),
        format!("auth: @{CANARY}"),
        format!("auth: \"\\{CANARY}\""),
    ] {
        for config in [AuthConfig::from_yaml(&*text), AuthConfig::from_json(&*text)] {
            let faults = ready(config).into_layer().unwrap_err();
            assert!(!shown(&faults).contains("Canary"), "{text}: {faults}");
        }
    }
}

#[test]
fn secrets_of_the_environment_and_of_code_are_not_shown() {
    for (name, value) in [
        ("TOWER_AUTH__MODE", CANARY),
        ("TOWER_AUTH__JWT__SECRET", CANARY),
        ("TOWER_AUTH__JWT", CANARY),
        ("TOWER_AUTH__API_KEYS", CANARY),
        (
            "TOWER_AUTH__API_KEYS",
            "[\"sk-Canary-7f3a91\", {\"sk-Canary-7f3a91\": 1}]",
        ),
        ("TOWER_AUTH__API_KEYS", "[sk-Canary-7f3a91]"),
        ("TOWER_AUTH__DEV_DOCS", CANARY),
        ("TOWER_AUTH__WEBHOOKS", CANARY),
        (
            "TOWER_AUTH__WEBHOOKS",
            "[{\"path\": \"/h\", \"scheme\": \"sk-Canary-7f3a91\", \"secret\": \"sk-Canary-7f3a91\"}]",
        ),
    ] {
        let config = AuthConfig::from_env().with_env([(name, value)]);
        assert!(!format!("{config:?}").contains("Canary"));
        let faults = config.into_layer().unwrap_err();
        assert!(!shown(&faults).contains("Canary"), "{name}: {faults}");
    }
    let config = AuthConfig::from_env().with_value("auth.mode", CANARY);
    assert!(!format!("{config:?}").contains("Canary"));
    assert!(!shown(&config.into_layer().unwrap_err()).contains("Canary"));
    let agent = AuthConfig::from_json(r#"{"auth": "jwt"}"#);
    let faults = agent.with_env([("JWT_SECRET_KEY", CANARY), ("JWT_ALGORITHM", CANARY)]);
    assert!(!shown(&faults.into_layer().unwrap_err()).contains("Canary"));
}

#[tokio::test]
async fn handler_sees_no_secret_of_the_file() {
    let setup = ready(AuthConfig::from_json(document().to_string()))
        .build()
        .unwrap();
    let (layer, webhooks) = setup.into_layers();
    assert!(!format!("{webhooks:?}").contains("Canary"));
    assert!(!format!("{layer:?}").contains("Canary"));
    let answer = ask(&app(layer), "POST /run", &[]).await;
    assert!(!format!("{answer:?}").contains("Canary"));
}

fn shown(faults: &ConfigFaults) -> String {
    let error = tower_auth::ConfigError::from(faults.clone());
    format!("{faults} {faults:?} {error} {error:?}")
}

/// JSON pointers to every node but the root.
fn paths(value: &Value) -> Vec<String> {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, v)| (name.clone(), v)).collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(i, v)| (i.to_string(), v))
            .collect(),
        _ => vec![],
    };
    let below = |(name, child): (String, &Value)| {
        let deeper = paths(child)
            .into_iter()
            .map(|path| format!("/{name}{path}"));
        std::iter::once(format!("/{name}"))
            .chain(deeper)
            .collect::<Vec<_>>()
    };
    children.into_iter().flat_map(below).collect()
}
