//! Telegram: who sent an update, and who may.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::Poll,
};

use axum::body::{Body, Bytes};
use http::HeaderValue;
use serde_json::{Value, json};
use tower_auth::{provider::AllowlistAuth, webhook::WebhookLayer};
use tracing::Level;

use crate::webhook::{
    common::{
        answer::{Answer, send},
        log::Log,
    },
    kit::{Delivery, Got, Hook, refused},
    schemes::SECRET,
    vectors,
};

const TOKEN: &str = "x-telegram-bot-api-secret-token";
const LISTED: i64 = 42;
const LISTED_CHAT: i64 = -1_001_234_567_890;

fn hook() -> Hook {
    Hook::new(WebhookLayer::telegram(SECRET).unwrap())
}

fn guarded(chats: bool) -> Hook {
    let mut allowed = AllowlistAuth::on_platforms(["telegram"], [LISTED.to_string()]).unwrap();
    if chats {
        allowed = allowed.with_chat_ids([LISTED_CHAT.to_string()]).unwrap();
    }
    Hook::new(WebhookLayer::telegram(SECRET).unwrap().allow(allowed))
}

fn delivery(update: impl ToString) -> Delivery {
    Delivery::new(update.to_string()).with(TOKEN, SECRET)
}

fn message(user: i64) -> Value {
    json!({"update_id": 1, "message": {"from": {"id": user}, "chat": {"id": LISTED_CHAT}}})
}

/// Where the published types put an id: a path, or nothing.
fn paths(what: &str) -> Option<Vec<(String, Option<String>)>> {
    let file: Value = serde_json::from_str(&vectors::read("webhooks/platform_ids.json")?).unwrap();
    let users = file["telegram"]["user"].as_object().unwrap();
    assert_eq!(users.len(), 27);
    let path = |kind: &String| {
        let text = file["telegram"][what][kind].as_str()?;
        let path = text.split(' ').next()?;
        (!path.starts_with('(')).then(|| path.to_owned())
    };
    Some(
        users
            .keys()
            .map(|kind| (kind.clone(), path(kind)))
            .collect(),
    )
}

fn put(object: &mut Value, path: &str, value: Value) {
    match path.split_once('.') {
        None => object[path] = value,
        Some((first, rest)) => {
            if object[first].is_null() {
                object[first] = json!({});
            }
            put(&mut object[first], rest, value);
        }
    }
}

/// An update in which ids that are on the lists stand wherever they must not count.
fn update(kind: &str, user: Option<(&str, i64)>, chat: Option<(&str, i64)>, own: &[&str]) -> Value {
    let decoy = json!({"id": LISTED, "username": "ada"});
    let mut content = json!({
        "via_bot": decoy,
        "reply_to_message": {"from": decoy, "chat": {"id": LISTED_CHAT}},
        "forward_origin": {"type": "user", "sender_user": decoy},
        "new_chat_member": {"user": decoy},
        "actor_chat": {"id": LISTED_CHAT},
    });
    for root in ["from", "user", "source", "boost"] {
        if !own.contains(&root) {
            content[root] = decoy.clone();
        }
    }
    if kind == "callback_query" {
        content["message"] = json!({"from": decoy});
    }
    if let Some((path, id)) = user {
        put(&mut content, path, json!(id));
    }
    if let Some((path, id)) = chat {
        put(&mut content, path, json!(id));
    }
    json!({"update_id": 1, kind: content})
}

#[tokio::test]
async fn nothing_of_a_body_is_read_where_the_secret_is_wrong() {
    let hook = hook();
    for (shown, code) in [
        (None, "missing_credential"),
        (Some("guessed"), "invalid_credential"),
    ] {
        let reads = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&reads);
        let endless = futures_util::stream::poll_fn(move |_| {
            counter.fetch_add(1, Ordering::SeqCst);
            Poll::Ready(Some(Ok::<_, Infallible>(Bytes::from_static(b" "))))
        });
        let mut request = Delivery::new("").request();
        *request.body_mut() = Body::from_stream(endless);
        if let Some(secret) = shown {
            let value = HeaderValue::from_static(secret);
            request.headers_mut().insert(TOKEN, value);
        }
        refused(&send(&hook.app, request).await, 401, code);
        assert_eq!(reads.load(Ordering::SeqCst), 0, "{shown:?}");
    }
}

#[tokio::test]
async fn every_kind_of_update_lets_in_listed_users_in_listed_chats_alone() {
    let (Some(users), Some(chats)) = (paths("user"), paths("chat")) else {
        return;
    };
    let (mut cases, mut let_in) = (0, 0);
    for ((kind, user), (_, chat)) in users.iter().zip(&chats) {
        let own: Vec<&str> = [user, chat]
            .into_iter()
            .flatten()
            .filter_map(|path| path.split('.').next())
            .collect();
        for user_id in [Some(LISTED), Some(43), None] {
            for chat_id in [Some(LISTED_CHAT), Some(-1), None] {
                let shown_user = user.as_deref().zip(user_id);
                let shown_chat = chat.as_deref().zip(chat_id);
                let update = update(kind, shown_user, shown_chat, &own);
                for lists_chats in [false, true] {
                    let expected = shown_user.is_some_and(|(_, id)| id == LISTED)
                        && (!lists_chats || shown_chat.is_some_and(|(_, id)| id == LISTED_CHAT));
                    let hook = guarded(lists_chats);
                    let answer = hook.send(&delivery(&update)).await;
                    // Whoever is refused is not sent again.
                    assert_eq!(answer.status, 200, "{update}");
                    assert_eq!(hook.runs() == 1, expected, "{update}, chats {lists_chats}");
                    if expected {
                        let got = Hook::got(&answer);
                        assert_eq!(got.context.user_id(), LISTED.to_string());
                        assert_eq!(got.message.unwrap().kind(), Some(&**kind));
                        let_in += 1;
                    }
                    cases += 1;
                }
            }
        }
    }
    // 20 kinds have a user and 11 of these a chat: 3 rows of the users' list, 1 of both.
    assert_eq!(cases, 27 * 9 * 2);
    let with_user = users.iter().filter(|(_, path)| path.is_some()).count();
    let with_both = users
        .iter()
        .zip(&chats)
        .filter(|(user, chat)| user.1.is_some() && chat.1.is_some());
    assert_eq!(let_in, with_user * 3 + with_both.count());
}

#[tokio::test]
async fn shared_identities_are_never_a_person() {
    for shared in [1_087_968_824, 136_817_688, 777_000_i64] {
        let listed = AllowlistAuth::on_platforms(["telegram"], [shared.to_string()]).unwrap();
        let hook = Hook::new(WebhookLayer::telegram(SECRET).unwrap().allow(listed));
        assert_eq!(hook.send(&delivery(message(shared))).await.status, 200);
        assert_eq!(hook.runs(), 0, "{shared}");
    }
}

#[tokio::test]
async fn whoever_writes_on_behalf_of_a_chat_is_nobody() {
    let mut update = message(LISTED);
    update["message"]["sender_chat"] = json!({"id": LISTED_CHAT});
    let hook = guarded(false);
    hook.send(&delivery(update)).await;
    assert_eq!(hook.runs(), 0);
}

#[tokio::test]
async fn two_kinds_in_one_update_are_refused() {
    let mut update = message(LISTED);
    update["edited_message"] = json!({"from": {"id": 43}, "chat": {"id": 1}});
    let hook = guarded(false);
    refused(&hook.send(&delivery(update)).await, 400, "invalid_request");
    let update = r#"{"update_id":1,"message":{"from":{"id":42}},"poll":null}"#;
    refused(&hook.send(&delivery(update)).await, 400, "invalid_request");
}

#[tokio::test]
async fn a_kind_that_is_not_known_has_no_sender() {
    let update =
        json!({"update_id": 1, "telepathy": {"from": {"id": LISTED}, "chat": {"id": LISTED_CHAT}}});
    let hook = guarded(false);
    hook.send(&delivery(&update)).await;
    assert_eq!(hook.runs(), 0);
    let got = Hook::got(&self::hook().send(&delivery(&update)).await);
    assert_eq!(got.message.unwrap().kind(), None);
    assert_eq!(got.context.user_id(), "telegram");
}

#[tokio::test]
async fn a_name_that_stands_twice_is_refused_at_any_depth() {
    for body in [
        r#"{"update_id":1,"update_id":1,"message":{"from":{"id":42}}}"#,
        r#"{"update_id":1,"message":{"from":{"id":43}},"message":{"from":{"id":42}}}"#,
        r#"{"update_id":1,"message":{"from":{"id":43},"from":{"id":42}}}"#,
        r#"{"update_id":1,"message":{"from":{"id":43,"id":42}}}"#,
        r#"{"update_id":1,"message":{"from":{"id":43,"\u0069d":42}}}"#,
        r#"{"update_id":1,"message":{"from":{"id":42},"entities":[{"user":{"id":1,"id":2}}]}}"#,
    ] {
        refused(
            &guarded(false).send(&delivery(body)).await,
            400,
            "invalid_request",
        );
    }
}

#[tokio::test]
async fn what_is_no_update_is_refused() {
    for body in [
        "",
        "null",
        "[]",
        "42",
        "{}",
        r#"{"update_id":"1","message":{"from":{"id":42}}}"#,
        r#"{"message":{"from":{"id":42}}}"#,
        r#"{"update_id":1,"message":null}"#,
        r#"{"update_id":1,"message":42}"#,
        r#"{"update_id":1,"message":[{"from":{"id":42}}]}"#,
        r#"{"update_id":1,"message":{"from":42}}"#,
        r#"{"update_id":1,"message":{"from":[{"id":42}]}}"#,
        r#"{"update_id":1,"message":{"from":{"id":"42"}}}"#,
        r#"{"update_id":1,"message":{"from":{"id":42.0}}}"#,
        r#"{"update_id":1,"message":{"from":{"id":4.2e1}}}"#,
        r#"{"update_id":1,"message":{"from":{"id":99999999999999999999}}}"#,
        r#"{"update_id":1,"message":{"from":{"id":true}}}"#,
        r#"{"update_id":1,"message":{"from":{"id":42}}} x"#,
        "{\"update_id\":1,\"message\":{\"from\":{\"id\":42},\"text\":\"\u{1}\"}}",
    ] {
        refused(
            &guarded(false).send(&delivery(body)).await,
            400,
            "invalid_request",
        );
    }
    let latin: &[u8] = b"{\"update_id\":1,\"message\":{\"from\":{\"id\":42},\"text\":\"\xfc\"}}";
    let answer = guarded(false).send(&delivery("").with_body(latin)).await;
    refused(&answer, 400, "invalid_request");
}

#[tokio::test]
async fn a_body_deeper_than_any_update_is_refused() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let body = format!(r#"{{"update_id":1,"message":{{"from":{{"id":42}},"x":{deep}}}}}"#);
    refused(
        &guarded(false).send(&delivery(body)).await,
        400,
        "invalid_request",
    );
}

#[tokio::test]
async fn the_secret_is_compared_whole() {
    for wrong in [
        "tg_Secret-12",
        "tg_Secret-1234",
        "TG_SECRET-123",
        "tg_Secret-123,tg_Secret-123",
        "*",
    ] {
        let delivery = delivery(message(LISTED)).replacing(TOKEN, wrong);
        refused(
            &guarded(false).send(&delivery).await,
            401,
            "invalid_credential",
        );
    }
}

#[tokio::test]
async fn a_refused_sender_is_logged_for_audit_and_answered_for_good() {
    let hook = guarded(false);
    let mut update = message(43);
    update["message"]["from"]["username"] = json!("mallory");
    let log = Log::start();
    let answer: Answer = hook.send(&delivery(update)).await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (200, 0));
    assert!(answer.extensions.get::<Got>().is_none());
    let event = log.only();
    assert_eq!(event.level, Level::INFO);
    for (name, value) in [
        ("outcome", "refused"),
        ("code", "not_allowlisted"),
        ("reason", "user_not_allowlisted"),
        ("provider", "allowlist"),
        ("platform", "telegram"),
        ("user_id", "43"),
        ("chat_id", "-1001234567890"),
        ("kind", "message"),
    ] {
        assert_eq!(event.field(name), Some(value), "{name}");
    }
    assert!(!log.text().contains(SECRET));
}

#[tokio::test]
async fn an_outer_layer_leaves_the_answer_to_a_refused_sender_alone() {
    use axum::{Router, routing::post};
    use tower_auth::{AuthLayer, provider::ApiKeyAuth};

    let allowed = AllowlistAuth::on_platforms(["telegram"], ["42"]).unwrap();
    let layer = WebhookLayer::telegram(SECRET).unwrap().allow(allowed);
    let app = Router::new()
        .route("/hook", post(|| async { "ran" }).layer(layer))
        .layer(AuthLayer::new(ApiKeyAuth::new(["sk-live-9f"]).unwrap()).public("/hook"));
    let answer = crate::common::answer::send(&app, delivery(message(43)).request()).await;
    assert_eq!((answer.status.as_u16(), &*answer.body), (200, &b""[..]));
}
