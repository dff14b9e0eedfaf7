//! Chat-platform users who may call.

use crate::common;

use std::sync::Arc;

use axum::{Extension, Json, Router, extract::State, routing::post};
use common::{
    answer::{guarded, request, run, send},
    log::Log,
};
use serde_json::{Value, json};
use tower_auth::{
    AuthContext, AuthError, AuthLayer, AuthRequest, AuthRequestBuf, AuthResult, ConfigErrorKind,
    Message,
    provider::{
        AllowlistAuth, ApiKeyAuth, ApiKeyRecord, AsyncAuthProvider, AuthProvider, CompositeAuth,
    },
};
use tracing::Level;

#[tokio::test]
async fn accepts_a_user_on_the_list_with_platform_and_chat_as_metadata() {
    let allowed = telegram().with_chat_ids(["-1001"]).unwrap();
    let message = message("telegram", 42)
        .with_chat_id(-1001)
        .with_username("ada");
    let context = judged(&allowed, &message).await.unwrap().unwrap();
    assert_eq!(context.user_id(), "42");
    assert_eq!(context.method(), "allowlist");
    assert_eq!(context.issuer(), Some("telegram"));
    assert!(context.scopes().is_empty());
    let metadata = Value::Object(context.metadata().clone());
    assert_eq!(
        metadata,
        json!({"platform": "telegram", "chat_id": "-1001"})
    );
}

#[tokio::test]
async fn a_message_without_a_chat_has_no_chat_in_its_metadata() {
    let context = judged(&telegram(), &message("telegram", 42))
        .await
        .unwrap()
        .unwrap();
    let metadata = Value::Object(context.metadata().clone());
    assert_eq!(metadata, json!({"platform": "telegram"}));
}

#[tokio::test]
async fn a_user_who_is_not_listed_is_refused() {
    for id in ["43", "4", "422", "042", "42 ", "", "*", "ada"] {
        let error = judged(&telegram(), &message("telegram", id))
            .await
            .unwrap_err();
        refused(&error, "user_not_allowlisted");
    }
}

#[tokio::test]
async fn a_name_is_never_compared() {
    let message = Message::new("telegram")
        .with_user_id(43)
        .with_username("42");
    assert!(judged(&telegram(), &message).await.is_err());
}

#[tokio::test]
async fn a_message_without_a_user_is_refused() {
    let nobody = Message::new("telegram").with_chat_id(42);
    let error = judged(&telegram(), &nobody).await.unwrap_err();
    refused(&error, "user_not_allowlisted");
}

#[tokio::test]
async fn a_chat_that_is_not_listed_or_not_there_is_refused() {
    let allowed = telegram().with_chat_ids(["-1001", "7"]).unwrap();
    for message in [
        message("telegram", 42),
        message("telegram", 42).with_chat_id(-1002),
        message("telegram", 42).with_chat_id("1001"),
        message("telegram", 42).with_chat_id(""),
    ] {
        let error = judged(&allowed, &message).await.unwrap_err();
        refused(&error, "chat_not_allowlisted");
    }
}

#[tokio::test]
async fn another_platform_is_not_mine() {
    for platform in ["discord", "Telegram", "telegram ", ""] {
        let answer = judged(&telegram(), &message(platform, 42)).await;
        assert!(answer.unwrap().is_none(), "{platform:?}");
    }
}

#[tokio::test]
async fn judges_the_platform_then_the_chat_then_the_user() {
    let allowed = telegram().with_chat_ids(["-1001"]).unwrap();
    let all_wrong = message("discord", 43).with_chat_id(1);
    assert!(judged(&allowed, &all_wrong).await.unwrap().is_none());
    let chat_and_user_wrong = message("telegram", 43).with_chat_id(1);
    let error = judged(&allowed, &chat_and_user_wrong).await.unwrap_err();
    refused(&error, "chat_not_allowlisted");
    let user_wrong = message("telegram", 43).with_chat_id(-1001);
    let error = judged(&allowed, &user_wrong).await.unwrap_err();
    refused(&error, "user_not_allowlisted");
}

#[tokio::test]
async fn without_platforms_it_accepts_from_every_one_and_warns_when_built() {
    let log = Log::start();
    let allowed = AllowlistAuth::new(["42"]).unwrap();
    let warning = log.only();
    assert_eq!(warning.level, Level::WARN);
    assert!(
        warning
            .field("message")
            .unwrap()
            .contains("names no platform")
    );
    for platform in ["telegram", "discord"] {
        let context = judged(&allowed, &message(platform, 42))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(context.issuer(), Some(platform));
    }
}

#[tokio::test]
async fn the_same_id_on_two_platforms_is_two_principals() {
    let allowed = AllowlistAuth::on_platforms(["telegram", "discord"], ["42"]).unwrap();
    let telegram = judged(&allowed, &message("telegram", 42))
        .await
        .unwrap()
        .unwrap();
    let discord = judged(&allowed, &message("discord", 42))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(telegram.user_id(), discord.user_id());
    assert_ne!(telegram.principal(), discord.principal());
}

#[test]
fn naming_the_platforms_warns_of_nothing() {
    let log = Log::start();
    let _allowed = telegram();
    assert!(log.events().is_empty());
}

#[test]
fn an_empty_list_is_refused_when_built_and_never_means_everybody() {
    let none: [&str; 0] = [];
    for (error, what) in [
        (AllowlistAuth::new(none).unwrap_err(), "user id"),
        (
            AllowlistAuth::on_platforms(["telegram"], none).unwrap_err(),
            "user id",
        ),
        (
            AllowlistAuth::on_platforms(none, ["42"]).unwrap_err(),
            "platform",
        ),
        (telegram().with_chat_ids(none).unwrap_err(), "chat id"),
    ] {
        assert_eq!(error.kind(), ConfigErrorKind::Empty);
        let expected = format!(
            "an allowlist has no {what}: name at least one (an empty list never means everybody)"
        );
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn a_blank_id_is_refused_when_built() {
    for blank in ["", " ", "\t\n", "\u{a0}"] {
        for (error, what) in [
            (AllowlistAuth::new(["42", blank]).unwrap_err(), "user id"),
            (
                AllowlistAuth::on_platforms([blank], ["42"]).unwrap_err(),
                "platform",
            ),
            (telegram().with_chat_ids([blank]).unwrap_err(), "chat id"),
        ] {
            assert_eq!(error.kind(), ConfigErrorKind::Blank, "{blank:?}");
            let expected =
                format!("a {what} of an allowlist is blank: write the id, or leave the entry out");
            assert_eq!(error.to_string(), expected);
        }
    }
}

#[tokio::test]
async fn a_plain_request_is_not_mine_whatever_it_says() {
    let app = guarded(AuthLayer::new(AllowlistAuth::new(["42"]).unwrap()));
    let headers: &[(&str, &[u8])] = &[
        ("x-user-id", b"42"),
        ("x-platform", b"telegram"),
        ("authorization", b"Bearer 42"),
        ("x-telegram-user", b"42"),
    ];
    let mut request = request("POST", "/run?user_id=42", headers);
    *request.body_mut() = r#"{"platform":"telegram","user_id":"42"}"#.into();
    send(&app, request)
        .await
        .refused_with(401, "missing_credential");
}

#[tokio::test]
async fn a_message_in_a_requests_extensions_is_no_message() {
    let app = guarded(AuthLayer::new(AllowlistAuth::new(["42"]).unwrap()));
    let mut request = request("POST", "/run", &[]);
    request.extensions_mut().insert(message("telegram", 42));
    send(&app, request)
        .await
        .refused_with(401, "missing_credential");
}

#[tokio::test]
async fn stands_in_a_chain_with_keys() {
    let keys = ApiKeyAuth::new([ApiKeyRecord::new("ada", "sk-live-9f").unwrap()]).unwrap();
    for chain in [
        CompositeAuth::new(telegram()).or(keys.clone()),
        CompositeAuth::new(keys).or(telegram()),
    ] {
        let app = guarded(AuthLayer::new(chain));
        run(&app, &[("x-api-key", b"sk-live-9f")])
            .await
            .accepted_as("ada");
        run(&app, &[]).await.refused_with(401, "missing_credential");
    }
}

#[tokio::test]
async fn a_handler_asks_the_chain_that_the_layer_uses_about_a_message() {
    struct Nobody;
    impl AsyncAuthProvider for Nobody {
        async fn authenticate(self: Arc<Self>, request: AuthRequestBuf) -> AuthResult {
            assert_eq!(request.as_message().unwrap().platform(), "telegram");
            assert!(request.headers().is_empty());
            assert_eq!((request.method(), request.uri()), (None, None));
            Ok(None)
        }
    }
    async fn event(
        State(chain): State<CompositeAuth>,
        Json(id): Json<u64>,
    ) -> Result<Extension<AuthContext>, AuthError> {
        let message = Message::new("telegram").with_user_id(id);
        let answer = chain.authenticate(&AuthRequest::message(&message)).await?;
        answer
            .map(Extension)
            .ok_or_else(AuthError::missing_credential)
    }
    let keys = ApiKeyAuth::new(["sk-live-9f"]).unwrap();
    let chain = CompositeAuth::new(Nobody).or(keys.clone()).or(telegram());
    let app = Router::new()
        .route("/event", post(event))
        .with_state(chain)
        .layer(AuthLayer::new(keys).public("/event"));
    for (id, status) in [("42", 200), ("43", 403)] {
        let headers: &[(&str, &[u8])] = &[("content-type", b"application/json")];
        let mut request = request("POST", "/event", headers);
        *request.body_mut() = id.into();
        let answer = send(&app, request).await;
        assert_eq!(answer.status, status);
        match answer.extensions.get::<AuthContext>() {
            Some(context) => assert_eq!(context.principal().source(), Some("telegram")),
            None => answer.refused_with(403, "not_allowlisted"),
        }
    }
}

#[tokio::test]
async fn everybody_in_a_listed_chat_may_call_where_chats_alone_are_listed() {
    let allowed = AllowlistAuth::in_chats(["telegram"], ["-1001"]).unwrap();
    for user in [42, 7] {
        let message = message("telegram", user).with_chat_id(-1001);
        let context = judged(&allowed, &message).await.unwrap().unwrap();
        assert_eq!(context.user_id(), user.to_string());
    }
    let elsewhere = message("telegram", 42).with_chat_id(-1002);
    for stranger in [elsewhere, message("telegram", 42)] {
        let error = judged(&allowed, &stranger).await.unwrap_err();
        refused(&error, "chat_not_allowlisted");
    }
    // A channel's post has no sender, and so nobody who could be the caller.
    let nobody = Message::new("telegram").with_chat_id(-1001);
    let error = judged(&allowed, &nobody).await.unwrap_err();
    refused(&error, "user_not_allowlisted");
    let discord = message("discord", 42).with_chat_id(-1001);
    assert!(judged(&allowed, &discord).await.unwrap().is_none());
}

#[test]
fn list_of_chats_alone_is_never_empty_or_blank() {
    let none: [&str; 0] = [];
    let kind = |made: Result<AllowlistAuth, tower_auth::ConfigError>| made.unwrap_err().kind();
    let telegram = ["telegram"];
    assert_eq!(
        kind(AllowlistAuth::in_chats(telegram, none)),
        ConfigErrorKind::Empty
    );
    assert_eq!(
        kind(AllowlistAuth::in_chats(none, telegram)),
        ConfigErrorKind::Empty
    );
    assert_eq!(
        kind(AllowlistAuth::in_chats(telegram, [" "])),
        ConfigErrorKind::Blank
    );
}

fn telegram() -> AllowlistAuth {
    AllowlistAuth::on_platforms(["telegram"], ["42", "44"]).unwrap()
}

fn message(platform: &str, user_id: impl ToString) -> Message {
    Message::new(platform).with_user_id(user_id)
}

async fn judged(allowed: &AllowlistAuth, message: &Message) -> AuthResult {
    allowed.authenticate(&AuthRequest::message(message)).await
}

fn refused(error: &AuthError, reason: &str) {
    assert_eq!(
        (error.status().as_u16(), error.code()),
        (403, "not_allowlisted")
    );
    assert_eq!(error.reason(), reason);
}
