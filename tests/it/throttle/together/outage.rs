//! A shared state that is away, and comes back [14.4].

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};
use tower_auth::{
    AuthContext, AuthLayer, AuthRequest,
    provider::provider_fn,
    shared::SharedCounts,
    testing::ManualClock,
    throttle::{Limit, Requests},
};
use tracing::Level;

use super::{
    super::kit::{PEER, from},
    double::{AWAY, Double, Manner, SOON},
    requests::Replicas,
};
use crate::common::{
    answer::{guarded, send},
    log::Log,
};

fn replicas(manner: Manner, quota: &'static str) -> Replicas {
    let limits = move || vec![Limit::by_caller(quota.parse().unwrap())];
    Replicas::with(manner, limits, |requests| requests)
}

/// One replica, and its view of the state.
fn replica(state: &Arc<Double>, clock: &ManualClock) -> (axum::Router, SharedCounts) {
    let shared = state.shared();
    let limit = Limit::by_caller("100000 per minute".parse().unwrap());
    let requests = Requests::new([limit]).unwrap().with_clock(clock.clock());
    let users =
        provider_fn(|request: &AuthRequest<'_>| Ok(request.header("x-user").map(AuthContext::new)));
    let layer = AuthLayer::new(users).throttle_requests(requests.with_shared(shared.clone()));
    (guarded(layer), shared)
}

fn request() -> http::Request<axum::body::Body> {
    from(PEER, "GET /run", &[("x-user", "ada")])
}

#[tokio::test(start_paused = true)]
async fn each_replica_goes_on_with_its_own_limit_and_no_more() {
    for manner in AWAY {
        let replicas = replicas(manner, "10 per minute");
        assert_eq!(
            replicas.passed("GET /run", "ada", 100).await,
            20,
            "{manner:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_replica_that_loses_the_state_goes_on_from_its_own_count() {
    for manner in AWAY {
        let replicas = replicas(SOON, "10 per minute");
        assert_eq!(replicas.passed("GET /run", "ada", 6).await, 6);
        replicas.state.set(manner);
        // Three of its ten are gone at each.
        assert_eq!(
            replicas.passed("GET /run", "ada", 100).await,
            14,
            "{manner:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_few_requests_wait_five_milliseconds_and_then_none_waits() {
    for manner in AWAY {
        let clock = ManualClock::now();
        let state = Double::new(&clock, manner);
        let (app, shared) = replica(&state, &clock);
        let mut waited = Vec::new();
        for _ in 0..100 {
            let start = Instant::now();
            assert_eq!(send(&app, request()).await.status, 200);
            waited.push(start.elapsed());
        }
        let limit = Duration::from_millis(5);
        assert!(waited.iter().all(|waited| *waited <= limit), "{manner:?}");
        let slow = waited.iter().filter(|waited| !waited.is_zero()).count();
        assert!(slow <= 3, "{manner:?}: {slow}");
        assert!(shared.is_away());
        assert_eq!((shared.answered(), shared.counted_alone()), (0, 100));
    }
}

#[tokio::test(start_paused = true)]
async fn one_late_answer_is_no_outage() {
    let clock = ManualClock::now();
    let state = Double::new(&clock, SOON);
    let (app, shared) = replica(&state, &clock);
    for number in 0..30 {
        state.set(if number % 3 == 0 { Manner::Hangs } else { SOON });
        assert_eq!(send(&app, request()).await.status, 200);
    }
    assert!(!shared.is_away());
    assert_eq!(
        (shared.answered(), shared.counted_alone(), shared.failed()),
        (20, 10, 10)
    );
}

#[tokio::test(start_paused = true)]
async fn limits_are_shared_again_within_a_second_of_its_return() {
    for manner in AWAY {
        let replicas = replicas(manner, "10 per minute");
        assert_eq!(replicas.passed("GET /run", "eve", 30).await, 20);
        sleep(Duration::from_secs(30)).await;
        replicas.state.set(SOON);
        sleep(Duration::from_secs(1)).await;
        assert_eq!(
            replicas.passed("GET /run", "ada", 100).await,
            10,
            "{manner:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_state_that_is_away_is_asked_five_times_a_second_whatever_comes() {
    let clock = ManualClock::now();
    let state = Double::new(&clock, Manner::Hangs);
    let (app, _) = replica(&state, &clock);
    for _ in 0..10 {
        send(&app, request()).await;
    }
    let before = state.asked();
    for _ in 0..1_000 {
        send(&app, request()).await;
        sleep(Duration::from_millis(10)).await;
    }
    let asked = state.asked() - before;
    assert!((40..=50).contains(&asked), "{asked}");
}

#[tokio::test(start_paused = true)]
async fn the_log_says_once_a_minute_that_it_is_away_and_once_that_it_is_back() {
    let log = Log::start();
    let clock = ManualClock::now();
    let state = Double::new(&clock, Manner::Fails);
    let (app, _) = replica(&state, &clock);
    for _ in 0..150 {
        send(&app, request()).await;
        sleep(Duration::from_secs(1)).await;
    }
    state.set(SOON);
    sleep(Duration::from_secs(1)).await;
    let events = log.events();
    let said = |part: &str| {
        let events = events.iter();
        let said = events.filter(|event| {
            event
                .field("message")
                .is_some_and(|message| message.contains(part))
        });
        said.cloned().collect::<Vec<_>>()
    };
    let away = said("the shared state cannot be asked");
    assert_eq!(away.len(), 3, "{away:?}");
    assert_eq!(away[0].level, Level::WARN);
    assert_eq!(away[0].field("reason"), Some("failed"));
    assert!(away[0].field("error").unwrap().contains("refused"));
    assert_eq!(said("the shared state answers again").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_left_in_the_background_once_the_last_layer_is_gone() {
    let clock = ManualClock::now();
    let state = Double::new(&clock, Manner::Hangs);
    let (app, shared) = replica(&state, &clock);
    for _ in 0..10 {
        send(&app, request()).await;
    }
    assert!(shared.is_away());
    drop((app, shared));
    sleep(Duration::from_secs(2)).await;
    assert_eq!(Arc::strong_count(&state), 1);
}

#[test]
fn a_runtime_that_ended_takes_no_watch_with_it() {
    let clock = ManualClock::now();
    let state = Double::new(&clock, Manner::Fails);
    let (app, shared) = replica(&state, &clock);
    let run = |before: Duration, after: Duration| {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            sleep(before).await;
            for _ in 0..10 {
                assert_eq!(send(&app, request()).await.status, 200);
            }
            sleep(after).await;
        });
    };
    run(Duration::ZERO, Duration::ZERO);
    assert!(shared.is_away());
    state.set(SOON);
    run(Duration::from_secs(4), Duration::from_secs(1));
    assert!(!shared.is_away());
}

#[test]
fn without_timers_each_process_counts_alone() {
    let clock = ManualClock::now();
    let replicas = Replicas::with(
        Manner::Hangs,
        || vec![Limit::by_caller("10 per minute".parse().unwrap())],
        |requests| requests,
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        assert_eq!(replicas.passed("GET /run", "ada", 100).await, 20);
    });
    drop(clock);
}
