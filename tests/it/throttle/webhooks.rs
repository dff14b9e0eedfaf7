//! Wrong signatures of webhooks are attempts too [14.1].

use axum::body::Body;
use http::Request;
use tower_auth::{testing::ManualClock, webhook::WebhookLayer};

use super::kit::{PEER, attempts, from};
use crate::common::answer::{Answer, send};

fn app(layer: WebhookLayer) -> axum::Router {
    let hook = axum::routing::any(async || "handled").layer(layer);
    axum::Router::new().route("/hook", hook)
}

const SECRET: &str = "telegram_Secret-1234567";

async fn telegram(app: &axum::Router, peer: &str, secret: Option<&str>) -> Answer {
    let headers: Vec<_> = secret
        .map(|secret| ("x-telegram-bot-api-secret-token", secret))
        .into_iter()
        .collect();
    let request = from(peer, "POST /hook", &headers);
    send(app, request.map(|_| Body::from(r#"{"update_id":1}"#))).await
}

#[tokio::test]
async fn wrong_secrets_are_counted_and_a_known_one_goes_on() {
    let clock = ManualClock::now();
    let layer = WebhookLayer::telegram(SECRET)
        .unwrap()
        .throttle_attempts(attempts("10 per minute", &clock));
    let app = app(layer);
    assert!(
        telegram(&app, "198.51.100.1", Some(SECRET))
            .await
            .status
            .is_success()
    );
    for peer in [PEER, "198.51.100.1"] {
        for number in 0..10 {
            let wrong = format!("wrong_Secret-{number}");
            assert_eq!(telegram(&app, peer, Some(&wrong)).await.status, 401);
        }
        assert_eq!(
            telegram(&app, peer, Some("wrong_Secret-x")).await.status,
            429
        );
        // What shows nothing is not a guess.
        assert_eq!(telegram(&app, peer, None).await.status, 401);
    }
    assert!(
        telegram(&app, "198.51.100.1", Some(SECRET))
            .await
            .status
            .is_success()
    );
    assert_eq!(telegram(&app, PEER, Some(SECRET)).await.status, 429);
}

#[tokio::test]
async fn wrong_signatures_are_counted_and_then_no_body_is_read() {
    let clock = ManualClock::now();
    let layer = WebhookLayer::github("It's a Secret to Everybody")
        .unwrap()
        .throttle_attempts(attempts("10 per minute", &clock));
    let app = app(layer);
    let sign =
        |signature: String| from(PEER, "POST /hook", &[("x-hub-signature-256", &*signature)]);
    let wrong = |number: usize| format!("sha256={number:064x}");
    for number in 0..10 {
        let request = sign(wrong(number)).map(|_| Body::from("{}"));
        assert_eq!(send(&app, request).await.status, 401);
    }
    let unread = Body::from_stream(futures_util::stream::poll_fn(
        |_| -> std::task::Poll<Option<Result<bytes::Bytes, std::convert::Infallible>>> {
            panic!("the body is read")
        },
    ));
    let request: Request<Body> = sign(wrong(11)).map(|_| unread);
    let refused = send(&app, request).await;
    refused.refused_with(429, "throttled");
    assert_eq!(refused.headers["ratelimit"], "\"attempts\";r=0;t=6");
}

#[tokio::test]
async fn malformed_heads_count_and_too_long_bodies_do_not() {
    let clock = ManualClock::now();
    let layer = WebhookLayer::github("It's a Secret to Everybody")
        .unwrap()
        .with_max_body_len(10)
        .throttle_attempts(attempts("10 per minute", &clock));
    let app = app(layer);
    let deliver = async |signature: &str, body: &'static str| {
        let request = from(PEER, "POST /hook", &[("x-hub-signature-256", signature)]);
        send(&app, request.map(|_| Body::from(body))).await.status
    };
    let signature = format!("sha256={:064x}", 7);
    for _ in 0..50 {
        assert_eq!(deliver(&signature, "longer than ten bytes").await, 413);
    }
    for _ in 0..10 {
        assert_eq!(deliver("sha256=short", "{}").await, 401);
    }
    assert_eq!(deliver(&signature, "{}").await, 429);
}

#[tokio::test]
async fn guesses_of_a_verify_token_are_counted_and_the_known_one_goes_on() {
    let clock = ManualClock::now();
    let layer = WebhookLayer::meta("an example app secret")
        .unwrap()
        .with_verify_token("v-token")
        .unwrap()
        .throttle_attempts(attempts("10 per minute", &clock));
    let app = app(layer);
    let shake = async |peer: &str, query: &str| {
        let line = format!("GET /hook?{query}");
        send(&app, from(peer, &line, &[])).await.status
    };
    let shown =
        |token: &str| format!("hub.mode=subscribe&hub.verify_token={token}&hub.challenge=1");
    assert_eq!(shake("198.51.100.1", &shown("v-token")).await, 200);
    for peer in [PEER, "198.51.100.1"] {
        for _ in 0..50 {
            // What shows no token, or cannot be read, is no guess.
            assert_eq!(shake(peer, "hub.mode=subscribe").await, 401);
            let twice = "hub.mode=subscribe&hub.mode=subscribe&hub.verify_token=x";
            assert_eq!(shake(peer, twice).await, 400);
        }
        for number in 0..10 {
            assert_eq!(shake(peer, &shown(&format!("guess-{number}"))).await, 401);
        }
        assert_eq!(shake(peer, &shown("guess")).await, 429);
    }
    assert_eq!(shake("198.51.100.1", &shown("v-token")).await, 200);
    assert_eq!(shake(PEER, &shown("v-token")).await, 429);
}
