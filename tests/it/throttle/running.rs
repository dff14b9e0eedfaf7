//! How many requests of a caller run at the same time: long runs and streams.

use axum::{
    Extension, Router,
    body::Body,
    response::Response,
    routing::{any, get},
};
use futures_util::stream;
use http_body_util::BodyExt;
use tower::ServiceExt;
use tower_auth::{
    AuthContext, AuthLayer, AuthRequest,
    provider::provider_fn,
    testing::ManualClock,
    throttle::{Limit, Requests, RunPermit, ThrottleLayer},
};

use super::kit::{PEER, from};

fn app(throttle: ThrottleLayer) -> Router {
    let callers =
        provider_fn(|request: &AuthRequest<'_>| Ok(request.header("x-user").map(AuthContext::new)));
    let endless = async || {
        Response::new(Body::from_stream(stream::pending::<
            Result<&str, std::io::Error>,
        >()))
    };
    Router::new()
        .route("/stream", any(endless))
        .route("/run", any(async || "ran"))
        .route(
            "/away",
            get(async |permit: Extension<RunPermit>| -> &'static str {
                std::thread::spawn(move || {
                    let _permit = permit;
                    std::thread::park();
                });
                "goes on"
            }),
        )
        .layer(throttle)
        .layer(AuthLayer::new(callers).public("/run"))
}

async fn ask(app: &Router, line: &str, user: &str) -> Response {
    let request = from(PEER, line, &[("x-user", user)]);
    app.clone().oneshot(request).await.unwrap()
}

fn two_at_once() -> ThrottleLayer {
    ThrottleLayer::new(Requests::new([]).unwrap().with_max_running(2))
}

#[tokio::test]
async fn a_stream_runs_until_its_body_is_dropped() {
    let app = app(two_at_once());
    let first = ask(&app, "GET /stream", "ada").await;
    let second = ask(&app, "GET /stream", "ada").await;
    assert_eq!(
        (first.status().as_u16(), second.status().as_u16()),
        (200, 200)
    );
    let refused = ask(&app, "GET /stream", "ada").await;
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers()["retry-after"], "1");
    assert_eq!(refused.headers()["ratelimit"], "\"running\";r=0;t=1");
    let policy = "\"running\";q=2;qu=\"concurrent-requests\"";
    assert_eq!(refused.headers()["ratelimit-policy"], policy);
    assert_eq!(ask(&app, "GET /stream", "eve").await.status(), 200);
    drop(first);
    let third = ask(&app, "GET /stream", "ada").await;
    assert_eq!(third.status(), 200);
    drop((second, third));
}

#[tokio::test]
async fn a_response_that_was_read_runs_no_more() {
    let app = app(two_at_once());
    for _ in 0..20 {
        let response = ask(&app, "HEAD /run", "ada").await;
        assert_eq!(response.status(), 200);
        response.into_body().collect().await.unwrap();
    }
    for _ in 0..20 {
        // A refusal holds no place.
        let held = [
            ask(&app, "GET /stream", "bob").await,
            ask(&app, "GET /stream", "bob").await,
        ];
        assert_eq!(ask(&app, "GET /stream", "bob").await.status(), 429);
        drop(held);
    }
}

#[tokio::test]
async fn what_goes_on_after_the_response_keeps_its_place() {
    let app = app(two_at_once());
    for status in [200, 200, 429] {
        let response = ask(&app, "GET /away", "ada").await;
        assert_eq!(response.status(), status);
        response.into_body().collect().await.unwrap();
    }
}

#[tokio::test]
async fn a_request_that_is_broken_off_gives_its_place_back() {
    let callers = provider_fn(|_: &AuthRequest<'_>| Ok(Some(AuthContext::new("ada"))));
    let app = Router::new()
        .route(
            "/slow",
            get(async || std::future::pending::<String>().await),
        )
        .route("/run", get(async || "ran"))
        .layer(two_at_once())
        .layer(AuthLayer::new(callers));
    for _ in 0..10 {
        let waiting = app.clone().oneshot(from(PEER, "GET /slow", &[]));
        let limit = std::time::Duration::from_millis(1);
        assert!(tokio::time::timeout(limit, waiting).await.is_err());
    }
    assert_eq!(
        app.oneshot(from(PEER, "GET /run", &[]))
            .await
            .unwrap()
            .status(),
        200
    );
}

#[tokio::test]
async fn a_place_that_is_refused_takes_nothing_from_the_limits() {
    let clock = ManualClock::now();
    let limit = Limit::by_caller("4 per minute".parse().unwrap());
    let requests = Requests::new([limit]).unwrap().with_clock(clock.clock());
    let app = app(ThrottleLayer::new(requests.with_max_running(2)));
    let _held = [
        ask(&app, "GET /stream", "ada").await,
        ask(&app, "GET /stream", "ada").await,
    ];
    for _ in 0..10 {
        let refused = ask(&app, "GET /stream", "ada").await;
        assert_eq!(refused.headers()["ratelimit"], "\"running\";r=0;t=1");
    }
    drop(_held);
    let response = ask(&app, "GET /stream", "ada").await;
    assert_eq!(response.headers()["ratelimit"], "\"caller\";r=1;t=15");
}

#[tokio::test]
async fn without_a_caller_each_address_has_its_places() {
    let app = app(two_at_once());
    let held = [
        ask(&app, "GET /run", "").await,
        ask(&app, "GET /run", "").await,
    ];
    assert_eq!(ask(&app, "GET /run", "").await.status(), 429);
    let other = from("203.0.113.8", "GET /run", &[]);
    assert_eq!(app.clone().oneshot(other).await.unwrap().status(), 200);
    drop(held);
}

#[tokio::test]
async fn what_goes_on_keeps_its_places_in_all_layers() {
    let one_at_once = Requests::new([]).unwrap().with_max_running(1);
    let app = app(two_at_once()).layer(ThrottleLayer::new(one_at_once));
    for status in [200, 429] {
        let response = ask(&app, "GET /away", "ada").await;
        assert_eq!(response.status(), status);
        response.into_body().collect().await.unwrap();
    }
}
