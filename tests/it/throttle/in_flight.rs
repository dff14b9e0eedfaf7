//! Attempts that are not judged yet, and those that nobody waits for any more [14.1].

use std::{future::poll_fn, pin::pin, sync::Arc, task::Poll};

use tokio::sync::Semaphore;
use tower::ServiceExt;
use tower_auth::{
    AuthContext, AuthError, AuthLayer, CredentialSource, provider::async_provider_fn,
    testing::ManualClock,
};

use super::kit::{KEY, PEER, attempts, from};
use crate::common::answer::guarded;

/// An app whose provider answers when the test lets it.
fn slow(clock: &ManualClock) -> (axum::Router, Arc<Semaphore>) {
    let gate = Arc::new(Semaphore::new(0));
    let opened = Arc::clone(&gate);
    let provider = async_provider_fn(move |request: tower_auth::AuthRequestBuf| {
        let opened = Arc::clone(&opened);
        async move {
            opened.acquire().await.unwrap().forget();
            match request.header("x-api-key") {
                Some(KEY) => Ok(Some(AuthContext::new("ada"))),
                Some("away") => Err(AuthError::unavailable("away")),
                _ => Err(AuthError::invalid_credential("unknown")),
            }
        }
    })
    .with_credentials([CredentialSource::header(http::HeaderName::from_static(
        "x-api-key",
    ))]);
    let layer = AuthLayer::new(provider).throttle_attempts(attempts("10 per minute", clock));
    (guarded(layer), gate)
}

fn show(key: &str) -> http::Request<axum::body::Body> {
    from(PEER, "GET /run", &[("x-api-key", key)])
}

#[tokio::test]
async fn many_guesses_at_once_are_no_more_than_the_limit() {
    let (app, gate) = slow(&ManualClock::now());
    let mut running = Vec::new();
    for number in 0..100 {
        let request = show(&format!("guess-{number}"));
        running.push(tokio::spawn(app.clone().oneshot(request)));
    }
    tokio::task::yield_now().await;
    gate.add_permits(100);
    let mut statuses = Vec::new();
    for answer in running {
        statuses.push(answer.await.unwrap().unwrap().status().as_u16());
    }
    let judged = statuses.iter().filter(|status| **status == 401).count();
    assert_eq!(judged, 10, "{statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 401 | 429)));
}

#[tokio::test]
async fn what_nobody_waits_for_any_more_counts_for_nobody() {
    let (app, gate) = slow(&ManualClock::now());
    for _ in 0..50 {
        let mut waiting = pin!(app.clone().oneshot(show("guess")));
        poll_fn(|cx| {
            assert!(waiting.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
    }
    gate.add_permits(11);
    for _ in 0..10 {
        let answer = app.clone().oneshot(show("guess")).await.unwrap();
        assert_eq!(answer.status(), 401);
    }
    assert_eq!(app.oneshot(show("guess")).await.unwrap().status(), 429);
}

#[tokio::test]
async fn what_turned_out_right_or_could_not_be_checked_is_given_back() {
    let (app, gate) = slow(&ManualClock::now());
    gate.add_permits(1_000);
    for key in [KEY, "away"].iter().cycle().take(100) {
        let answer = app.clone().oneshot(show(key)).await.unwrap();
        assert!(matches!(answer.status().as_u16(), 200 | 503));
    }
}

#[tokio::test]
async fn known_credentials_that_are_being_judged_leave_the_attempts_to_others() {
    let (app, gate) = slow(&ManualClock::now());
    gate.add_permits(1);
    let known = app.clone().oneshot(show(KEY)).await.unwrap();
    assert_eq!(known.status(), 200);
    let spawn = |key: &str| tokio::spawn(app.clone().oneshot(show(key)));
    let known: Vec<_> = (0..50).map(|_| spawn(KEY)).collect();
    tokio::task::yield_now().await;
    let guesses: Vec<_> = (0..11).map(|_| spawn("guess")).collect();
    tokio::task::yield_now().await;
    gate.add_permits(61);
    for answer in known {
        assert_eq!(answer.await.unwrap().unwrap().status(), 200);
    }
    let mut statuses = Vec::new();
    for answer in guesses {
        statuses.push(answer.await.unwrap().unwrap().status().as_u16());
    }
    assert_eq!(statuses.pop(), Some(429));
    assert_eq!(statuses, [401; 10]);
}

#[tokio::test]
async fn an_attempt_that_has_come_back_with_time_does_not_come_back_twice() {
    let clock = ManualClock::now();
    let (app, gate) = slow(&clock);
    let mut held = Vec::new();
    for _ in 0..10 {
        held.push(tokio::spawn(app.clone().oneshot(show(KEY))));
    }
    tokio::task::yield_now().await;
    clock.advance(std::time::Duration::from_secs(60));
    let mut guesses = Vec::new();
    for _ in 0..10 {
        guesses.push(tokio::spawn(app.clone().oneshot(show("guess"))));
    }
    tokio::task::yield_now().await;
    gate.add_permits(21);
    for answer in held {
        assert_eq!(answer.await.unwrap().unwrap().status(), 200);
    }
    for answer in guesses {
        assert_eq!(answer.await.unwrap().unwrap().status(), 401);
    }
    let refused = app.clone().oneshot(show("guess")).await.unwrap();
    assert_eq!(refused.status(), 429);
}
