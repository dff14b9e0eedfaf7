//! Where deliveries are remembered: bounds, retention, and stores of one's own.

use std::time::Duration;

use axum::{Router, routing::post};
use futures_util::FutureExt;
use tower::ServiceExt;
use tower_auth::{
    AuthError,
    answer::Answer,
    webhook::{MemoryReplayStore, ReplayKey, ReplayStore, Reserved, WebhookLayer},
};

use crate::webhook::{
    kit::{Hook, NOW, refused},
    schemes::{SECRET, named},
};

#[tokio::test]
async fn the_store_stays_within_its_bound_under_a_flood() {
    let store = MemoryReplayStore::new(100);
    let scheme = named("github");
    let hook = Hook::new((scheme.layer)(SECRET).with_replay_store(store.clone()));
    for id in 0..1_000 {
        let body = format!(r#"{{"id":{id}}}"#);
        let delivery = (scheme.sign)(SECRET, NOW, body.as_bytes());
        assert_eq!(hook.send(&delivery).await.status, 200);
        assert!(store.len() <= 100);
    }
    assert_eq!(hook.runs(), 1_000);
    // The newest are known; what was pushed out is not: the docs say so.
    let send = async |id: u64| {
        let body = format!(r#"{{"id":{id}}}"#);
        hook.send(&(scheme.sign)(SECRET, NOW, body.as_bytes()))
            .await;
        hook.runs()
    };
    assert_eq!(send(999).await, 1_000);
    assert_eq!(send(901).await, 1_000);
    assert_eq!(send(0).await, 1_001);
}

#[tokio::test]
async fn a_store_full_of_running_deliveries_refuses_new_ones() {
    let store = MemoryReplayStore::new(2);
    let scheme = named("github");
    let layer = (scheme.layer)(SECRET).with_replay_store(store.clone());
    let handler = || std::future::pending::<()>();
    let app = Router::new().route("/hook", post(handler).layer(layer));
    let send = |id: u64| {
        let body = format!(r#"{{"id":{id}}}"#);
        app.clone()
            .oneshot((scheme.sign)(SECRET, NOW, body.as_bytes()).request())
    };
    let mut running = [Box::pin(send(1)), Box::pin(send(2))];
    for one in &mut running {
        assert!(one.now_or_never().is_none());
    }
    assert_eq!(send(3).await.unwrap().status(), 503);
    assert_eq!(send(1).await.unwrap().status(), 409);
    drop(running);
    assert!(store.is_empty());
}

#[tokio::test]
async fn a_delivery_is_forgotten_after_its_retention_and_not_before() {
    let store = MemoryReplayStore::default().with_ttl(Duration::from_secs(3600));
    let scheme = named("github");
    let hook = Hook::new((scheme.layer)(SECRET).with_replay_store(store.clone()));
    for (after, runs) in [(0, 1), (3600, 1), (3601, 2)] {
        hook.clock.set_unix(NOW + after);
        hook.send(&scheme.valid(NOW)).await;
        assert_eq!(hook.runs(), runs, "after {after} s");
    }
    assert_eq!(store.len(), 1);
}

#[tokio::test]
async fn a_retention_cannot_be_shorter_than_a_copy_is_good_for() {
    let store = MemoryReplayStore::default().with_ttl(Duration::ZERO);
    let scheme = named("slack");
    let hook = Hook::new((scheme.layer)(SECRET).with_replay_store(store));
    let early = scheme.valid(NOW + 300);
    hook.send(&early).await;
    hook.clock.set_unix(NOW + 600);
    assert_eq!(hook.send(&early).await.status, 200);
    assert_eq!(hook.runs(), 1);
}

#[tokio::test]
async fn layers_that_share_a_store_know_their_own_deliveries() {
    let store = MemoryReplayStore::default();
    let scheme = named("github");
    let layer = |name: &str| {
        (scheme.layer)(SECRET)
            .with_user_id(name)
            .with_replay_store(store.clone())
    };
    let (one, other) = (Hook::new(layer("one")), Hook::new(layer("other")));
    let again = Hook::new(layer("one"));
    for hook in [&one, &other, &again] {
        assert_eq!(hook.send(&scheme.valid(NOW)).await.status, 200);
    }
    assert_eq!((one.runs(), other.runs(), again.runs()), (1, 1, 0));
}

/// A store that has to wait, and answers what it is told.
struct Told(fn() -> Result<Reserved, AuthError>);

impl ReplayStore for Told {
    fn reserve(
        &self,
        _: &ReplayKey,
        _: std::time::SystemTime,
    ) -> Answer<Result<Reserved, AuthError>> {
        let told = self.0;
        Answer::pending(async move {
            tokio::task::yield_now().await;
            told()
        })
    }

    fn keep(&self, _: &ReplayKey) {}

    fn release(&self, _: &ReplayKey) {}
}

#[tokio::test]
async fn a_store_may_wait_and_its_answer_counts() {
    let scheme = named("github");
    let hook = |told| {
        Hook::new(WebhookLayer::with_replay_store(
            (scheme.layer)(SECRET),
            Told(told),
        ))
    };
    let new = hook(|| Ok(Reserved::New));
    assert_eq!(new.send(&scheme.valid(NOW)).await.status, 200);
    assert_eq!(new.runs(), 1);
    let busy = hook(|| Ok(Reserved::InProgress));
    refused(&busy.send(&scheme.valid(NOW)).await, 409, "conflict");
    let done = hook(|| Ok(Reserved::Handled));
    assert_eq!(done.send(&scheme.valid(NOW)).await.status, 200);
    assert_eq!(done.runs(), 0);
    let down = hook(|| Err(AuthError::unavailable("the database is down")));
    refused(&down.send(&scheme.valid(NOW)).await, 503, "unavailable");
}
