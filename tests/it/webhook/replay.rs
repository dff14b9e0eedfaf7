//! Each delivery once.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use axum::{
    Router,
    body::Body,
    extract::Request,
    response::{IntoResponse, Response},
    routing::post,
};
use futures_util::FutureExt;
use http::StatusCode;
use tokio::sync::Notify;
use tower::ServiceExt;
use tower_auth::webhook::MemoryReplayStore;

use crate::webhook::{
    kit::{Delivery, Hook, NOW, refused},
    schemes::{ALL, SECRET, body, named},
};

#[tokio::test]
async fn a_delivery_that_was_handled_is_answered_but_not_handled_again() {
    for scheme in ALL {
        let hook = Hook::new((scheme.layer)(SECRET));
        let delivery = scheme.valid(NOW);
        for _ in 0..3 {
            let answer = hook.send(&delivery).await;
            assert_eq!(answer.status, 200, "{}", scheme.name);
        }
        assert_eq!(hook.runs(), 1, "{}", scheme.name);
    }
}

#[tokio::test]
async fn a_delivery_that_was_handled_is_refused_where_that_is_set() {
    let scheme = named("github");
    let hook = Hook::new((scheme.layer)(SECRET).refuse_handled(true));
    assert_eq!(hook.send(&scheme.valid(NOW)).await.status, 200);
    refused(&hook.send(&scheme.valid(NOW)).await, 409, "conflict");
}

#[tokio::test]
async fn a_header_that_names_no_delivery_of_its_platform_makes_no_copy_a_new_one() {
    for (name, header) in [
        ("github", "x-request-id"),
        ("shopify", "x-shopify-event-id"),
        ("linear", "linear-delivery"),
        ("twilio", "x-twilio-signature-2"),
        ("slack", "x-slack-retry-num"),
        ("stripe", "idempotency-key"),
        ("telegram", "x-request-id"),
    ] {
        let scheme = named(name);
        let hook = Hook::new((scheme.layer)(SECRET));
        for id in 0..5 {
            let copy = scheme.valid(NOW).with(header, id.to_string());
            assert_eq!(hook.send(&copy).await.status, 200);
        }
        assert_eq!(hook.runs(), 1, "{name}");
    }
}

#[tokio::test]
async fn a_retry_that_is_signed_anew_with_a_later_time_is_known() {
    for name in ["standard v1", "slack", "discord", "stripe", "hmac"] {
        let scheme = named(name);
        let hook = Hook::new((scheme.layer)(SECRET));
        for later in [0, 1, 60] {
            let retry = (scheme.sign)(SECRET, NOW + later, &body(NOW));
            assert_eq!(hook.send(&retry).await.status, 200);
        }
        assert_eq!(hook.runs(), 1, "{name}");
    }
}

#[tokio::test]
async fn another_delivery_is_handled() {
    for scheme in ALL {
        let hook = Hook::new((scheme.layer)(SECRET));
        let other = String::from_utf8(body(NOW))
            .unwrap()
            .replace("dich", "euch");
        assert_eq!(hook.send(&scheme.valid(NOW)).await.status, 200);
        let mut delivery = (scheme.sign)(SECRET, NOW, other.as_bytes());
        if delivery
            .headers
            .iter()
            .any(|(name, _)| name.ends_with("-id"))
        {
            // Known by its id: the same id is the same delivery, whatever it says.
            assert_eq!(hook.send(&delivery).await.status, 200);
            assert_eq!(hook.runs(), 1);
            delivery = signed_as(scheme.name, "msg_2", other.as_bytes());
        }
        assert_eq!(hook.send(&delivery).await.status, 200);
        assert_eq!(hook.runs(), 2, "{}", scheme.name);
    }
}

/// The delivery with another id, where the scheme signs one.
fn signed_as(scheme: &str, id: &str, body: &[u8]) -> Delivery {
    use crate::webhook::schemes::{pair, partner, spelled};
    use tower_auth::{testing::ManualClock, webhook::WebhookSigner};

    let signer = match scheme {
        "hmac" => WebhookSigner::hmac(partner(), SECRET),
        "standard v1a" => {
            use aws_lc_rs::signature::KeyPair;
            let mut seed = [9; 32];
            seed[..SECRET.len()].copy_from_slice(SECRET.as_bytes());
            let both = [&seed[..], pair(SECRET).public_key().as_ref()].concat();
            let key = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, both);
            WebhookSigner::standard(format!("whsk_{key}"))
        }
        _ => WebhookSigner::standard(spelled(scheme, SECRET)),
    };
    let signer = signer
        .unwrap()
        .with_clock(ManualClock::at_unix(NOW).clock());
    let mut delivery = Delivery::new(body);
    for (name, value) in &signer.sign(id, body).unwrap() {
        delivery = delivery.with(name.as_str(), value.as_bytes());
    }
    delivery
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_thousand_copies_at_once_run_the_handler_once() {
    let scheme = named("standard v1");
    let (runs, go) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    let handler = {
        let (runs, go) = (Arc::clone(&runs), Arc::clone(&go));
        move || {
            runs.fetch_add(1, Ordering::SeqCst);
            let go = Arc::clone(&go);
            async move { go.notified().await }
        }
    };
    let clock = tower_auth::testing::ManualClock::at_unix(NOW);
    let layer = (scheme.layer)(SECRET).with_clock(clock.clock());
    let app = Router::new().route("/hook", post(handler).layer(layer));
    let copies: Vec<_> = (0..10_000)
        .map(|_| tokio::spawn(app.clone().oneshot(scheme.valid(NOW).request())))
        .collect();
    let (mut handled, mut conflicts) = (0, 0);
    let mut copies = futures_util::stream::FuturesUnordered::from_iter(copies);
    while let Some(answer) = futures_util::StreamExt::next(&mut copies).await {
        match answer.unwrap().unwrap().status() {
            StatusCode::CONFLICT => conflicts += 1,
            StatusCode::OK => handled += 1,
            other => panic!("{other}"),
        }
        // All others have been refused: now the first one may end.
        if conflicts == 9_999 {
            go.notify_one();
        }
    }
    assert_eq!(
        (runs.load(Ordering::SeqCst), handled, conflicts),
        (1, 1, 9_999)
    );
    let later = app.oneshot(scheme.valid(NOW).request()).await.unwrap();
    assert_eq!(
        (later.status().as_u16(), runs.load(Ordering::SeqCst)),
        (200, 1)
    );
}

#[tokio::test]
async fn a_run_that_failed_lets_the_next_attempt_in() {
    for failure in [500, 502, 503, 429, 404] {
        let scheme = named("github");
        let fails = Arc::new(AtomicBool::new(true));
        let answer = {
            let fails = Arc::clone(&fails);
            move || {
                let status = if fails.load(Ordering::SeqCst) {
                    failure
                } else {
                    200
                };
                StatusCode::from_u16(status).unwrap().into_response()
            }
        };
        let hook = Hook::answering((scheme.layer)(SECRET), answer);
        assert_eq!(hook.send(&scheme.valid(NOW)).await.status, failure);
        assert_eq!(hook.send(&scheme.valid(NOW)).await.status, failure);
        fails.store(false, Ordering::SeqCst);
        assert_eq!(hook.send(&scheme.valid(NOW)).await.status, 200);
        assert_eq!(hook.runs(), 3);
        assert_eq!(hook.send(&scheme.valid(NOW)).await.status, 200);
        assert_eq!(hook.runs(), 3);
    }
}

#[tokio::test]
async fn a_run_that_panicked_lets_the_next_attempt_in() {
    let scheme = named("github");
    let first = Arc::new(AtomicBool::new(true));
    let answer = move || {
        assert!(!first.swap(false, Ordering::SeqCst), "the first run fails");
        ().into_response()
    };
    let hook = Hook::answering((scheme.layer)(SECRET), answer);
    let delivery = scheme.valid(NOW);
    let panicked = std::panic::AssertUnwindSafe(hook.send(&delivery));
    assert!(panicked.catch_unwind().await.is_err());
    assert_eq!(hook.send(&scheme.valid(NOW)).await.status, 200);
    assert_eq!(hook.runs(), 2);
}

#[tokio::test]
async fn a_run_that_was_dropped_lets_the_next_attempt_in() {
    let scheme = named("github");
    let waits = Arc::new(AtomicBool::new(true));
    let handler = {
        let waits = Arc::clone(&waits);
        move |_: Request| {
            let waits = waits.load(Ordering::SeqCst);
            async move {
                if waits {
                    std::future::pending::<()>().await;
                }
                Response::new(Body::empty())
            }
        }
    };
    let app = Router::new().route("/hook", post(handler).layer((scheme.layer)(SECRET)));
    let send = || app.clone().oneshot(scheme.valid(NOW).request());
    let mut first = Box::pin(send());
    assert!((&mut first).now_or_never().is_none(), "it is running");
    assert_eq!(send().await.unwrap().status(), 409);
    drop(first);
    waits.store(false, Ordering::SeqCst);
    assert_eq!(send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn what_is_refused_before_the_replay_check_is_not_remembered() {
    let store = MemoryReplayStore::default();
    let scheme = named("slack");
    let hook = Hook::new((scheme.layer)(SECRET).with_replay_store(store.clone()));
    hook.send(&scheme.valid(NOW - 301)).await;
    hook.send(&scheme.valid(NOW).with_body("{}")).await;
    hook.send(&scheme.valid(NOW).without("x-slack-signature"))
        .await;
    assert!(store.is_empty());
    hook.send(&scheme.valid(NOW)).await;
    assert_eq!(store.len(), 1);
}

#[tokio::test]
async fn copies_are_handled_where_that_was_asked_for() {
    let scheme = named("github");
    let hook = Hook::new((scheme.layer)(SECRET).insecure_allow_replay());
    for _ in 0..3 {
        hook.send(&scheme.valid(NOW)).await;
    }
    assert_eq!(hook.runs(), 3);
}
