//! Deliveries that several replicas remember together [11.1] [11.2].

use std::{
    future::pending,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, response::IntoResponse, routing::post};
use futures_util::FutureExt;
use http::StatusCode;
use tokio::sync::Notify;
use tower::ServiceExt;
use tower_auth::{
    answer::Answer,
    shared::{Admission, Begun, Count, MemorySharedState, Once, SharedState, SharedStateError},
    testing::ManualClock,
    webhook::{SharedReplayStore, WebhookLayer},
};

use crate::webhook::{
    kit::{Hook, NOW, refused},
    schemes::{ALL, SECRET, Scheme, named},
};

/// A state that waits, fails or panics where a test says, and else is one in memory.
#[derive(Default)]
struct Told {
    memory: MemorySharedState,
    /// A beginning waits until it is released; it is carried out all the same.
    waits: AtomicBool,
    released: Notify,
    fails: AtomicBool,
    /// A beginning is carried out, and its answer is lost.
    loses_answers: AtomicBool,
    panics: AtomicBool,
    renewed: AtomicUsize,
    abandoned: AtomicUsize,
    finished: Mutex<Vec<bool>>,
}

fn is(flag: &AtomicBool) -> bool {
    flag.load(Ordering::SeqCst)
}

/// A handle of one replica.
struct Replica(Arc<Told>);

impl Replica {
    fn later<T: Send + 'static>(
        &self,
        asked: Answer<Result<T, SharedStateError>>,
    ) -> Answer<Result<T, SharedStateError>> {
        let told = Arc::clone(&self.0);
        assert!(!is(&told.panics), "a panic of the state's own");
        Answer::pending(async move {
            tokio::task::yield_now().await;
            match is(&told.fails) {
                true => Err(SharedStateError::new("connection refused")),
                false => asked.await,
            }
        })
    }
}

impl SharedState for Replica {
    fn admit(&self, _: &[Count]) -> Answer<Result<Admission, SharedStateError>> {
        Answer::pending(pending())
    }

    fn charge(&self, _: &[Count]) -> Answer<Result<(), SharedStateError>> {
        Answer::pending(pending())
    }

    fn give_back(&self, _: &[Count]) -> Answer<Result<(), SharedStateError>> {
        Answer::pending(pending())
    }

    fn begin(&self, once: &Once, lease: Duration) -> Answer<Result<Begun, SharedStateError>> {
        let told = Arc::clone(&self.0);
        if is(&told.fails) || is(&told.panics) {
            return self.later(Ok(Begun::New).into());
        }
        let begun = told.memory.begin(once, lease);
        Answer::pending(async move {
            if is(&told.waits) {
                told.released.notified().await;
            }
            match is(&told.loses_answers) {
                true => Err(SharedStateError::new("connection reset")),
                false => begun.await,
            }
        })
    }

    fn renew(&self, once: &Once, lease: Duration) -> Answer<Result<bool, SharedStateError>> {
        self.0.renewed.fetch_add(1, Ordering::SeqCst);
        self.later(self.0.memory.renew(once, lease))
    }

    fn finish(&self, once: &Once, ttl: Duration) -> Answer<Result<(), SharedStateError>> {
        let fails = is(&self.0.fails);
        self.0.finished.lock().unwrap().push(!fails);
        match fails {
            true => self.later(Ok(()).into()),
            false => self.later(self.0.memory.finish(once, ttl)),
        }
    }

    fn abandon(&self, once: &Once) -> Answer<Result<(), SharedStateError>> {
        self.0.abandoned.fetch_add(1, Ordering::SeqCst);
        self.later(self.0.memory.abandon(once))
    }
}

fn store(told: &Arc<Told>) -> SharedReplayStore {
    SharedReplayStore::new(Arc::new(Replica(Arc::clone(told))))
}

fn layer(scheme: &Scheme, told: &Arc<Told>) -> WebhookLayer {
    (scheme.layer)(SECRET).with_replay_store(store(told))
}

/// What was handed to tasks is done.
async fn settled() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn of_two_replicas_one_handles_a_delivery_once() {
    for scheme in ALL {
        let told = Arc::default();
        let (one, other) = (
            Hook::new(layer(&scheme, &told)),
            Hook::new(layer(&scheme, &told)),
        );
        for hook in [&one, &other, &one, &other] {
            let answer = hook.send(&scheme.valid(NOW)).await;
            assert_eq!(answer.status, 200, "{}", scheme.name);
            settled().await;
        }
        assert_eq!((one.runs(), other.runs()), (1, 0), "{}", scheme.name);
    }
}

#[tokio::test]
async fn equal_bodies_are_counted_over_both_replicas() {
    let told = Arc::default();
    let scheme = named("github");
    let hooks = [
        Hook::new(layer(&scheme, &told)),
        Hook::new(layer(&scheme, &told)),
    ];
    for id in 0..8 {
        let copy = scheme
            .valid(NOW)
            .replacing("x-github-delivery", id.to_string());
        for hook in &hooks {
            assert_eq!(hook.send(&copy).await.status, 200);
            settled().await;
        }
    }
    // The delivery itself, and twice more under other ids.
    assert_eq!(hooks[0].runs() + hooks[1].runs(), 3);
}

#[tokio::test]
async fn what_failed_at_one_replica_is_handled_by_the_other() {
    let told = Arc::default();
    let scheme = named("github");
    let failing = Hook::answering(layer(&scheme, &told), || {
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    });
    let other = Hook::new(layer(&scheme, &told));
    assert_eq!(failing.send(&scheme.valid(NOW)).await.status, 500);
    settled().await;
    assert_eq!(other.send(&scheme.valid(NOW)).await.status, 200);
    assert_eq!((failing.runs(), other.runs()), (1, 1));
}

#[tokio::test]
async fn a_delivery_that_one_replica_handles_is_in_progress_for_the_other() {
    let told = Arc::default();
    let scheme = named("github");
    let handler = post(pending::<()>).layer(layer(&scheme, &told));
    let busy = Router::new().route("/hook", handler);
    let mut running = Box::pin(busy.oneshot(scheme.valid(NOW).request()));
    for _ in 0..20 {
        assert!(running.as_mut().now_or_never().is_none());
        tokio::task::yield_now().await;
    }
    let other = Hook::new(layer(&scheme, &told));
    let again = scheme.valid(NOW);
    refused(&other.send(&again).await, 409, "conflict");
    drop(running); // the client went away
    settled().await;
    assert_eq!(other.send(&again).await.status, 200);
    assert_eq!(other.runs(), 1);
}

#[tokio::test]
async fn a_client_that_goes_away_before_the_state_answers_leaves_nothing_reserved() {
    let told = Arc::<Told>::default();
    let scheme = named("github");
    let hook = Hook::new(layer(&scheme, &told));
    told.waits.store(true, Ordering::SeqCst);
    let mut asked = Box::pin(hook.app.clone().oneshot(scheme.valid(NOW).request()));
    for _ in 0..20 {
        assert!(asked.as_mut().now_or_never().is_none());
        tokio::task::yield_now().await;
    }
    drop(asked);
    told.waits.store(false, Ordering::SeqCst);
    told.released.notify_one();
    settled().await;
    assert_eq!(told.abandoned.load(Ordering::SeqCst), 1);
    assert_eq!(hook.send(&scheme.valid(NOW)).await.status, 200);
    assert_eq!(hook.runs(), 1);
}

#[tokio::test]
async fn a_reservation_whose_answer_is_lost_is_given_up() {
    let told = Arc::<Told>::default();
    let scheme = named("github");
    let hook = Hook::new(layer(&scheme, &told));
    told.loses_answers.store(true, Ordering::SeqCst);
    refused(&hook.send(&scheme.valid(NOW)).await, 503, "unavailable");
    told.loses_answers.store(false, Ordering::SeqCst);
    settled().await;
    assert_eq!(hook.send(&scheme.valid(NOW)).await.status, 200);
    assert_eq!(hook.runs(), 1);
}

#[tokio::test]
async fn a_state_that_fails_or_panics_is_a_503_and_never_handles() {
    let scheme = named("github");
    for flag in [(|told| &told.fails) as fn(&Told) -> &AtomicBool, |told| {
        &told.panics
    }] {
        let told = Arc::<Told>::default();
        flag(&told).store(true, Ordering::SeqCst);
        let hook = Hook::new(layer(&scheme, &told));
        refused(&hook.send(&scheme.valid(NOW)).await, 503, "unavailable");
        assert_eq!(hook.runs(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_handled_while_the_state_went_away_is_written_down_when_it_is_back() {
    let told = Arc::<Told>::default();
    let scheme = named("github");
    let fails = Arc::clone(&told);
    let one = Hook::answering(layer(&scheme, &told), move || {
        fails.fails.store(true, Ordering::SeqCst);
        StatusCode::OK.into_response()
    });
    assert_eq!(one.send(&scheme.valid(NOW)).await.status, 200);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(told.finished.lock().unwrap().iter().all(|done| !done));
    told.fails.store(false, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_secs(15)).await;
    let other = Hook::new(layer(&scheme, &told));
    assert_eq!(other.send(&scheme.valid(NOW)).await.status, 200);
    assert_eq!((one.runs(), other.runs()), (1, 0));
    // Nobody asks on.
    let asked = told.finished.lock().unwrap().len();
    tokio::time::sleep(Duration::from_secs(3_600)).await;
    assert_eq!(told.finished.lock().unwrap().len(), asked);
    assert_eq!(told.renewed.load(Ordering::SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn a_state_that_stays_away_is_told_no_longer_than_a_handler_may_run() {
    let told = Arc::<Told>::default();
    let scheme = named("github");
    let fails = Arc::clone(&told);
    let hook = Hook::answering(layer(&scheme, &told), move || {
        fails.fails.store(true, Ordering::SeqCst);
        StatusCode::OK.into_response()
    });
    assert_eq!(hook.send(&scheme.valid(NOW)).await.status, 200);
    tokio::time::sleep(Duration::from_secs(660)).await;
    let asked = told.finished.lock().unwrap().len();
    assert!(asked > 60, "{asked}");
    tokio::time::sleep(Duration::from_secs(3_600)).await;
    assert_eq!(told.finished.lock().unwrap().len(), asked);
}

#[tokio::test]
async fn a_delivery_of_a_server_that_died_is_handled_after_the_run_limit() {
    let clock = ManualClock::at_unix(NOW);
    let state: Arc<dyn SharedState> = Arc::new(MemorySharedState::new().with_clock(clock.clock()));
    let scheme = named("github");
    let layer = || {
        let store = SharedReplayStore::new(Arc::clone(&state));
        let store = store.with_run_limit(Duration::from_secs(30));
        (scheme.layer)(SECRET).with_replay_store(store)
    };
    let handler = post(pending::<()>).layer(layer());
    let dying = Router::new().route("/hook", handler);
    let mut running = Box::pin(dying.oneshot(scheme.valid(NOW).request()));
    assert!(running.as_mut().now_or_never().is_none());
    // It never says how it ended.
    std::mem::forget(running);
    let other = Hook::new(layer());
    clock.advance(Duration::from_secs(29));
    refused(&other.send(&scheme.valid(NOW)).await, 409, "conflict");
    clock.advance(Duration::from_secs(1));
    assert_eq!(other.send(&scheme.valid(NOW)).await.status, 200);
    assert_eq!(other.runs(), 1);
}

#[tokio::test]
async fn a_delivery_is_remembered_for_its_time_and_never_shorter_than_a_copy_is_good_for() {
    for (ttl, known, forgotten) in [(3_600, 3_599, 3_600), (0, 1_199, 1_200)] {
        let clock = ManualClock::at_unix(NOW);
        let state = Arc::new(MemorySharedState::new().with_clock(clock.clock()));
        let store = SharedReplayStore::new(state).with_ttl(Duration::from_secs(ttl));
        let scheme = named("github");
        let hook = Hook::new((scheme.layer)(SECRET).with_replay_store(store));
        for (at, runs) in [(0, 1), (known, 1), (forgotten, 2)] {
            clock.set_unix(NOW + at);
            assert_eq!(hook.send(&scheme.valid(NOW)).await.status, 200);
            assert_eq!(hook.runs(), runs, "after {at} s");
        }
    }
}

#[tokio::test]
async fn a_state_that_is_full_refuses_new_deliveries_and_forgets_none() {
    let state = Arc::new(MemorySharedState::new().with_max_names(2));
    let scheme = named("linear");
    let store = SharedReplayStore::new(state);
    let hook = Hook::new((scheme.layer)(SECRET).with_replay_store(store));
    let send = async |time: u64| hook.send(&scheme.valid(time)).await;
    for time in [NOW, NOW - 1] {
        assert_eq!(send(time).await.status, 200);
    }
    refused(&send(NOW - 2).await, 503, "unavailable");
    for time in [NOW, NOW - 1] {
        assert_eq!(send(time).await.status, 200);
    }
    assert_eq!(hook.runs(), 2);
}

/// A server that ends drops its requests after its runtime.
#[test]
fn a_delivery_that_is_dropped_outside_of_a_runtime_is_released() {
    let told = Arc::<Told>::default();
    let scheme = named("github");
    let handler = post(pending::<()>).layer(layer(&scheme, &told));
    let busy = Router::new().route("/hook", handler);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut running = Box::pin(busy.oneshot(scheme.valid(NOW).request()));
    runtime.block_on(async {
        for _ in 0..20 {
            assert!(running.as_mut().now_or_never().is_none());
            tokio::task::yield_now().await;
        }
    });
    drop(running);
    runtime.block_on(settled());
    assert_eq!(told.abandoned.load(Ordering::SeqCst), 1);
}
