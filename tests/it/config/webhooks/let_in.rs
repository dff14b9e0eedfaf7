//! Who and what is let in, and how.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::body::Body;
use http_body_util::StreamBody;
use serde_json::json;
use tower_auth::{
    AuthContext, ConfigError,
    config::AuthConfig,
    provider::provider_fn,
    webhook::{MemoryReplayStore, WebhookLayer},
};

use super::{
    super::files::{ready, yaml},
    kit::{Hooks, KEY, SECRET, TOKEN, built, got, json_config, post, telegram, update, user},
};
use crate::common::{answer::Answer, log::Log};

#[tokio::test]
async fn listed_user_is_let_in_with_message_and_context() {
    let hooks = Hooks::of(&telegram(""));
    let answer = hooks.update(SECRET, 42).await;
    assert_eq!(answer.status, 200);
    let got = got(&answer);
    let (context, message) = (got.context.unwrap(), got.message.unwrap());
    assert_eq!(context.user_id(), "42");
    assert_eq!(context.issuer(), Some("telegram"));
    assert!(context.scopes().iter().next().is_none());
    assert_eq!(message.chat_id(), Some("42"));
}

#[tokio::test]
async fn another_user_is_answered_for_good_and_logged() {
    let hooks = Hooks::of(&telegram(""));
    let log = Log::start();
    let answer = hooks.update(SECRET, 43).await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (200, 0));
    assert_eq!(hooks.runs(), 0);
    assert!(log.text().contains("43"), "{}", log.text());
    assert!(!log.text().contains(SECRET), "{}", log.text());
}

#[tokio::test]
async fn everyone_is_let_in_where_the_file_says_so() {
    let text = telegram("").replace("{user_ids: [42]}", "everyone");
    assert_eq!(user(&Hooks::of(&text).update(SECRET, 43).await), "43");
}

#[tokio::test]
async fn chats_are_listed_beside_users() {
    let text = telegram("").replace("[42]", "[42], chat_ids: [-7]");
    let hooks = Hooks::of(&text);
    assert_eq!(hooks.update(SECRET, 42).await.body.len(), 0);
    assert_eq!(hooks.runs(), 0);
    let body = json!({"update_id": 5, "message": {"from": {"id": 42}, "chat": {"id": -7}}});
    let answer = hooks
        .send(post(
            "/hooks/telegram",
            &[(TOKEN, SECRET)],
            body.to_string(),
        ))
        .await;
    assert_eq!(user(&answer), "42");
}

#[tokio::test]
async fn everybody_in_a_listed_chat_is_let_in_where_chats_alone_are_listed() {
    let text = telegram("").replace("user_ids: [42]", "chat_ids: [-7]");
    let hooks = Hooks::of(&text);
    let sent = async |user: i64, chat: i64| {
        let body =
            json!({"update_id": user, "message": {"from": {"id": user}, "chat": {"id": chat}}});
        let delivery = post("/hooks/telegram", &[(TOKEN, SECRET)], body.to_string());
        hooks.send(delivery).await
    };
    assert_eq!(user(&sent(42, -7).await), "42");
    assert_eq!(user(&sent(43, -7).await), "43");
    assert_eq!(sent(44, -8).await.body.len(), 0);
    assert_eq!(hooks.runs(), 2);
}

#[tokio::test]
async fn either_of_two_secrets_is_accepted_while_one_is_replaced() {
    let text = telegram("").replace(SECRET, &format!("[{SECRET}, tg_Secret-7654321]"));
    let hooks = Hooks::of(&text);
    for (secret, status) in [
        (SECRET, 200),
        ("tg_Secret-7654321", 200),
        ("tg_Secret-0", 401),
    ] {
        assert_eq!(hooks.update(secret, 42).await.status, status);
    }
}

#[tokio::test]
async fn scopes_are_those_of_the_file_for_listed_users_and_for_partners() {
    let more = "      scopes: [agents:invoke]\n    - {path: /hooks/second, scheme: github, secret: \
                It's a Secret to Everybody, user_id: ci, scopes: [ci:run]}\n";
    let hooks = Hooks::of(&telegram(more));
    let context = got(&hooks.update(SECRET, 42).await).context.unwrap();
    assert!(context.scopes().contains("agents:invoke"));
    let signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    let shown = [("x-hub-signature-256", signature)];
    let answer = hooks
        .send(post("/hooks/second", &shown, "Hello, World!"))
        .await;
    let context = got(&answer).context.unwrap();
    assert_eq!((context.user_id(), context.method()), ("ci", "webhook"));
    assert_eq!(context.issuer(), Some("github"));
    assert!(context.scopes().contains("ci:run"));
}

#[tokio::test]
async fn delivery_is_handled_once() {
    for (setting, status, runs) in [
        ("", 200, 1),
        ("refuse_handled: true", 409, 1),
        ("insecure_allow_replay: true", 200, 2),
    ] {
        let hooks = Hooks::of(&telegram(&format!("      {setting}\n")));
        let body = json!({"update_id": 5, "message": {"from": {"id": 42}}}).to_string();
        let again = || post("/hooks/telegram", &[(TOKEN, SECRET)], body.clone());
        assert_eq!(hooks.send(again()).await.status, 200);
        assert_eq!(hooks.send(again()).await.status, status, "{setting}");
        assert_eq!(hooks.runs(), runs, "{setting}");
    }
}

#[tokio::test]
async fn deliveries_with_equal_bodies_are_handled_as_often_as_the_file_says() {
    let hmac = "scheme: hmac, hmac: {signature_header: x-sig, unsigned_id_header: x-id}";
    let tag = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    for (scheme, header, signature, id) in [
        (
            "scheme: github",
            "x-hub-signature-256",
            format!("sha256={tag}"),
            "x-github-delivery",
        ),
        (hmac, "x-sig", tag.to_owned(), "x-id"),
    ] {
        for (setting, runs) in [("", 3), (", equal_bodies: 1", 1), (", equal_bodies: 7", 7)] {
            let more = format!(
                "    - {{path: /hooks/second, {scheme}, secret: It's a Secret to Everybody{setting}}}\n"
            );
            let hooks = Hooks::of(&telegram(&more));
            for number in 0..20 {
                let number = number.to_string();
                let shown = [(header, &*signature), (id, &*number)];
                let answer = hooks
                    .send(post("/hooks/second", &shown, "Hello, World!"))
                    .await;
                assert_eq!(answer.status, 200);
            }
            assert_eq!(hooks.runs(), runs, "{scheme}{setting}");
        }
    }
}

#[tokio::test]
async fn body_is_read_up_to_the_limit_and_given_back_whole() {
    let hooks = Hooks::of(&telegram("      max_body_bytes: 4096\n"));
    let head = r#"{"update_id": 9, "message": {"from": {"id": 42}, "text": ""#;
    let body = |len: usize| format!("{head}{}\"}}}}", "x".repeat(len - head.len() - 3));
    let shown = [(TOKEN, SECRET)];
    let exact = body(4096);
    let answer = hooks
        .send(post("/hooks/telegram", &shown, exact.clone()))
        .await;
    assert_eq!(got(&answer).body, exact);
    let answer = hooks
        .send(post("/hooks/telegram", &shown, body(4097)))
        .await;
    assert_eq!(
        (answer.status.as_u16(), &*answer.code()),
        (413, "payload_too_large")
    );
    let pieces = body(3000);
    let chunks: Vec<Result<_, std::convert::Infallible>> = pieces
        .as_bytes()
        .chunks(7)
        .map(|chunk| Ok(http_body::Frame::data(bytes::Bytes::copy_from_slice(chunk))))
        .collect();
    let chunked = Body::new(StreamBody::new(futures_util::stream::iter(chunks)));
    let answer = hooks.send(post("/hooks/telegram", &shown, chunked)).await;
    assert_eq!(got(&answer).body, pieces);
}

#[tokio::test]
async fn other_requests_pass_untouched_whatever_their_length() {
    let hooks = Hooks::of(&telegram("      max_body_bytes: 10\n"));
    let long = "x".repeat(100_000);
    let answer = hooks
        .send(post("/run", &[("x-api-key", KEY)], long.clone()))
        .await;
    assert_eq!(got(&answer).body, long);
    assert_eq!(user(&answer), "ada");
    assert_eq!(hooks.send(post("/run", &[], "")).await.status, 401);
}

#[tokio::test]
async fn refusals_are_worded_by_the_realm_of_the_file_and_the_program() {
    let hooks = Hooks::of(&telegram(""));
    let challenge = |answer: &Answer| answer.header("www-authenticate").to_owned();
    let answer = hooks.update("guessed", 42).await;
    assert!(
        challenge(&answer).starts_with("Bearer realm=\"agents\", error"),
        "{answer:?}"
    );
    assert_eq!(answer.code(), "invalid_credential");

    let config = yaml(&telegram("")).with_layer(|layer| {
        Ok(layer.with_refusal(|error, _, answer| {
            answer.map(|_| format!("no: {}", error.code()).into())
        }))
    });
    let hooks = Hooks::new(config);
    assert_eq!(
        hooks.update("guessed", 42).await.body,
        "no: invalid_credential"
    );
    assert_eq!(
        hooks.send(post("/run", &[], "")).await.body,
        "no: missing_credential"
    );
    // What stops a platform's attempts stays as it is.
    assert_eq!(hooks.update(SECRET, 43).await.body, "");
}

#[test]
fn header_that_is_the_secret_is_among_those_to_keep_out_of_sight() {
    let names = |text: &str| {
        let layer = built(yaml(text)).into_layer();
        layer.credential_headers().iter().any(|name| name == TOKEN)
    };
    assert!(names(&telegram("")));
    assert!(!names("auth: {api_keys: [{name: a, key: b}]}"));
}

#[tokio::test]
async fn environment_and_code_replace_the_whole_list() {
    let hook = |path: &str| json!([{"path": path, "scheme": "telegram", "secret": SECRET, "allow": {"user_ids": [42]}}]);
    let config =
        yaml(&telegram("")).with_env([("TOWER_AUTH__WEBHOOKS", hook("/hooks/second").to_string())]);
    let hooks = Hooks::new(config);
    assert_eq!(hooks.update(SECRET, 42).await.status, 401);
    let body = json!({"update_id": 5, "message": {"from": {"id": 42}}}).to_string();
    let second = || post("/hooks/second", &[(TOKEN, SECRET)], body.clone());
    assert_eq!(hooks.send(second()).await.status, 200);

    let config = yaml(&telegram("")).with_value("auth.webhooks", hook("/hooks/second"));
    let hooks = Hooks::new(config);
    assert_eq!(hooks.update(SECRET, 42).await.status, 401);
    assert_eq!(hooks.send(second()).await.status, 200);
}

#[tokio::test]
async fn variable_holds_a_secret_that_looks_like_a_list() {
    for secret in ["[abc]-and-more-of-it", "{\"a\": 1}-and-more"] {
        let text = "auth: {webhooks: [{path: /hooks/second, scheme: stripe, secret: '${S}'}]}";
        let setup = yaml(text).with_env([("S", secret)]).build();
        assert!(setup.is_ok(), "{:?}", setup.err());
    }
}

#[tokio::test]
async fn paths_may_have_parameters() {
    let document = json!({"auth": {"webhooks": [
        {"path": "/hooks/{bot}", "scheme": "telegram", "secret": SECRET, "allow": "everyone"},
    ]}});
    let hooks = Hooks::new(json_config(&document));
    let body = json!({"update_id": 5, "message": {"from": {"id": 7}}}).to_string();
    let to = |path: &str| post(path, &[(TOKEN, SECRET)], body.clone());
    assert_eq!(user(&hooks.send(to("/hooks/one")).await), "7");
    // A route of its own is no parameter.
    for path in [
        "/hooks/telegram",
        "/hooks/second",
        "/hooks/partner/events",
        "/hooks/",
    ] {
        assert_eq!(hooks.send(to(path)).await.status, 401, "{path}");
    }
}

#[tokio::test]
async fn program_adds_what_a_file_cannot_say() {
    let store = MemoryReplayStore::new(10);
    let seen = Arc::new(AtomicUsize::new(0));
    let (shared, counter) = (store.clone(), Arc::clone(&seen));
    let adjust = move |path: &str, webhook: WebhookLayer| {
        assert_eq!(path, "/hooks/telegram");
        let counter = Arc::clone(&counter);
        let counting = provider_fn(move |request| {
            counter.fetch_add(1, Ordering::SeqCst);
            let name = tower_auth::CredentialSource::bearer();
            assert!(name.header_name().is_some());
            let user = request.as_message().and_then(|message| message.user_id());
            Ok(user.map(|user| {
                AuthContext::new(format!("tg-{user}")).add_response_header(
                    http::HeaderName::from_static("x-quota"),
                    http::HeaderValue::from_static("7"),
                )
            }))
        });
        Ok(webhook.with_replay_store(shared.clone()).allow(counting))
    };
    let hooks = Hooks::new(yaml(&telegram("")).with_webhook(adjust));
    let answer = hooks.update(SECRET, 43).await;
    assert_eq!(user(&answer), "tg-43");
    // Once, although two layers know of it.
    assert_eq!(answer.header("x-quota"), "7");
    assert_eq!((store.len(), seen.load(Ordering::SeqCst)), (1, 1));

    let failing = |_: &str, webhook: WebhookLayer| -> Result<WebhookLayer, ConfigError> {
        webhook.add_secret("no secret of Telegram's")
    };
    let told = yaml(&telegram(""))
        .with_webhook(failing)
        .build()
        .unwrap_err();
    assert_eq!(told.faults()[0].path(), "auth.webhooks[0]");
    assert_eq!(told.faults()[0].line(), None);
}

#[test]
fn summary_names_webhooks_and_what_is_weak() {
    let more = "    - {path: /hooks/second, scheme: hmac, secret: short, hmac: {signature_header: \
                x-sig}, insecure_allow_replay: true}\n    - {path: /hooks/a, scheme: slack, \
                secret: a-secret-of-16-bytes, allow: everyone}\n";
    let log = Log::start();
    let setup = built(yaml(&telegram(more)));
    let summary = setup.summary().clone();
    assert_eq!(
        summary.webhooks(),
        [
            "/hooks/telegram (telegram, 1 user)",
            "/hooks/second (hmac)",
            "/hooks/a (slack, everyone)"
        ]
    );
    let said = summary.to_string();
    let wanted =
        "asks api_key (1 key); webhooks: /hooks/telegram (telegram, 1 user), /hooks/second";
    assert!(said.starts_with(wanted), "{said}");
    let weak = summary.warnings().join("\n");
    for words in [
        "auth.webhooks[1].secret has fewer",
        "signs no time",
        "handles copies",
    ] {
        assert!(weak.contains(words), "{weak}");
    }
    let _layers = setup.into_layers();
    let events = log.events();
    assert!(
        events[0]
            .field("webhooks")
            .unwrap()
            .contains("/hooks/telegram")
    );

    let alone = "auth: {webhooks: [{path: /h, scheme: github, secret: a-secret-of-16-bytes}]}";
    let said = built(ready(AuthConfig::from_yaml(alone)))
        .summary()
        .to_string();
    assert_eq!(said, "lets nobody in but deliveries; webhooks: /h (github)");
}

#[tokio::test]
async fn ten_thousand_copies_at_once_run_the_handler_once() {
    let hooks = Hooks::of(&telegram(""));
    let request = update(SECRET, 42);
    let body = axum::body::to_bytes(request.into_body(), 4096)
        .await
        .unwrap();
    let sent = (0..10_000).map(|_| {
        let request = post("/hooks/telegram", &[(TOKEN, SECRET)], body.clone());
        hooks.send(request)
    });
    for answer in futures_util::future::join_all(sent).await {
        assert!(matches!(answer.status.as_u16(), 200 | 409), "{answer:?}");
    }
    assert_eq!(hooks.runs(), 1);
}
