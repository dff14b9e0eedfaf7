//! Meta: several people in one delivery, and the handshake.

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};
use tower_auth::{provider::AllowlistAuth, webhook::WebhookLayer};

use crate::webhook::{
    common::answer::{Answer, send},
    kit::{Delivery, Hook, NOW, refused},
    schemes::{SECRET, named},
};

fn guarded() -> Hook {
    let allowed = AllowlistAuth::on_platforms(["whatsapp"], ["151", "152"]).unwrap();
    Hook::new(WebhookLayer::meta(SECRET).unwrap().allow(allowed))
}

fn change(value: Value) -> Value {
    json!({"field": "messages", "value": value})
}

fn from(senders: &[&str]) -> Value {
    let messages: Vec<Value> = senders
        .iter()
        .map(|from| json!({"from": from, "id": "wamid"}))
        .collect();
    change(json!({"metadata": {"phone_number_id": "106"}, "messages": messages}))
}

fn delivery(changes: &[Value]) -> Delivery {
    let body =
        json!({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": changes}]});
    (named("meta").sign)(SECRET, NOW, body.to_string().as_bytes())
}

#[tokio::test]
async fn every_sender_in_a_delivery_must_be_let_in() {
    for (changes, expected) in [
        (vec![from(&["151"])], true),
        (vec![from(&["151", "152"])], true),
        (vec![from(&["151"]), from(&["152"])], true),
        (vec![from(&["151", "159"])], false),
        (vec![from(&["151"]), from(&["159"])], false),
        (vec![from(&[])], false),
        (vec![from(&["151"]), from(&[])], false),
        (vec![], false),
        (
            vec![from(&["151"]), change(json!({"event": "FLAGGED"}))],
            false,
        ),
        (
            vec![change(json!({"statuses": [{"recipient_id": "151"}]}))],
            true,
        ),
        (
            vec![change(json!({"statuses": [{"recipient_id": "159"}]}))],
            false,
        ),
    ] {
        let hook = guarded();
        let answer = hook.send(&delivery(&changes)).await;
        assert_eq!(
            (answer.status.as_u16(), hook.runs() == 1),
            (200, expected),
            "{changes:?}"
        );
    }
}

#[tokio::test]
async fn one_sender_is_the_caller_and_several_are_not() {
    let one = Hook::got(&guarded().send(&delivery(&[from(&["151"])])).await);
    assert_eq!(one.context.user_id(), "151");
    assert_eq!(one.message.unwrap().chat_id(), Some("106"));
    let several = Hook::got(&guarded().send(&delivery(&[from(&["151", "152"])])).await);
    assert_eq!(several.context.user_id(), "meta");
    assert_eq!(several.message, None);
}

#[tokio::test]
async fn what_is_not_whatsapps_names_nobody() {
    let body = json!({"object": "page", "entry": [{"changes": [from(&["151"])]}]});
    let hook = guarded();
    let delivery = (named("meta").sign)(SECRET, NOW, body.to_string().as_bytes());
    assert_eq!(hook.send(&delivery).await.status, 200);
    assert_eq!(hook.runs(), 0);
}

async fn shaken(query: &str) -> Answer {
    let layer = WebhookLayer::meta(SECRET)
        .unwrap()
        .with_verify_token("v-token")
        .unwrap();
    let hook = Hook::new(layer);
    let request = Request::get(format!("/hook?{query}"))
        .body(Body::empty())
        .unwrap();
    let answer = send(&hook.app, request).await;
    assert_eq!(hook.runs(), 0);
    answer
}

#[tokio::test]
async fn the_handshake_is_answered_where_it_shows_the_token() {
    let answer =
        shaken("hub.mode=subscribe&hub.verify_token=v-token&hub.challenge=11%3Cb%3E").await;
    assert_eq!(
        (answer.status.as_u16(), &*answer.body),
        (200, &b"11<b>"[..])
    );
    assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
}

#[tokio::test]
async fn another_handshake_is_refused() {
    for (query, status, code) in [
        (
            "hub.mode=subscribe&hub.verify_token=other&hub.challenge=1",
            401,
            "invalid_credential",
        ),
        (
            "hub.mode=subscribe&hub.verify_token=&hub.challenge=1",
            401,
            "invalid_credential",
        ),
        (
            "hub.mode=unsubscribe&hub.verify_token=v-token&hub.challenge=1",
            401,
            "invalid_credential",
        ),
        (
            "hub.mode=subscribe&hub.challenge=1",
            401,
            "missing_credential",
        ),
        (
            "hub.verify_token=v-token&hub.challenge=1",
            401,
            "missing_credential",
        ),
        ("", 401, "missing_credential"),
        (
            "hub.mode=subscribe&hub.verify_token=x&hub.verify_token=v-token&hub.challenge=1",
            400,
            "invalid_request",
        ),
        (
            "hub.mode=subscribe&hub.verify_token=v-token&hub.challenge=1&hub.challenge=2",
            400,
            "invalid_request",
        ),
    ] {
        refused(&shaken(query).await, status, code);
    }
}
