//! Wrong signatures at two replicas on one shared state [14.1].

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::Poll,
};

use axum::{Router, body::Body, routing::any};
use futures_util::stream;
use tower_auth::{testing::ManualClock, webhook::WebhookLayer};

use super::{
    super::kit::{PEER, attempts, from},
    double::{AWAY, Double, SOON, pass},
};
use crate::common::answer::{Answer, send};

const SECRET: &str = "telegram_Secret-1234567";

fn replicas(layer: impl Fn() -> WebhookLayer) -> ([Router; 2], Arc<Double>) {
    let clock = ManualClock::now();
    let state = Double::new(&clock, SOON);
    let apps = [(); 2].map(|()| {
        let attempts = attempts("10 per minute", &clock).with_shared(state.shared());
        let hook = any(async || "handled").layer(layer().throttle_attempts(attempts));
        Router::new().route("/hook", hook)
    });
    (apps, state)
}

async fn deliver(app: &Router, secret: Option<&str>, body: Body) -> Answer {
    let headers: Vec<_> = secret
        .map(|secret| ("x-telegram-bot-api-secret-token", secret))
        .into_iter()
        .collect();
    send(app, from(PEER, "POST /hook", &headers).map(|_| body)).await
}

fn telegram() -> ([Router; 2], Arc<Double>) {
    replicas(|| WebhookLayer::telegram(SECRET).unwrap())
}

fn update() -> Body {
    Body::from(r#"{"update_id":1}"#)
}

#[tokio::test(start_paused = true)]
async fn wrong_secrets_at_two_replicas_are_together_the_limit() {
    let (apps, state) = telegram();
    let mut judged = 0;
    for number in 0..40 {
        let wrong = format!("wrong_Secret-{number}");
        let answer = deliver(&apps[number % 2], Some(&wrong), update()).await;
        judged += usize::from(answer.status == 401);
    }
    assert_eq!(judged, 10);
    let asked = state.asked();
    // What shows nothing is not a guess, and asks nobody.
    for _ in 0..20 {
        assert_eq!(deliver(&apps[0], None, update()).await.status, 401);
    }
    assert_eq!(state.asked(), asked);
}

#[tokio::test(start_paused = true)]
async fn a_good_delivery_is_handled_and_counts_nowhere() {
    let (apps, state) = telegram();
    for number in 0..30 {
        let body = Body::from(format!(r#"{{"update_id":{number}}}"#));
        let answer = deliver(&apps[number % 2], Some(SECRET), body).await;
        assert_eq!(
            (answer.status.as_u16(), &*answer.body),
            (200, &b"handled"[..])
        );
        pass().await;
    }
    // One question at each replica, since a secret that was accepted is known.
    assert_eq!((state.asked(), state.given_back()), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn no_body_is_read_of_a_delivery_that_the_count_of_all_refuses() {
    let (apps, _) = telegram();
    for number in 0..10 {
        deliver(&apps[0], Some(&format!("wrong_Secret-{number}")), update()).await;
    }
    let read = Arc::new(AtomicUsize::new(0));
    let polled = Arc::clone(&read);
    let body = stream::poll_fn(move |_| {
        polled.fetch_add(1, Ordering::Relaxed);
        Poll::Ready(None::<Result<&'static str, std::io::Error>>)
    });
    let answer = deliver(&apps[1], Some(SECRET), Body::from_stream(body)).await;
    answer.refused_with(429, "throttled");
    assert_eq!(read.load(Ordering::Relaxed), 0);
}

#[tokio::test(start_paused = true)]
async fn tokens_of_handshakes_at_two_replicas_are_together_the_limit() {
    let (apps, _) = replicas(|| {
        let layer = WebhookLayer::meta("0123456789abcdef0123456789abcdef").unwrap();
        layer.with_verify_token("a verify token").unwrap()
    });
    let mut judged = 0;
    for number in 0..40 {
        let line =
            format!("GET /hook?hub.mode=subscribe&hub.verify_token=guess-{number}&hub.challenge=1");
        let answer = send(&apps[number % 2], from(PEER, &line, &[])).await;
        judged += usize::from(answer.status == 401);
    }
    assert_eq!(judged, 10);
}

#[tokio::test(start_paused = true)]
async fn without_the_state_each_replica_has_its_own_limit_and_no_more() {
    for manner in AWAY {
        let (apps, state) = telegram();
        state.set(manner);
        let mut judged = 0;
        for number in 0..60 {
            let wrong = format!("wrong_Secret-{number}");
            let answer = deliver(&apps[number % 2], Some(&wrong), update()).await;
            judged += usize::from(answer.status == 401);
        }
        assert_eq!(judged, 20, "{manner:?}");
    }
}
