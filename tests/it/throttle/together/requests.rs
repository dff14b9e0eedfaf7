//! Requests to two replicas on one shared state.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    routing::{any, post},
};
use tokio::time::{Instant, timeout};
use tower::ServiceExt;
use tower_auth::{
    AuthContext, AuthLayer, AuthRequest,
    keys::{KeyRequest, KeyStore, ManagedKeys, MemoryKeyStore},
    provider::provider_fn,
    testing::ManualClock,
    throttle::{Limit, Requests, ThrottleLayer},
};

use super::{
    super::kit::{PEER, from},
    double::{Double, Manner, SOON, pass},
};
use crate::common::answer::{Answer, guarded, send};

/// Two processes of one service.
pub struct Replicas {
    pub apps: [Router; 2],
    pub state: Arc<Double>,
    pub clock: ManualClock,
}

impl Replicas {
    pub fn new(limits: impl Fn() -> Vec<Limit>) -> Self {
        Self::with(SOON, limits, |requests| requests)
    }

    pub fn with(
        manner: Manner,
        limits: impl Fn() -> Vec<Limit>,
        change: impl Fn(Requests) -> Requests,
    ) -> Self {
        let clock = ManualClock::now();
        let state = Double::new(&clock, manner);
        let apps = [(); 2].map(|()| {
            let requests = Requests::new(limits()).unwrap().with_clock(clock.clock());
            app(change(requests.with_shared(state.shared())))
        });
        Self { apps, state, clock }
    }

    pub async fn ask(&self, replica: usize, line: &str, caller: &str) -> Answer {
        let request = from(PEER, line, &[("x-user", caller)]);
        send(&self.apps[replica], request).await
    }

    /// How many of that many requests pass, half of them at each replica.
    pub async fn passed(&self, line: &str, caller: &str, times: usize) -> usize {
        let mut passed = 0;
        for number in 0..times {
            let answer = self.ask(number % 2, line, caller).await;
            match answer.status.as_u16() {
                200 => passed += 1,
                status => assert_eq!(status, 429),
            }
        }
        passed
    }
}

fn app(requests: Requests) -> Router {
    let users = provider_fn(|request: &AuthRequest<'_>| {
        Ok(request.header("x-user").map(|user| {
            let (user, tenant) = user.split_once('@').unwrap_or((user, "none"));
            AuthContext::new(user).with_claim("tenant", tenant)
        }))
    });
    let charged = async |caller: AuthContext| caller.charge(4);
    let authentication = AuthLayer::new(users)
        .public("/public")
        .access("/optional", tower_auth::Access::Optional)
        .throttle_requests(requests);
    Router::new()
        .route("/run", any(async || "ran"))
        .route("/public", any(async || "public"))
        .route("/optional", any(async || "somebody"))
        .route("/charge", post(charged))
        .layer(authentication)
}

fn by_caller(quota: &str) -> impl Fn() -> Vec<Limit> {
    move || vec![Limit::by_caller(quota.parse().unwrap())]
}

#[tokio::test(start_paused = true)]
async fn two_replicas_admit_together_exactly_the_limit() {
    for manner in [SOON, Manner::AtOnce] {
        let replicas = Replicas::with(manner, by_caller("10 per minute"), |requests| requests);
        assert_eq!(replicas.passed("GET /run", "ada", 40).await, 10);
        assert_eq!(replicas.passed("GET /run", "eve", 40).await, 10);
        replicas.clock.advance(Duration::from_secs(18));
        assert_eq!(replicas.passed("GET /run", "ada", 40).await, 3);
    }
}

#[tokio::test(start_paused = true)]
async fn many_requests_at_once_are_together_exactly_the_limit() {
    let replicas = Replicas::new(by_caller("10 per minute"));
    let sent: Vec<_> = (0..100)
        .map(|number: usize| {
            let request = from(PEER, "GET /run", &[("x-user", "ada")]);
            tokio::spawn(replicas.apps[number % 2].clone().oneshot(request))
        })
        .collect();
    let mut passed = 0;
    for answer in sent {
        passed += usize::from(answer.await.unwrap().unwrap().status() == 200);
    }
    assert_eq!(passed, 10);
}

#[tokio::test(start_paused = true)]
async fn a_layer_for_a_part_of_the_routes_counts_with_other_processes() {
    let clock = ManualClock::now();
    let state = Double::new(&clock, SOON);
    let apps = [(); 2].map(|()| {
        let limit = Limit::by_caller("10 per minute".parse().unwrap());
        let requests = Requests::new([limit]).unwrap().with_clock(clock.clock());
        let layer = ThrottleLayer::new(requests.with_shared(state.shared()));
        let users = provider_fn(|request: &AuthRequest<'_>| {
            Ok(request.header("x-user").map(AuthContext::new))
        });
        Router::new()
            .route("/run", any(async || "ran").layer(layer))
            .layer(AuthLayer::new(users))
    });
    let mut passed = 0;
    for number in 0..40 {
        let request = from(PEER, "GET /run", &[("x-user", "ada")]);
        let answer = send(&apps[number % 2], request).await;
        if answer.status == 200 {
            passed += 1;
            let told = format!("\"caller\";r={};t=6", 10 - passed);
            assert_eq!(answer.headers["ratelimit"], told);
        } else {
            answer.refused_with(429, "throttled");
        }
    }
    assert_eq!(passed, 10);
}

#[tokio::test(start_paused = true)]
async fn a_request_is_one_question_and_what_is_refused_here_is_none() {
    let limits = || {
        vec![
            Limit::by_caller("5 per minute".parse().unwrap()),
            Limit::by_tenant("50 per minute".parse().unwrap()),
        ]
    };
    let replicas = Replicas::new(limits);
    for _ in 0..100 {
        replicas.ask(0, "GET /run", "ada@acme").await;
    }
    assert_eq!(replicas.state.asked(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_goes_on_beyond_the_limit_of_another_process_is_soon_refused_without_a_question()
 {
    let replicas = Replicas::new(by_caller("5 per minute"));
    for _ in 0..5 {
        assert_eq!(replicas.ask(0, "GET /run", "ada").await.status, 200);
    }
    for _ in 0..100 {
        assert_eq!(replicas.ask(1, "GET /run", "ada").await.status, 429);
    }
    assert_eq!(replicas.state.asked(), 10);
    // It is let in as soon as a unit has come back.
    replicas.clock.advance(Duration::from_secs(12));
    assert_eq!(replicas.ask(1, "GET /run", "ada").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn what_one_limit_refuses_no_other_counts_here_or_elsewhere() {
    let limits = || {
        vec![
            Limit::by_caller("2 per minute".parse().unwrap()),
            Limit::by_tenant("10 per minute".parse().unwrap()),
        ]
    };
    let replicas = Replicas::new(limits);
    for replica in [0, 0, 1, 1, 1, 1, 0, 1, 1, 1] {
        replicas.ask(replica, "GET /run", "ada@acme").await;
    }
    let mut passed = 0;
    for number in 0..20 {
        let caller = format!("user-{number}@acme");
        passed += usize::from(replicas.ask(1, "GET /run", &caller).await.status == 200);
    }
    assert_eq!(passed, 8);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_by_the_count_of_all_is_the_refusal_by_the_count_of_one() {
    let replicas = Replicas::new(by_caller("2 per minute"));
    for _ in 0..2 {
        replicas.ask(0, "GET /run", "ada").await;
    }
    replicas.clock.advance(Duration::from_secs(7));
    let [here, elsewhere] = [
        replicas.ask(0, "GET /run", "ada").await,
        replicas.ask(1, "GET /run", "ada").await,
    ];
    here.refused_with(429, "throttled");
    assert_eq!(here.headers["retry-after"], "23");
    assert_eq!(here.headers, elsewhere.headers);
    assert_eq!(here.body, elsewhere.body);
}

#[tokio::test(start_paused = true)]
async fn every_answer_tells_what_is_left_for_all() {
    let replicas = Replicas::new(by_caller("4 per minute"));
    for (replica, left) in [(0, 3), (1, 2), (1, 1), (0, 0)] {
        let answer = replicas.ask(replica, "GET /run", "ada").await;
        let told = format!("\"caller\";r={left};t=15");
        assert_eq!(answer.headers["ratelimit"], told, "{replica}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_handler_charges_counts_in_every_process() {
    let replicas = Replicas::new(by_caller("10 per minute"));
    assert_eq!(replicas.ask(0, "POST /charge", "ada").await.status, 200);
    pass().await;
    assert_eq!(replicas.state.charged(), 1);
    let answer = replicas.ask(1, "GET /run", "ada").await;
    assert_eq!(answer.headers["ratelimit"], "\"caller\";r=4;t=6");
}

#[tokio::test(start_paused = true)]
async fn requests_without_a_caller_are_counted_together_too() {
    for line in ["GET /public", "GET /optional"] {
        let limits = || vec![Limit::by_address("6 per minute".parse().unwrap())];
        let replicas = Replicas::new(limits);
        let mut passed = 0;
        for number in 0..20 {
            let answer = send(&replicas.apps[number % 2], from(PEER, line, &[])).await;
            passed += usize::from(answer.status == 200);
        }
        assert_eq!(passed, 6, "{line}");
    }
}

#[tokio::test(start_paused = true)]
async fn limits_with_another_name_or_quota_count_apart() {
    let clock = ManualClock::now();
    let state = Double::new(&clock, SOON);
    let quota = |text: &str| text.parse().unwrap();
    let limits = [
        Limit::by_caller(quota("3 per minute")),
        Limit::by_caller(quota("3 per hour")),
        Limit::by_caller(quota("3 per minute"))
            .with_name("runs")
            .unwrap(),
        Limit::by_key(quota("3 per minute"))
            .with_name("caller")
            .unwrap(),
    ];
    for limit in limits {
        let requests = Requests::new([limit]).unwrap().with_clock(clock.clock());
        let app = app(requests.with_shared(state.shared()));
        let mut passed = 0;
        for _ in 0..9 {
            let request = from(PEER, "GET /run", &[("x-user", "ada")]);
            passed += usize::from(send(&app, request).await.status == 200);
        }
        assert_eq!(passed, 3);
    }
}

#[tokio::test(start_paused = true)]
async fn a_managed_key_and_its_successor_have_one_limit_in_every_process() {
    let clock = ManualClock::now();
    let state = Double::new(&clock, SOON);
    let store: Arc<dyn KeyStore> = Arc::new(MemoryKeyStore::new().unwrap());
    let replicas = [(); 2].map(|()| {
        let keys = ManagedKeys::of(Arc::clone(&store), "sk_live").unwrap();
        let limit = Limit::by_key("4 per hour".parse().unwrap());
        let requests = Requests::new([limit]).unwrap().with_clock(clock.clock());
        let requests = requests.with_shared(state.shared());
        let layer = AuthLayer::new(keys.clone()).throttle_requests(requests);
        (keys, guarded(layer))
    });
    let operator = replicas[0].0.as_operator("test");
    let made = operator.create(KeyRequest::new("ci")).await.unwrap();
    let later = operator
        .rotate(made.key().record().id(), Duration::from_secs(60))
        .await
        .unwrap();
    let mut passed = 0;
    for number in 0..12 {
        let key = [&made, &later][number / 2 % 2].secret().unwrap();
        let request = from(PEER, "GET /run", &[("x-api-key", key.expose())]);
        let answer = send(&replicas[number % 2].1, request).await;
        assert!(matches!(answer.status.as_u16(), 200 | 429), "{answer:?}");
        passed += usize::from(answer.status == 200);
    }
    assert_eq!(passed, 4);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_by_the_count_of_all_leaves_no_place_taken() {
    let limits = by_caller("1 per minute");
    let replicas = Replicas::with(SOON, limits, |requests| requests.with_max_running(1));
    replicas.ask(0, "GET /run", "ada").await;
    assert_eq!(replicas.ask(1, "GET /run", "ada").await.status, 429);
    replicas.clock.advance(Duration::from_secs(60));
    assert_eq!(replicas.ask(1, "GET /run", "ada").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_request_whose_client_goes_away_during_the_question_leaves_no_place_taken() {
    let limits = by_caller("100 per minute");
    let replicas = Replicas::with(Manner::Hangs, limits, |requests| {
        requests.with_max_running(1)
    });
    let gone = replicas.ask(0, "GET /run", "ada");
    assert!(timeout(Duration::from_millis(2), gone).await.is_err());
    replicas.state.set(SOON);
    let answer = replicas.ask(0, "GET /run", "ada").await;
    assert_eq!(answer.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_request_waits_for_the_answer_and_for_nothing_else() {
    let replicas = Replicas::new(by_caller("100 per minute"));
    let start = Instant::now();
    for _ in 0..10 {
        replicas.ask(0, "GET /run", "ada").await;
    }
    assert_eq!(start.elapsed(), Duration::from_millis(10));
}
