//! Other webhooks between two requests.

use axum::Router;
use serde_json::json;
use tower_auth::config::ReloadHandle;

use super::{
    super::reload::Rules,
    kit::{Inner, KEY, SECRET, TOKEN, built, post, telegram, update},
};
use crate::common::answer::{Answer, send};

struct Served {
    app: Router,
    inner: Inner,
    handle: ReloadHandle,
    rules: Rules,
}

impl Served {
    fn new(name: &str, text: &str) -> Self {
        let rules = Rules::new(name, text);
        let setup = built(rules.config());
        let inner = Inner::new();
        let (layer, webhooks, handle) = setup.into_reload_layers();
        let app = inner.app.clone().layer(layer).layer(webhooks);
        Self {
            app,
            inner,
            handle,
            rules,
        }
    }

    fn take(&self, text: &str) {
        self.rules.write(text);
        self.handle
            .reload()
            .unwrap_or_else(|faults| panic!("{faults}"));
    }

    async fn update(&self, secret: &str, user: i64) -> Answer {
        send(&self.app, update(secret, user)).await
    }

    async fn same(&self, path: &str) -> u16 {
        let body = json!({"update_id": 5, "message": {"from": {"id": 42}}}).to_string();
        let request = post(path, &[(TOKEN, SECRET)], body);
        send(&self.app, request).await.status.as_u16()
    }
}

#[tokio::test]
async fn another_secret_holds_from_the_next_request() {
    let served = Served::new("hook-secret", &telegram(""));
    assert_eq!(served.update(SECRET, 42).await.status, 200);
    let both = telegram("").replace(SECRET, &format!("[tg_Secret-new-123, {SECRET}]"));
    served.take(&both);
    assert_eq!(served.update(SECRET, 42).await.status, 200);
    assert_eq!(served.update("tg_Secret-new-123", 42).await.status, 200);
    served.take(&telegram("").replace(SECRET, "tg_Secret-new-123"));
    assert_eq!(served.update(SECRET, 42).await.status, 401);
    assert_eq!(served.update("tg_Secret-new-123", 42).await.status, 200);
    assert_eq!(served.inner.runs(), 4);
}

#[tokio::test]
async fn another_list_holds_from_the_next_request() {
    let served = Served::new("hook-list", &telegram(""));
    served.update(SECRET, 43).await;
    assert_eq!(served.inner.runs(), 0);
    served.take(&telegram("").replace("[42]", "[43]"));
    served.update(SECRET, 42).await;
    assert_eq!(served.inner.runs(), 0);
    served.update(SECRET, 43).await;
    assert_eq!(served.inner.runs(), 1);
}

#[tokio::test]
async fn what_was_handled_before_is_not_handled_again() {
    let served = Served::new("hook-replay", &telegram(""));
    assert_eq!(served.same("/hooks/telegram").await, 200);
    served.take(&telegram("      refuse_handled: true\n"));
    assert_eq!(served.same("/hooks/telegram").await, 409);
    assert_eq!(served.inner.runs(), 1);
    // A delivery to another path is another one.
    served.take(&telegram("").replace("/hooks/telegram", "/hooks/second"));
    assert_eq!(served.same("/hooks/second").await, 200);
    assert_eq!(served.inner.runs(), 2);
}

#[tokio::test]
async fn a_webhook_that_a_file_leaves_out_for_a_time_forgets_nothing_that_was_handled() {
    let served = Served::new("hook-again", &telegram(""));
    assert_eq!(served.same("/hooks/telegram").await, 200);
    assert_eq!(served.inner.runs(), 1);
    let without = format!("auth:\n  api_keys: [{{name: ada, key: {KEY}}}]\n");
    served.take(&without);
    served.take(&format!("{without}  public_paths: [/x]\n"));
    served.take(&telegram(""));
    served.same("/hooks/telegram").await;
    assert_eq!(served.inner.runs(), 1);
}

#[tokio::test]
async fn another_user_id_forgets_nothing_that_was_handled() {
    let served = Served::new("hook-user", &telegram("      user_id: bot\n"));
    assert_eq!(served.same("/hooks/telegram").await, 200);
    for user_id in ["other", "bot", "third"] {
        let more = format!("      user_id: {user_id}\n      refuse_handled: true\n");
        served.take(&telegram(&more));
        assert_eq!(served.same("/hooks/telegram").await, 409, "{user_id}");
    }
    served.take(&telegram("      refuse_handled: true\n"));
    assert_eq!(served.same("/hooks/telegram").await, 409);
    assert_eq!(served.inner.runs(), 1);
}

#[tokio::test]
async fn path_that_is_gone_is_closed_and_a_new_one_is_let_in() {
    let served = Served::new("hook-path", &telegram(""));
    assert_eq!(served.same("/hooks/second").await, 401);
    let summary = {
        served
            .rules
            .write(&telegram("").replace("/hooks/telegram", "/hooks/second"));
        served.handle.reload().unwrap()
    };
    assert_eq!(summary.webhooks(), ["/hooks/second (telegram, 1 user)"]);
    assert_eq!(served.same("/hooks/telegram").await, 401);
    assert_eq!(served.same("/hooks/second").await, 200);
    // None at all.
    served.take(&format!("auth: {{api_keys: [{{name: a, key: {KEY}}}]}}"));
    for path in ["/hooks/telegram", "/hooks/second"] {
        assert_eq!(served.same(path).await, 401, "{path}");
    }
    served.take(&telegram(""));
    assert_eq!(served.same("/hooks/telegram").await, 200);
}

#[tokio::test]
async fn bad_file_leaves_the_webhooks_as_they_are() {
    let served = Served::new("hook-bad", &telegram(""));
    for bad in [
        telegram("").replace(SECRET, "'${UNSET}'"),
        telegram("").replace("telegram\n", "telegran\n"),
        telegram("").replace("allow: {user_ids: [42]}", ""),
        telegram("      public_key: x\n"),
    ] {
        served.rules.write(&bad);
        assert!(served.handle.reload().is_err(), "{bad}");
        assert_eq!(served.update(SECRET, 42).await.status, 200);
        assert_eq!(served.update("guessed", 42).await.status, 401);
    }
}

#[tokio::test]
async fn program_with_the_layer_alone_cannot_be_given_webhooks_by_a_file() {
    let keys = format!("auth: {{api_keys: [{{name: a, key: {KEY}}}]}}");
    let rules = Rules::new("hook-none", &keys);
    let (layer, handle) = rules.config().into_reload_layer().unwrap();
    let app = Inner::new().app.layer(layer);
    rules.write(&telegram(""));
    let told = handle.reload().unwrap_err();
    assert!(told.to_string().contains("no place for them"), "{told}");
    let answer = send(&app, post("/run", &[("x-api-key", KEY)], "")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(send(&app, update(SECRET, 42)).await.status, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn deliveries_across_fifty_reloads_are_let_in_or_refused_and_never_lost() {
    let served = Served::new("hook-load", &telegram(""));
    let sending: Vec<_> = (0..4)
        .map(|_| {
            let app = served.app.clone();
            tokio::spawn(async move {
                for _ in 0..250 {
                    let good = send(&app, update(SECRET, 42)).await.status.as_u16();
                    assert_eq!(good, 200);
                    let bad = send(&app, update("guessed", 42)).await.status.as_u16();
                    assert_eq!(bad, 401);
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    for round in 0..50 {
        let more = format!("      max_body_bytes: {}\n", 2_000 + round);
        served.take(&telegram(&more));
        tokio::task::yield_now().await;
    }
    for task in sending {
        task.await.unwrap();
    }
    assert_eq!(served.inner.runs(), 1_000);
}

#[test]
fn watched_file_with_webhooks_is_read_like_any_other() {
    let served = Served::new("hook-watch", &telegram(""));
    assert!(served.handle.reload_if_changed().unwrap().is_none());
    served
        .rules
        .write(&telegram("      refuse_handled: true\n"));
    assert!(served.handle.reload_if_changed().unwrap().is_some());
}
