//! The independent vectors, each through an HTTP request.

use serde_json::Value;
use tower_auth::webhook::WebhookLayer;

use crate::webhook::{
    kit::{Delivery, Hook},
    vectors,
};

fn rows() -> Vec<Value> {
    let Some(text) = vectors::read("webhooks/webhook_vectors.json") else {
        return Vec::new();
    };
    let file: Value = serde_json::from_str(&text).unwrap();
    let rows = file["vectors"].as_array().unwrap().clone();
    assert_eq!(rows.len(), 19);
    rows
}

fn layer(row: &Value) -> WebhookLayer {
    let secret = row["secret"]
        .as_str()
        .or(row["public_key"].as_str())
        .unwrap();
    let scheme = row["scheme"].as_str().unwrap();
    match scheme.split([' ', '(']).next().unwrap() {
        "standard-webhooks" => WebhookLayer::standard(secret),
        "github" => WebhookLayer::github(secret),
        "stripe" => WebhookLayer::stripe(secret),
        "slack" => WebhookLayer::slack(secret),
        "discord" => WebhookLayer::discord(secret),
        "telegram" => WebhookLayer::telegram(secret),
        "meta" => WebhookLayer::meta(secret),
        "shopify" => WebhookLayer::shopify(secret),
        "linear" => WebhookLayer::linear(secret),
        "twilio" | "twilio-json" => {
            let (url, _) = row["url"].as_str().unwrap().split_once('?').unwrap();
            WebhookLayer::twilio(secret, url)
        }
        other => panic!("a scheme without a layer: {other}"),
    }
    .unwrap()
}

fn delivery(row: &Value) -> Delivery {
    let mut delivery = Delivery::new(row["body"].as_str().unwrap());
    for (name, value) in row["headers"].as_object().unwrap() {
        delivery = delivery.with(name, value.as_str().unwrap());
    }
    if let Some((_, query)) = row["url"].as_str().and_then(|url| url.split_once('?')) {
        delivery.query = format!("?{query}");
    }
    delivery
}

fn hook(row: &Value) -> Hook {
    let hook = Hook::new(layer(row));
    if let Some(time) = row["timestamp"].as_u64() {
        hook.clock.set_unix(time);
    }
    hook
}

#[tokio::test]
async fn every_vector_is_accepted_with_its_body_untouched() {
    for row in rows() {
        let hook = hook(&row);
        let answer = hook.send(&delivery(&row)).await;
        assert_eq!(answer.status, 200, "{row}: {answer:?}");
        if row["note"]
            .as_str()
            .is_some_and(|note| note.starts_with("PING"))
        {
            assert_eq!(answer.body, r#"{"type":1}"#);
            continue;
        }
        let got = Hook::got(&answer);
        assert_eq!(got.body, row["body"].as_str().unwrap(), "{row}");
        assert_eq!(got.context.method(), "webhook");
        for (name, shown) in [
            (
                "user_id",
                got.message.as_ref().and_then(|one| one.user_id()),
            ),
            (
                "chat_id",
                got.message.as_ref().and_then(|one| one.chat_id()),
            ),
        ] {
            if let Some(expected) = row["allowlist"][name].as_str() {
                assert_eq!(shown, Some(expected), "{row}");
            }
        }
    }
}

#[tokio::test]
async fn every_vector_is_refused_with_one_byte_of_its_body_changed() {
    for row in rows() {
        // Telegram signs no body.
        if row["scheme"] == "telegram" {
            continue;
        }
        let valid = delivery(&row);
        for at in 0..valid.body.len() {
            let mut body = valid.body.clone();
            body[at] ^= 1;
            let answer = hook(&row).send(&valid.clone().with_body(body)).await;
            assert!(
                matches!(answer.status.as_u16(), 400 | 401),
                "{row}, byte {at}: {answer:?}"
            );
        }
    }
}

#[tokio::test]
async fn every_vector_is_refused_with_one_byte_of_its_signature_changed() {
    for row in rows() {
        // Two rows hold signatures that do not count: a change there changes nothing.
        if row["note"]
            .as_str()
            .is_some_and(|note| note.contains("match"))
        {
            continue;
        }
        let valid = delivery(&row);
        for (name, value) in &valid.headers {
            if name == "content-type" {
                continue;
            }
            for at in 0..value.len() {
                let mut changed = value.clone();
                changed[at] ^= 1;
                if http::HeaderValue::from_bytes(&changed).is_err() {
                    continue;
                }
                let answer = hook(&row)
                    .send(&valid.clone().replacing(name, changed))
                    .await;
                assert!(
                    matches!(answer.status.as_u16(), 400 | 401),
                    "{row}, {name} at {at}: {answer:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn every_vector_is_refused_by_the_layers_of_the_other_rows() {
    let rows = rows();
    for (row, other) in rows
        .iter()
        .flat_map(|row| rows.iter().map(move |one| (row, one)))
    {
        // GitHub and Meta sign alike, and one secret may stand in several rows.
        let secret = |row: &Value| {
            row["secret"]
                .as_str()
                .or(row["public_key"].as_str())
                .map(str::to_owned)
        };
        if secret(row) == secret(other) {
            continue;
        }
        let hook = hook(row);
        let other = Hook::new(layer(other));
        other.clock.set_unix(hook.clock.unix());
        let answer = other.send(&delivery(row)).await;
        assert!(
            matches!(answer.status.as_u16(), 400 | 401),
            "{row}: {answer:?}"
        );
    }
}
