//! No way of putting it together, and no request, opens the path of a webhook.

use axum::{Router, extract::Request};
use serde_json::json;
use tower::{Layer, Service, ServiceExt, limit::ConcurrencyLimitLayer};
use tower_auth::{AuthContext, config::AuthConfig};

use super::{
    super::files::yaml,
    kit::{self, Hooks, Inner, KEY, SECRET, TOKEN, built, post, request, telegram, update},
};
use crate::common::{
    answer::{Answer, send},
    log::Log,
};

/// Everything that somebody could show, the right secret included.
const SHOWN: [&[(&str, &str)]; 6] = [
    &[],
    &[(TOKEN, SECRET)],
    &[("x-api-key", KEY)],
    &[(TOKEN, SECRET), ("x-api-key", KEY)],
    &[("authorization", "Bearer sk-live-9f")],
    &[(TOKEN, "guessed")],
];

fn body() -> String {
    json!({"update_id": 1, "message": {"from": {"id": 42}, "chat": {"id": 42}}}).to_string()
}

#[track_caller]
fn refused(answer: &Answer) {
    assert_eq!(answer.status, 401, "{answer:?}");
    assert!(answer.extensions.get::<kit::Got>().is_none(), "it ran");
}

async fn nothing_gets_in(app: &Router, inner: &Inner) {
    for shown in SHOWN {
        refused(&send(app, post("/hooks/telegram", shown, body())).await);
    }
    assert_eq!(inner.runs(), 0);
    // The rest of the app is as it was.
    let answer = send(app, post("/run", &[("x-api-key", KEY)], "")).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn webhook_of_a_program_that_takes_the_layer_alone_is_closed_and_said_so() {
    let inner = Inner::new();
    let log = Log::start();
    let app = inner
        .app
        .clone()
        .layer(built(yaml(&telegram(""))).into_layer());
    assert!(
        log.text().contains("the program takes the layer alone"),
        "{}",
        log.text()
    );
    nothing_gets_in(&app, &inner).await;
}

#[tokio::test]
async fn webhook_whose_layer_is_dropped_is_closed() {
    let inner = Inner::new();
    let setup = built(yaml(&telegram("")));
    let (auth, webhooks) = setup.into_layers();
    drop(webhooks.layer(inner.app.clone()));
    let app = inner.app.clone().layer(auth);
    nothing_gets_in(&app, &inner).await;
}

#[tokio::test]
async fn webhook_whose_layer_is_inside_instead_of_around_is_closed() {
    let inner = Inner::new();
    let setup = built(yaml(&telegram("")));
    let (auth, webhooks) = setup.into_layers();
    let app = inner.app.clone().layer(webhooks).layer(auth);
    nothing_gets_in(&app, &inner).await;
}

#[tokio::test]
async fn webhook_whose_layer_is_on_another_route_is_closed() {
    let inner = Inner::new();
    let setup = built(yaml(&telegram("")));
    let (auth, webhooks) = setup.into_layers();
    let elsewhere = Router::new()
        .route("/elsewhere", axum::routing::any(|| async {}))
        .layer(webhooks);
    let app = inner.app.clone().merge(elsewhere).layer(auth);
    nothing_gets_in(&app, &inner).await;
}

#[tokio::test]
async fn layer_of_another_set_up_proves_nothing_here() {
    let inner = Inner::new();
    let (_, theirs) = built(yaml(&telegram(""))).into_layers();
    let app = inner
        .app
        .clone()
        .layer(built(yaml(&telegram(""))).into_layer())
        .layer(theirs.clone());
    // Its own refusals, and then those of the layer inside.
    nothing_gets_in(&app, &inner).await;

    let (auth, webhooks) = built(yaml(&telegram(""))).into_layers();
    let both = inner.app.clone().layer(auth);
    let both = both.layer(webhooks).layer(theirs);
    let answer = send(&both, update(SECRET, 42)).await;
    assert_eq!(kit::user(&answer), "42");
}

#[tokio::test]
async fn context_that_another_layer_put_there_is_no_proof() {
    let inner = Inner::new();
    let setup = built(yaml(&telegram("")));
    let app = inner
        .app
        .clone()
        .layer(setup.into_layer())
        .layer(axum::Extension(AuthContext::new("42")));
    nothing_gets_in(&app, &inner).await;
}

#[tokio::test]
async fn credential_of_another_caller_proves_no_delivery() {
    let hooks = Hooks::of(&telegram(""));
    for shown in SHOWN {
        if !shown.contains(&(TOKEN, SECRET)) {
            refused(&hooks.send(post("/hooks/telegram", shown, body())).await);
        }
    }
    assert_eq!(hooks.runs(), 0);
}

#[tokio::test]
async fn no_other_method_than_post_is_let_in() {
    let hooks = Hooks::of(&telegram(""));
    for method in [
        "GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "post",
    ] {
        let shown = [(TOKEN, SECRET)];
        let answer = hooks
            .send(request(method, "/hooks/telegram", &shown, body()))
            .await;
        assert_eq!(answer.status, 401, "{method}");
        let shown = [("x-api-key", KEY)];
        let answer = hooks
            .send(request(method, "/hooks/telegram", &shown, body()))
            .await;
        assert_eq!(answer.status, 401, "{method}, with a key");
    }
    assert_eq!(hooks.runs(), 0);
    assert_eq!(hooks.update(SECRET, 42).await.status, 200);
}

#[tokio::test]
async fn no_other_spelling_of_the_path_is_let_in() {
    let hooks = Hooks::of(&telegram(""));
    for path in [
        "//hooks/telegram",
        "/hooks//telegram",
        "/hooks/telegram/",
        "/hooks/Telegram",
        "/hooks/%74elegram",
        "/hooks/x/../telegram",
        "/hooks/telegram;x",
        "/hooks/telegram%2f",
        "/hooks/telegram/x",
        "/hooks",
        "/run",
    ] {
        let answer = hooks.send(post(path, &[(TOKEN, SECRET)], body())).await;
        assert_eq!(answer.status, 401, "{path}");
    }
    assert_eq!(hooks.runs(), 0);
}

#[tokio::test]
async fn delivery_proven_for_one_path_is_none_for_another() {
    let second = "    - {path: /hooks/second, scheme: telegram, secret: tg_Other-7654321, \
                  allow: {user_ids: [42]}}\n";
    let hooks = Hooks::of(&telegram(second));
    let shown = [(TOKEN, SECRET)];
    refused(&hooks.send(post("/hooks/second", &shown, body())).await);
    let shown = [(TOKEN, "tg_Other-7654321")];
    refused(&hooks.send(post("/hooks/telegram", &shown, body())).await);
    assert_eq!(hooks.runs(), 0);
    let answer = hooks.send(post("/hooks/second", &shown, body())).await;
    assert_eq!(kit::user(&answer), "42");
}

#[tokio::test]
async fn with_authentication_off_deliveries_are_verified_all_the_same() {
    for word in ["enabled: false", "mode: none"] {
        let text = format!(
            "auth: {{{word}, webhooks: [{{path: /hooks/telegram, scheme: telegram, secret: \
             {SECRET}, allow: {{user_ids: [42]}}}}]}}"
        );
        let hooks = Hooks::of(&text);
        refused(&hooks.update("guessed", 42).await);
        refused(&hooks.send(post("/hooks/telegram", &[], body())).await);
        let silenced = hooks.update(SECRET, 43).await;
        assert_eq!((silenced.status.as_u16(), &*silenced.body), (200, &b""[..]));
        assert_eq!(hooks.runs(), 0, "{word}");
        // As whom the platform names, and not as anybody.
        assert_eq!(kit::user(&hooks.update(SECRET, 42).await), "42");
        let answer = hooks.send(post("/run", &[], "")).await;
        assert_eq!(kit::user(&answer), "anonymous");
    }
}

#[tokio::test]
async fn with_webhooks_alone_nobody_else_gets_in() {
    let hooks = Hooks::of(&format!(
        "auth: {{webhooks: [{{path: /hooks/telegram, scheme: telegram, secret: {SECRET}, allow: \
         {{user_ids: [42]}}}}]}}"
    ));
    for shown in SHOWN {
        refused(&hooks.send(post("/run", shown, "")).await);
    }
    assert_eq!(kit::user(&hooks.update(SECRET, 42).await), "42");
}

#[tokio::test]
async fn refused_delivery_keeps_no_permit_of_a_limit_inside() {
    let setup = built(yaml(&telegram("")));
    let ((auth, webhooks), inner) = (setup.into_layers(), Inner::new());
    let limited = ConcurrencyLimitLayer::new(1).layer(inner.app.clone());
    let mut service = webhooks.layer(auth.layer(limited));
    for _ in 0..3 {
        let kept = service.clone();
        let ready = ServiceExt::<Request>::ready(&mut service).await.unwrap();
        let answer = ready.call(update("guessed", 42)).await.unwrap();
        assert_eq!(answer.status(), 401);
        drop(kept);
    }
    let answer = service.oneshot(update(SECRET, 42)).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(inner.runs(), 1);
}

#[test]
fn layer_alone_is_a_fault_where_webhooks_are_named() {
    let told = yaml(&telegram("")).into_layer().unwrap_err();
    assert!(told.to_string().contains("no place for them"), "{told}");
    assert_eq!(told.faults()[0].path(), "auth.webhooks");
    assert!(yaml(&telegram("")).into_reload_layer().is_err());
    let both = "authorization: scopes\n";
    let config = AuthConfig::from_yaml(format!("{}{both}", telegram("")))
        .with_authorizer("scopes", tower_auth::authorize::by_scope());
    assert_eq!(config.into_layer().unwrap_err().faults().len(), 2);
}
