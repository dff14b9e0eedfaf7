//! A key is in one answer, and nowhere else.

use serde_json::{Value, json};

use super::kit::{Server, at, body, text};
use crate::common::log::Log;

#[tokio::test]
async fn a_key_is_shown_once_and_its_digest_never() {
    let server = Server::new();
    let root = server.root().await;
    let log = Log::start();
    let made = root.creates(json!({"name": "x", "scopes": ["*"]})).await;
    let rotated = body(
        &root
            .post(&format!("{}/rotate", at(&made)), json!({"overlap": "1h"}))
            .await,
    );
    let mut secrets = vec![];
    for key in [text(&made, "key"), text(&rotated, "key"), &root.credential] {
        let random = key.split_once('_').unwrap().1;
        secrets.push(random[..20].to_owned());
        let digest = tower_auth::keys::KeyDigest::of_key(key.as_bytes());
        let hex: String = digest
            .as_bytes()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        secrets.push(hex);
    }
    let mut shown = vec![];
    for path in [
        "/keys",
        "/keys/audit",
        &at(&made),
        &format!("{}/audit", at(&made)),
        "/keys/none",
    ] {
        shown.push(format!("{:?}", root.get(path).await));
    }
    shown.push(format!(
        "{:?}",
        root.post(&format!("{}/rotate", at(&made)), json!({"overlap": "1h"}))
            .await
    ));
    shown.push(format!(
        "{:?}",
        root.post(&format!("{}/revoke", at(&made)), json!({"reason": "x"}))
            .await
    ));
    shown.push(format!(
        "{:?}",
        root.post("/keys", json!({"nmae": "x"})).await
    ));
    shown.push(format!(
        "{:?}",
        tower_auth::key_api::KeyApi::new(server.keys.clone())
    ));
    shown.push(log.text());
    for text in shown {
        for secret in &secrets {
            assert!(!text.contains(secret), "{secret} stands in {text}");
        }
    }
}

#[tokio::test]
async fn the_document_has_nothing_that_looks_like_a_key() {
    let server = Server::new();
    let document = tower_auth::key_api::KeyApi::new(server.keys.clone()).openapi("/keys");
    assert!(texts(&document).iter().all(|text| !text.starts_with("sk")));
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(members) => members.values().flat_map(texts).collect(),
        _ => vec![],
    }
}
