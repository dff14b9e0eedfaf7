//! How long a delivery stays reserved that one of several replicas handles [11.1].

use std::{future::pending, sync::Arc, time::Duration};

use axum::{Router, routing::post};
use futures_util::FutureExt;
use http::Response;
use tokio::task::JoinHandle;
use tower::ServiceExt;
use tower_auth::{
    shared::{MemorySharedState, SharedState},
    testing::ManualClock,
    webhook::{SharedReplayStore, WebhookLayer},
};

use crate::webhook::{
    kit::{Hook, NOW, refused},
    schemes::{SECRET, named},
};

const STEP: Duration = Duration::from_secs(10);

/// Replicas that share a state.
struct Replicas {
    clock: ManualClock,
    state: Arc<dyn SharedState>,
}

impl Replicas {
    fn new() -> Self {
        let clock = ManualClock::at_unix(NOW);
        let state = Arc::new(MemorySharedState::new().with_clock(clock.clock()));
        Self { clock, state }
    }

    fn layer(&self) -> WebhookLayer {
        let store = SharedReplayStore::new(Arc::clone(&self.state));
        (named("github").layer)(SECRET).with_replay_store(store)
    }

    /// One that is at the delivery, and never ends.
    fn busy(&self) -> Router {
        let handler = post(pending::<()>).layer(self.layer());
        Router::new().route("/hook", handler)
    }

    fn begins(&self) -> JoinHandle<Response<axum::body::Body>> {
        let running = self.busy().oneshot(named("github").valid(NOW).request());
        tokio::spawn(async move { running.await.unwrap() })
    }

    /// Lets time pass for the timers and for the state.
    async fn pass(&self, time: Duration) {
        for _ in 0..time.as_secs() / STEP.as_secs() {
            tokio::time::sleep(STEP).await;
            self.clock.advance(STEP);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_delivery_stays_reserved_while_its_handler_runs() {
    let replicas = Replicas::new();
    let running = replicas.begins();
    let other = Hook::new(replicas.layer());
    for _ in 0..11 {
        replicas.pass(Duration::from_secs(50)).await;
        let answer = other.send(&named("github").valid(NOW)).await;
        refused(&answer, 409, "conflict");
    }
    running.abort();
    assert!(running.await.is_err());
    tokio::time::sleep(Duration::from_secs(1)).await;
    let answer = other.send(&named("github").valid(NOW)).await;
    assert_eq!((answer.status.as_u16(), other.runs()), (200, 1));
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_runs_longer_than_it_may_is_not_waited_for() {
    let replicas = Replicas::new();
    let _running = replicas.begins();
    let other = Hook::new(replicas.layer());
    replicas.pass(Duration::from_secs(620)).await;
    let answer = other.send(&named("github").valid(NOW)).await;
    assert_eq!((answer.status.as_u16(), other.runs()), (200, 1));
}

#[test]
fn a_delivery_of_a_server_that_died_is_handled_a_minute_later() {
    let replicas = Replicas::new();
    let runtime = || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_all().build().unwrap()
    };
    let dying = runtime();
    let valid = || named("github").valid(NOW);
    let mut running = Box::pin(replicas.busy().oneshot(valid().request()));
    dying.block_on(async { assert!(running.as_mut().now_or_never().is_none()) });
    // It never says how it ended.
    std::mem::forget(running);
    drop(dying);
    runtime().block_on(async {
        let other = Hook::new(replicas.layer());
        replicas.clock.advance(Duration::from_secs(59));
        refused(&other.send(&valid()).await, 409, "conflict");
        replicas.clock.advance(Duration::from_secs(1));
        let answer = other.send(&valid()).await;
        assert_eq!((answer.status.as_u16(), other.runs()), (200, 1));
    });
}
