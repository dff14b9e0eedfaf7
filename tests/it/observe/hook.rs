//! What a closure is told.

use axum::{Router, routing::get};
use http::StatusCode;
use tower_auth::{
    Access, AuthContext, AuthError, AuthLayer,
    provider::{ApiKeyAuth, ApiKeyRecord, JwtAuth, async_provider_fn, provider_fn},
    throttle::{Limit, Requests},
};

use super::{KEY, Told};
use crate::common::{
    log::Log,
    oneshot::{app, ask, status},
};

fn keys() -> AuthLayer {
    AuthLayer::new(ApiKeyAuth::new([KEY]).unwrap())
}

#[tokio::test]
async fn tells_of_every_decision_of_the_layer() {
    let told = Told::default();
    let layer = keys()
        .public("/open")
        .access("/feed", Access::Optional)
        .pass_preflight(true)
        .observers(told.answers());
    let app = app(["/run", "/open", "/feed"], layer);
    let preflight = [
        ("origin", "https://a.example"),
        ("access-control-request-method", "GET"),
    ];
    for (line, headers) in [
        ("GET /run", &[("x-api-key", KEY)][..]),
        ("GET /run", &[]),
        ("GET /run", &[("x-api-key", "sk-live-wrong-one")]),
        ("GET /run", &[("x-api-key", KEY), ("x-api-key", KEY)]),
        ("GET /open", &[]),
        ("GET /feed", &[]),
        ("OPTIONS /run", &preflight),
    ] {
        ask(&app, line, headers).await;
    }
    assert_eq!(
        told.take(),
        [
            "accepted api_key -",
            "refused - missing_credential",
            "refused api_key invalid_credential",
            "refused - invalid_request",
            "public - -",
            "anonymous - -",
            "preflight - -",
        ]
    );
}

#[tokio::test]
async fn tells_once_of_a_request_beyond_a_limit_where_nobody_is_asked() {
    let told = Told::default();
    let one = Requests::new([Limit::of_all("1 per minute".parse().unwrap())]).unwrap();
    let layer = keys().public("/open").throttle_requests(one);
    let app = app(["/open"], layer.observers(told.answers()));
    for status_of in [200, 429] {
        assert_eq!(status(&app, "GET /open").await, status_of);
    }
    assert_eq!(told.take(), ["public - -", "refused - throttled"]);
}

#[tokio::test]
async fn tells_of_a_handler_that_asks_for_a_caller_where_there_is_none() {
    let told = Told::default();
    let router = Router::new().route("/open", get(|_: AuthContext| async {}));
    let app = router.layer(keys().public("/open").observers(told.answers()));
    assert_eq!(status(&app, "GET /open").await, 401);
    assert_eq!(told.take(), ["public - -", "refused - missing_credential"]);
}

#[tokio::test]
async fn tells_of_what_could_not_be_checked_at_once_or_later() {
    let told = Told::default();
    let later = async_provider_fn(async |_| Err(AuthError::unavailable("down")));
    let panics = provider_fn(|_| panic!("a provider of one's own"));
    let layer = AuthLayer::new(provider_fn(|_| Err(AuthError::unavailable("down"))))
        .access("/later", Access::provider(later.with_source("b").unwrap()))
        .access(
            "/panics",
            Access::provider(panics.with_source("c").unwrap()),
        )
        .observers(told.answers());
    let app = app(["/run", "/later", "/panics"], layer);
    for line in ["GET /run", "GET /later", "GET /panics"] {
        assert_eq!(status(&app, line).await, 503, "{line}");
    }
    assert_eq!(told.take(), ["refused custom unavailable"; 3]);
}

#[tokio::test]
async fn tells_of_a_caller_by_route_and_identity() {
    let told = Told::default();
    let ada = ApiKeyRecord::new("ada", KEY).unwrap();
    let observers = told.observers(|decision| {
        let principal = decision.principal().unwrap();
        assert!(decision.duration().as_secs() < 60 && decision.error().is_none());
        format!(
            "{} {} {} {:?} {:?}",
            decision.method().unwrap(),
            decision.path().unwrap(),
            principal.user_id(),
            decision.key(),
            decision.token_id(),
        )
    });
    let app = app(
        ["/agents/{id}"],
        AuthLayer::new(ApiKeyAuth::new([ada]).unwrap()).observers(observers),
    );
    ask(&app, "PUT /agents/secret-7", &[("x-api-key", KEY)]).await;
    assert_eq!(
        told.take().concat(),
        "PUT /agents/{id} ada Some(\"ada\") None"
    );
}

#[tokio::test]
async fn tells_the_id_of_a_token_and_whether_it_was_remembered() {
    let told = Told::default();
    let observers = told.observers(|decision| {
        format!(
            "{} {}",
            decision.token_id().unwrap(),
            decision.is_remembered()
        )
    });
    let layer = AuthLayer::new(JwtAuth::hs256(SECRET).unwrap()).observers(observers);
    let app = app(["/run"], layer);
    let token = token();
    for _ in 0..3 {
        let shown = format!("Bearer {token}");
        let answer = ask(&app, "GET /run", &[("authorization", &shown)]).await;
        assert_eq!(answer.status(), StatusCode::OK);
    }
    assert_eq!(told.take(), ["t-1 false", "t-1 true", "t-1 true"]);
}

#[tokio::test]
async fn a_panic_of_the_closure_changes_no_decision_and_is_logged() {
    let log = Log::start();
    let layer = keys().on_decision(|_| panic!("a closure of one's own"));
    let app = app(["/run"], layer);
    assert_eq!(status(&app, "GET /run").await, 401);
    let accepted = ask(&app, "GET /run", &[("x-api-key", KEY)]).await;
    assert_eq!(accepted.status(), StatusCode::OK);
    assert_eq!(
        log.text()
            .matches("a closure of `on_decision` panicked")
            .count(),
        2
    );
}

#[tokio::test]
async fn each_of_several_closures_is_told() {
    let (one, other) = (Told::default(), Told::default());
    let layer = keys().observers(one.answers()).observers(other.answers());
    status(&app(["/run"], layer), "GET /run").await;
    assert_eq!(one.take(), other.take());
}

#[tokio::test]
async fn a_caller_whom_an_outer_service_forged_is_told_of_nowhere() {
    let told = Told::default();
    let observers = told.observers(|decision| format!("{:?}", decision.principal()));
    let app: Router = Router::new()
        .route("/run", get(|| async { "ran" }))
        .layer(keys().observers(observers))
        .layer(axum::Extension(AuthContext::new("forged")));
    status(&app, "GET /run").await;
    assert_eq!(told.take(), ["None"]);
}

fn token() -> String {
    let claims = serde_json::json!({"sub": "ada", "jti": "t-1", "exp": 4_102_444_800_u64});
    let key = jsonwebtoken::EncodingKey::from_secret(SECRET.as_bytes());
    let header = jsonwebtoken::Header::default();
    jsonwebtoken::encode(&header, &claims, &key).unwrap()
}

const SECRET: &str = "an example secret of 32 bytes …";
