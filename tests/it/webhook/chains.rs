//! Providers behind a hook: slow ones, broken ones, and what goes in and out around the layer.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{Router, response::IntoResponse, routing::post};
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::json;
use tower::{Service, ServiceExt, limit::ConcurrencyLimitLayer};
use tower_auth::{
    AuthContext, AuthError, AuthLayer, AuthRequestBuf, Message,
    provider::{
        AllowlistAuth, ApiKeyAuth, AuthProvider, CompositeAuth, async_provider_fn, provider_fn,
    },
    webhook::WebhookLayer,
};
use tracing::Level;

use crate::webhook::{
    common::{
        answer::send,
        log::{Event, Log},
    },
    kit::{Delivery, Hook, NOW, refused},
    schemes::{ALL, SECRET, named},
};

fn telegram() -> WebhookLayer {
    WebhookLayer::telegram(SECRET).unwrap()
}

fn message(user: i64) -> Delivery {
    let update = json!({"update_id": 1, "message": {"from": {"id": user}, "chat": {"id": 1}}});
    Delivery::new(update.to_string()).with("x-telegram-bot-api-secret-token", SECRET)
}

fn slow(answer: fn(&Message) -> Result<Option<AuthContext>, AuthError>) -> impl AuthProvider {
    async_provider_fn(move |request: AuthRequestBuf| async move {
        tokio::task::yield_now().await;
        answer(request.as_message().unwrap())
    })
}

#[tokio::test]
async fn a_provider_may_wait_and_the_context_is_its_own() {
    let known = slow(|message| {
        Ok(message
            .user_id()
            .map(|id| AuthContext::new(format!("user-{id}"))))
    });
    let hook = Hook::new(telegram().allow(known));
    let got = Hook::got(&hook.send(&message(42)).await);
    assert_eq!(got.context.user_id(), "user-42");
    assert_eq!(got.message.unwrap().user_id(), Some("42"));
}

#[tokio::test]
async fn what_could_not_be_checked_is_sent_again_and_then_handled() {
    let down = Arc::new(AtomicBool::new(true));
    let provider = {
        let down = Arc::clone(&down);
        provider_fn(move |_| match down.load(Ordering::SeqCst) {
            true => Err(AuthError::unavailable("the database is down")),
            false => Ok(Some(AuthContext::new("ada"))),
        })
    };
    let hook = Hook::new(telegram().allow(provider));
    let log = Log::start();
    let answer = hook.send(&message(42)).await;
    refused(&answer, 503, "unavailable");
    assert!(answer.headers.contains_key("retry-after"));
    let event: Event = log.only();
    assert_eq!(
        (event.level, event.field("user_id")),
        (Level::ERROR, Some("42"))
    );
    down.store(false, Ordering::SeqCst);
    assert_eq!(hook.send(&message(42)).await.status, 200);
    assert_eq!(hook.runs(), 1);
}

#[tokio::test]
async fn a_provider_that_panics_lets_nobody_in() {
    let hook = Hook::new(telegram().allow(provider_fn(|_| panic!("a bug"))));
    refused(&hook.send(&message(42)).await, 503, "unavailable");
}

#[tokio::test]
async fn a_message_that_no_provider_takes_is_refused_for_good() {
    let elsewhere = AllowlistAuth::on_platforms(["discord"], ["42"]).unwrap();
    let chain = CompositeAuth::new(ApiKeyAuth::new(["sk-live-9f"]).unwrap()).or(elsewhere);
    let hook = Hook::new(telegram().allow(chain));
    let delivery = message(42).with("x-api-key", "sk-live-9f");
    let log = Log::start();
    let answer = hook.send(&delivery).await;
    assert_eq!((answer.status.as_u16(), hook.runs()), (200, 0));
    assert_eq!(log.only().field("reason"), Some("no_provider_for_message"));
}

#[tokio::test]
async fn a_scheme_without_messages_names_nobody_to_a_provider() {
    let listed = AllowlistAuth::on_platforms(["github"], ["github", "42"]).unwrap();
    let hook = Hook::new(WebhookLayer::github(SECRET).unwrap().allow(listed));
    refused(
        &hook.send(&named("github").valid(NOW)).await,
        403,
        "not_allowlisted",
    );
}

#[tokio::test]
async fn the_caller_is_named_by_scheme_or_setting_where_no_message_names_one() {
    let layer = || WebhookLayer::github(SECRET).unwrap();
    let delivery = named("github").valid(NOW);
    let got = Hook::got(&Hook::new(layer()).send(&delivery).await).context;
    assert_eq!(
        (got.user_id(), got.issuer(), got.method()),
        ("github", Some("github"), "webhook")
    );
    assert!(got.scopes().is_empty());
    let set = layer().with_user_id("deploys").with_scopes(["deploy:run"]);
    let got = Hook::got(&Hook::new(set).send(&delivery).await).context;
    assert_eq!(
        (got.user_id(), got.scopes().contains("deploy:run")),
        ("deploys", true)
    );
}

#[tokio::test]
async fn what_an_outer_service_put_there_is_not_believed() {
    for scheme in ALL {
        let hook = Hook::new((scheme.layer)(SECRET));
        let mut request = scheme.valid(NOW).without(scheme.signature).request();
        request
            .extensions_mut()
            .insert(AuthContext::new("root").with_scopes(["*"]));
        refused(&send(&hook.app, request).await, 401, "missing_credential");
    }
    let hook = Hook::new(WebhookLayer::github(SECRET).unwrap());
    let mut request = named("github").valid(NOW).request();
    request.extensions_mut().insert(AuthContext::new("root"));
    request
        .extensions_mut()
        .insert(Message::new("telegram").with_user_id(42));
    let got = Hook::got(&send(&hook.app, request).await);
    assert_eq!((got.context.user_id(), got.message), ("github", None));
}

#[tokio::test]
async fn an_outer_layer_words_the_refusals() {
    let layer = AuthLayer::new(ApiKeyAuth::new(["sk-live-9f"]).unwrap())
        .public("/hook")
        .with_realm("hooks")
        .unwrap()
        .with_refusal(|error, _, response| {
            response.map(|_| format!("no: {}", error.code()).into())
        });
    let hook = WebhookLayer::github(SECRET).unwrap().with_max_body_len(5);
    let app = Router::new()
        .route("/hook", post(|| async {}).layer(hook))
        .layer(layer);
    let unsigned = send(&app, Delivery::new("12345").request()).await;
    assert_eq!(
        (unsigned.status.as_u16(), &*unsigned.body),
        (401, &b"no: missing_credential"[..])
    );
    assert_eq!(unsigned.challenges(), ["Bearer realm=\"hooks\""]);
    let long = send(&app, Delivery::new("123456").request()).await;
    assert_eq!(
        (long.status.as_u16(), &*long.body),
        (413, &b"no: payload_too_large"[..])
    );
    assert!(long.challenges().is_empty());
}

#[tokio::test]
async fn headers_of_the_context_are_on_the_response() {
    let quota = HeaderName::from_static("x-quota");
    let provider = provider_fn(move |_| {
        let value = HeaderValue::from_static("9");
        Ok(Some(
            AuthContext::new("ada").add_response_header(quota.clone(), value),
        ))
    });
    let hook = Hook::new(telegram().allow(provider));
    assert_eq!(hook.send(&message(42)).await.header("x-quota"), "9");
}

#[tokio::test]
async fn the_secret_of_telegram_is_marked_as_sensitive() {
    let handler = async |headers: http::HeaderMap| {
        let secret = headers.get("x-telegram-bot-api-secret-token").unwrap();
        assert_eq!(format!("{secret:?}"), "Sensitive");
    };
    let app = Router::new().route("/hook", post(handler).layer(telegram()));
    assert_eq!(send(&app, message(42).request()).await.status, 200);
}

#[tokio::test]
async fn every_decision_is_one_event_without_a_secret() {
    let scheme = named("github");
    let hook = Hook::new((scheme.layer)(SECRET));
    let log = Log::start();
    hook.send(&scheme.valid(NOW)).await;
    let event = log.only();
    assert_eq!(
        (event.level, event.field("outcome")),
        (Level::DEBUG, Some("accepted"))
    );
    assert_eq!(event.field("path"), Some("/hook"));
    hook.send(&scheme.valid(NOW)).await;
    let event = log.only();
    assert_eq!(
        (event.level, event.field("outcome")),
        (Level::INFO, Some("repeated"))
    );
    hook.send(&scheme.valid(NOW).with_body("{}")).await;
    let event = log.only();
    assert_eq!(
        (event.level, event.field("outcome")),
        (Level::INFO, Some("refused"))
    );
    assert_eq!(event.field("provider"), Some("github"));
    assert_eq!(event.field("reason"), Some("wrong_signature"));
    assert!(!log.text().contains(SECRET));
}

#[tokio::test]
async fn a_refusal_gives_back_the_permit_that_was_reserved() {
    let scheme = named("github");
    let inner = tower::service_fn(
        async |_: http::Request<tower_auth::webhook::RestoredBody>| {
            Ok::<_, std::convert::Infallible>(StatusCode::OK.into_response())
        },
    );
    let mut service = tower::Layer::layer(
        &(scheme.layer)(SECRET),
        tower::Layer::layer(&ConcurrencyLimitLayer::new(1), inner),
    );
    let mut send = async |delivery: Delivery| {
        let request: http::Request<axum::body::Body> = delivery.request();
        let ready = ServiceExt::<http::Request<axum::body::Body>>::ready(&mut service);
        ready.await.unwrap().call(request).await.unwrap().status()
    };
    for _ in 0..3 {
        assert_eq!(send(scheme.valid(NOW).with_body("{}")).await, 401);
    }
    assert_eq!(send(scheme.valid(NOW)).await, 200);
}
