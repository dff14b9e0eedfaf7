//! Slack: events, slash commands, interactivity.

use serde_json::{Value, json};
use tower_auth::{provider::AllowlistAuth, webhook::WebhookLayer};

use crate::webhook::{
    kit::{Delivery, Hook, NOW, refused},
    schemes::{SECRET, named},
};

const FORM: &str = "application/x-www-form-urlencoded";

fn layer() -> WebhookLayer {
    WebhookLayer::slack(SECRET).unwrap()
}

fn guarded() -> Hook {
    let allowed = AllowlistAuth::on_platforms(["slack"], ["U1"])
        .and_then(|allowed| allowed.with_chat_ids(["C1"]))
        .unwrap();
    Hook::new(layer().allow(allowed))
}

fn delivery(content_type: &str, body: impl ToString) -> Delivery {
    let delivery = (named("slack").sign)(SECRET, NOW, body.to_string().as_bytes());
    delivery.with("content-type", content_type)
}

fn event(event: Value) -> Delivery {
    let body = json!({
        "type": "event_callback", "event_id": "Ev1", "team_id": "T1", "event": event,
        "authorizations": [{"team_id": "T1", "user_id": "U1"}],
    });
    delivery("application/json", body)
}

fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

fn command(user: &str, chat: &str) -> Delivery {
    let fields = [
        ("command", "/ask"),
        ("user_id", user),
        ("channel_id", chat),
        ("user_name", "ada"),
    ];
    delivery(FORM, form(&fields))
}

fn interaction(payload: Value) -> Delivery {
    delivery(FORM, form(&[("payload", &payload.to_string())]))
}

/// Whether it was let in.
async fn lets_in(delivery: &Delivery) -> bool {
    let hook = guarded();
    let answer = hook.send(delivery).await;
    // Slack sends what was not answered with 200 again.
    assert_eq!(answer.status, 200, "{answer:?}");
    hook.runs() == 1
}

#[tokio::test]
async fn the_sender_and_channel_of_an_event_are_found_wherever_slack_puts_them() {
    for shape in [
        json!({"type": "message", "user": "U1", "channel": "C1"}),
        json!({"type": "team_join", "user": {"id": "U1"}, "channel": "C1"}),
        json!({"type": "channel_rename", "user": "U1", "channel": {"id": "C1"}}),
        json!({"type": "x", "user": "U1", "channel_id": "C1"}),
        json!({"type": "reaction_added", "user": "U1", "item": {"channel": "C1"}, "item_user": "U2"}),
        json!({"type": "x", "user": "U1", "assistant_thread": {"channel_id": "C1"}}),
        json!({"type": "message", "subtype": "message_changed", "channel": "C1", "message": {"user": "U1"}}),
    ] {
        assert!(lets_in(&event(shape.clone())).await, "{shape}");
        let other =
            |from, to| serde_json::from_str::<Value>(&shape.to_string().replace(from, to)).unwrap();
        assert!(!lets_in(&event(other("U1", "U9"))).await, "{shape}");
        assert!(!lets_in(&event(other("C1", "C9"))).await, "{shape}");
    }
}

#[tokio::test]
async fn an_event_without_a_sender_or_channel_is_not_let_in() {
    for shape in [
        json!({"type": "message", "channel": "C1"}),
        json!({"type": "message", "user": "", "channel": "C1"}),
        json!({"type": "message", "user": null, "channel": "C1"}),
        json!({"type": "message", "user": "U1"}),
        json!({"type": "reaction_added", "item_user": "U1", "item": {"channel": "C1"}}),
        json!({"type": "message", "subtype": "message_deleted", "channel": "C1", "previous_message": {"user": "U1"}}),
        json!({"type": "message", "channel": "C1", "message": {"user": "U1"}}),
        json!({"type": "message", "bot_id": "B1", "channel": "C1", "bot_profile": {"user": "U1"}}),
    ] {
        assert!(!lets_in(&event(shape.clone())).await, "{shape}");
    }
    let limited = json!({"type": "app_rate_limited", "user": "U1", "channel": "C1"});
    assert!(!lets_in(&delivery("application/json", limited)).await);
}

#[tokio::test]
async fn a_changed_message_is_its_authors_unless_another_one_is_named_beside_them() {
    let changed = |event_user: Value, author: Value, editor: Value, before: Value| {
        event(json!({
            "type": "message", "subtype": "message_changed", "channel": "C1", "user": event_user,
            "message": {"user": author, "text": "new", "edited": {"user": editor, "ts": "1.0"}},
            "previous_message": {"user": before, "text": "old"},
        }))
    };
    let (ada, other, nobody) = (json!("U1"), json!("U9"), Value::Null);
    for (event_user, author, editor, before, is_let_in) in [
        (&nobody, &ada, &ada, &ada, true),
        // A link was unfurled: nobody edited it.
        (&nobody, &ada, &nobody, &ada, true),
        (&ada, &ada, &nobody, &nobody, true),
        (&nobody, &other, &other, &other, false),
        // Ada's words changed by somebody else, and somebody else's changed by her.
        (&nobody, &ada, &other, &ada, false),
        (&nobody, &other, &ada, &other, false),
        (&other, &ada, &nobody, &nobody, false),
        (&ada, &other, &nobody, &nobody, false),
        (&nobody, &ada, &nobody, &other, false),
        (&ada, &nobody, &ada, &ada, false),
    ] {
        let delivery = changed(
            event_user.clone(),
            author.clone(),
            editor.clone(),
            before.clone(),
        );
        let case = format!("{event_user} {author} {editor} {before}");
        assert_eq!(lets_in(&delivery).await, is_let_in, "{case}");
    }
}

#[tokio::test]
async fn a_bot_is_known_by_its_own_id() {
    let hook = Hook::new(layer());
    let bot = json!({"type": "message", "subtype": "bot_message", "bot_id": "B1", "channel": "C1"});
    let got = Hook::got(&hook.send(&event(bot)).await);
    assert_eq!(got.context.user_id(), "B1");
}

#[tokio::test]
async fn a_slash_command_is_judged_by_user_and_channel() {
    assert!(lets_in(&command("U1", "C1")).await);
    assert!(!lets_in(&command("U9", "C1")).await);
    assert!(!lets_in(&command("U1", "C9")).await);
    assert!(!lets_in(&command("", "C1")).await);
    let hook = guarded();
    let got = Hook::got(&hook.send(&command("U1", "C1")).await);
    let message = got.message.unwrap();
    assert_eq!(
        (message.kind(), message.username()),
        (Some("slash_command"), Some("ada"))
    );
}

#[tokio::test]
async fn interactivity_is_judged_by_user_and_channel() {
    let press = |user: &str, chat: Value| {
        let mut payload = json!({"type": "block_actions", "user": {"id": user, "username": "ada"}, "team": {"id": "T1"},
                                 "message": {"user": "U1"}});
        for (name, value) in chat.as_object().unwrap() {
            payload[name] = value.clone();
        }
        interaction(payload)
    };
    assert!(lets_in(&press("U1", json!({"channel": {"id": "C1"}}))).await);
    assert!(lets_in(&press("U1", json!({"container": {"channel_id": "C1"}}))).await);
    assert!(!lets_in(&press("U9", json!({"channel": {"id": "C1"}}))).await);
    assert!(
        !lets_in(&press(
            "U1",
            json!({"channel": {"id": "C9"}, "container": {"channel_id": "C1"}})
        ))
        .await
    );
    assert!(!lets_in(&press("U1", json!({}))).await);
}

#[tokio::test]
async fn url_verification_is_answered_once_it_is_verified() {
    let question =
        json!({"type": "url_verification", "token": "t", "challenge": "3eZbrw1aB<script>"});
    let hook = guarded();
    let answer = hook.send(&delivery("application/json", &question)).await;
    assert_eq!(
        (answer.status.as_u16(), &*answer.body),
        (200, &b"3eZbrw1aB<script>"[..])
    );
    assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(hook.runs(), 0);
    let forged = delivery("application/json", &question)
        .replacing("x-slack-signature", format!("v0={}", "0".repeat(64)));
    refused(&hook.send(&forged).await, 401, "invalid_credential");
}

#[tokio::test]
async fn what_can_be_read_in_two_ways_is_refused() {
    let twice = |name, value| {
        let mut fields = vec![("command", "/ask"), ("user_id", "U9"), ("channel_id", "C1")];
        fields.push((name, value));
        delivery(FORM, form(&fields))
    };
    let json_body = json!({"type": "event_callback", "event": {"type": "message", "user": "U1", "channel": "C1"}});
    let payload = json!({"type": "x", "user": {"id": "U1"}}).to_string();
    for ambiguous in [
        twice("user_id", "U1"),
        twice("channel_id", "C9"),
        delivery(FORM, form(&[("payload", &payload), ("payload", &payload)])),
        delivery(FORM, &json_body),
        delivery(
            "application/json",
            form(&[("command", "/ask"), ("user_id", "U1"), ("channel_id", "C1")]),
        ),
        delivery(FORM, "user_id=U1&channel_id=C1"),
        delivery(FORM, "payload=%7B%7D"),
        delivery(
            "application/json",
            r#"{"type":"event_callback","event":{"user":"U9","user":"U1","channel":"C1"}}"#,
        ),
        delivery("application/json", r#"{"type":"event_callback"}"#),
    ] {
        refused(&guarded().send(&ambiguous).await, 400, "invalid_request");
    }
}
