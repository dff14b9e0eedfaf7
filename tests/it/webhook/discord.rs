//! Discord: interactions in guilds and elsewhere, and the events of an application.

use serde_json::{Value, json};
use tower_auth::{provider::AllowlistAuth, webhook::WebhookLayer};

use crate::webhook::{
    common::answer::Answer,
    kit::{Delivery, Hook, NOW, hex, refused},
    schemes::{SECRET, pair, spelled},
};

const USER: &str = "900000000000000001";
const CHANNEL: &str = "900000000000000003";

fn layer() -> WebhookLayer {
    WebhookLayer::discord(spelled("discord", SECRET)).unwrap()
}

fn guarded() -> Hook {
    let allowed = AllowlistAuth::on_platforms(["discord"], [USER])
        .and_then(|allowed| allowed.with_chat_ids([CHANNEL]))
        .unwrap();
    Hook::new(layer().allow(allowed))
}

fn delivery(body: impl ToString) -> Delivery {
    let body = body.to_string();
    let signature = pair(SECRET).sign(format!("{NOW}{body}").as_bytes());
    Delivery::new(body)
        .with("x-signature-timestamp", NOW.to_string())
        .with("x-signature-ed25519", hex(signature.as_ref()))
}

/// An interaction in which the listed user is mentioned, targeted and quoted.
fn interaction(kind: u8, who: Value) -> Value {
    let mut body = json!({
        "type": kind, "id": "1", "application_id": "2", "token": "t", "version": 1,
        "channel_id": CHANNEL, "channel": {"id": CHANNEL}, "guild_id": "900000000000000004",
        "data": {
            "target_id": USER, "name": "ask",
            "resolved": {"users": {USER: {"id": USER}}, "members": {USER: {"user": {"id": USER}}}},
        },
        "message": {"author": {"id": USER}, "channel_id": CHANNEL},
    });
    for (name, value) in who.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn in_guild(user: &str) -> Value {
    json!({"member": {"user": {"id": user, "username": "ada"}, "roles": []}})
}

fn in_dm(user: &str) -> Value {
    json!({"user": {"id": user, "username": "ada"}})
}

async fn sent(hook: &Hook, body: &Value) -> Answer {
    hook.send(&delivery(body)).await
}

#[tokio::test]
async fn a_listed_user_is_let_in_from_a_guild_and_from_a_direct_message() {
    for who in [in_guild(USER), in_dm(USER)] {
        for kind in [2, 3, 4, 5] {
            let hook = guarded();
            let answer = sent(&hook, &interaction(kind, who.clone())).await;
            let got = Hook::got(&answer);
            assert_eq!(got.context.user_id(), USER);
            let message = got.message.unwrap();
            assert_eq!(message.chat_id(), Some(CHANNEL));
            assert_eq!(message.username(), Some("ada"));
        }
    }
}

#[tokio::test]
async fn another_user_channel_or_nobody_is_not_let_in() {
    let mut elsewhere = interaction(2, in_guild(USER));
    elsewhere["channel_id"] = json!("900000000000000009");
    elsewhere["channel"]["id"] = json!("900000000000000009");
    let mut nowhere = interaction(2, in_guild(USER));
    nowhere["channel_id"] = Value::Null;
    nowhere["channel"] = Value::Null;
    for body in [
        interaction(2, in_guild("900000000000000002")),
        interaction(2, in_dm("900000000000000002")),
        interaction(2, json!({})),
        interaction(2, json!({"member": {}})),
        elsewhere,
        nowhere,
    ] {
        let hook = guarded();
        let answer = sent(&hook, &body).await;
        assert_eq!((answer.status.as_u16(), hook.runs()), (200, 0), "{body}");
    }
}

#[tokio::test]
async fn a_refused_user_reads_so_in_words_that_nobody_else_sees() {
    for kind in [2, 3, 5] {
        let answer = sent(&guarded(), &interaction(kind, in_dm("7"))).await;
        let said: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(
            (&said["type"], &said["data"]["flags"]),
            (&json!(4), &json!(64))
        );
    }
    let answer = sent(&guarded(), &interaction(4, in_dm("7"))).await;
    let said: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(said, json!({"type": 8, "data": {"choices": []}}));
}

#[tokio::test]
async fn a_ping_is_answered_once_it_is_verified_and_asks_no_list() {
    let hook = guarded();
    let ping = json!({"type": 1, "id": "1", "application_id": "2", "user": {"id": "7"}});
    for _ in 0..2 {
        let answer = sent(&hook, &ping).await;
        assert_eq!(answer.body, r#"{"type":1}"#);
        assert_eq!(answer.header("content-type"), "application/json");
    }
    let forged = delivery(&ping).replacing("x-signature-ed25519", "00".repeat(64));
    refused(&hook.send(&forged).await, 401, "invalid_credential");
    assert_eq!(hook.runs(), 0);
}

#[tokio::test]
async fn the_events_of_an_application_have_their_own_ping_and_user() {
    let ping = json!({"version": 1, "application_id": "2", "type": 0});
    let answer = sent(&guarded(), &ping).await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (204, 0));

    let event = |kind: &str, user: &str| {
        json!({"version": 1, "application_id": "2", "type": 1,
               "event": {"type": kind, "data": {"user": {"id": user}}}})
    };
    let allowed = AllowlistAuth::on_platforms(["discord"], [USER]).unwrap();
    for (body, status, runs) in [
        (event("APPLICATION_AUTHORIZED", USER), 200, 1),
        (event("APPLICATION_AUTHORIZED", "7"), 204, 0),
        (event("ENTITLEMENT_CREATE", USER), 204, 0),
    ] {
        let hook = Hook::new(layer().allow(allowed.clone()));
        let answer = sent(&hook, &body).await;
        assert_eq!(
            (answer.status.as_u16(), hook.runs()),
            (status, runs),
            "{body}"
        );
    }
}

#[tokio::test]
async fn what_can_be_read_in_two_ways_is_refused() {
    let mut both = interaction(2, in_guild("7"));
    both["user"] = json!({"id": USER});
    let mut channels = interaction(2, in_guild(USER));
    channels["channel"]["id"] = json!("7");
    let mut event = interaction(2, in_guild(USER));
    event["event"] = json!({"type": "APPLICATION_AUTHORIZED"});
    for body in [
        both,
        channels,
        event,
        json!({}),
        json!({"type": "2"}),
        json!({"type": 9}),
    ] {
        refused(&sent(&guarded(), &body).await, 400, "invalid_request");
    }
    for id in [
        "042",
        "+42",
        "",
        " 42",
        "4_2",
        "-1",
        "x",
        "18446744073709551616",
    ] {
        let answer = sent(&guarded(), &interaction(2, in_guild(id))).await;
        refused(&answer, 400, "invalid_request");
    }
    let twice =
        r#"{"type":2,"member":{"user":{"id":"7"}},"member":{"user":{"id":"900000000000000001"}}}"#;
    refused(
        &guarded().send(&delivery(twice)).await,
        400,
        "invalid_request",
    );
}
