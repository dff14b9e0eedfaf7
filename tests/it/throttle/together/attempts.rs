//! Guesses at two replicas on one shared state [14.1].

use std::{
    future::{Future, poll_fn},
    sync::Arc,
    task::Poll,
    time::Duration,
};

use axum::Router;
use tokio::time::{Instant, timeout};
use tower::ServiceExt;
use tower_auth::{
    AuthContext, AuthError, AuthLayer, AuthRequestBuf, CredentialSource,
    provider::{ApiKeyAuth, ApiKeyHandle, async_provider_fn},
    testing::ManualClock,
};

use super::{
    super::kit::{Counted, KEY, OTHER_KEY, PEER, attempts, from, keys},
    double::{AWAY, Double, Manner, SOON, pass},
};
use crate::common::answer::{Answer, guarded, send};

/// Two processes of one service: ten wrong credentials a minute.
struct Replicas {
    apps: [Router; 2],
    providers: [Counted<ApiKeyAuth>; 2],
    handles: [ApiKeyHandle; 2],
    state: Arc<Double>,
    clock: ManualClock,
}

impl Replicas {
    fn new() -> Self {
        let clock = ManualClock::now();
        let state = Double::new(&clock, SOON);
        let keys = [(); 2].map(|()| keys());
        let handles = keys.each_ref().map(ApiKeyAuth::handle);
        let providers = keys.map(Counted::new);
        let apps = providers.each_ref().map(|provider| {
            let attempts = attempts("10 per minute", &clock).with_shared(state.shared());
            guarded(AuthLayer::new(provider.clone()).throttle_attempts(attempts))
        });
        Self {
            apps,
            providers,
            handles,
            state,
            clock,
        }
    }

    async fn show(&self, replica: usize, key: &str) -> Answer {
        let request = from(PEER, "GET /run", &[("x-api-key", key)]);
        send(&self.apps[replica], request).await
    }

    /// How many of that many guesses are judged, half of them at each replica.
    async fn judged(&self, times: usize) -> usize {
        let mut judged = 0;
        for number in 0..times {
            let answer = self.show(number % 2, &format!("guess-{number}")).await;
            match answer.status.as_u16() {
                401 => judged += 1,
                status => assert_eq!(status, 429),
            }
        }
        judged
    }
}

#[tokio::test(start_paused = true)]
async fn guesses_at_two_replicas_are_together_the_limit() {
    let replicas = Replicas::new();
    assert_eq!(replicas.judged(40).await, 10);
    let asked: usize = replicas.providers.iter().map(Counted::asked).sum();
    assert_eq!(asked, 10, "nobody judges what is refused");
    replicas.clock.advance(Duration::from_secs(12));
    assert_eq!(replicas.judged(40).await, 2);
}

#[tokio::test(start_paused = true)]
async fn many_guesses_at_once_are_together_the_limit() {
    let replicas = Replicas::new();
    let sent: Vec<_> = (0..100)
        .map(|number: usize| {
            let guess = format!("guess-{number}");
            let request = from(PEER, "GET /run", &[("x-api-key", &guess)]);
            tokio::spawn(replicas.apps[number % 2].clone().oneshot(request))
        })
        .collect();
    let mut judged = 0;
    for answer in sent {
        judged += usize::from(answer.await.unwrap().unwrap().status() == 401);
    }
    assert_eq!(judged, 10);
}

#[tokio::test(start_paused = true)]
async fn a_flood_from_one_address_asks_the_state_no_more_than_the_limit() {
    let replicas = Replicas::new();
    for number in 0..1_000 {
        replicas.show(0, &format!("guess-{number}")).await;
    }
    assert_eq!(replicas.state.asked(), 10);
    for number in 0..1_000 {
        replicas.show(1, &format!("guess-{number}")).await;
    }
    assert_eq!(replicas.state.asked(), 20);
}

#[tokio::test(start_paused = true)]
async fn a_credential_that_is_known_asks_nobody_and_waits_for_nothing() {
    let replicas = Replicas::new();
    assert_eq!(replicas.show(0, KEY).await.status, 200);
    pass().await;
    let start = Instant::now();
    for _ in 0..20 {
        assert_eq!(replicas.show(0, KEY).await.status, 200);
    }
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(replicas.state.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_good_credential_counts_nowhere() {
    let replicas = Replicas::new();
    for key in [KEY, OTHER_KEY] {
        assert_eq!(replicas.show(0, key).await.status, 200);
    }
    pass().await;
    assert_eq!(replicas.state.given_back(), 2);
    assert_eq!(replicas.judged(40).await, 10);
}

#[tokio::test(start_paused = true)]
async fn a_known_credential_is_judged_while_its_address_guesses_at_another_replica() {
    let replicas = Replicas::new();
    assert_eq!(replicas.show(0, KEY).await.status, 200);
    pass().await;
    for number in 0..20 {
        replicas.show(1, &format!("guess-{number}")).await;
    }
    for _ in 0..20 {
        assert_eq!(replicas.show(0, KEY).await.status, 200);
    }
    assert_eq!(replicas.show(0, "guess").await.status, 429);
}

#[tokio::test(start_paused = true)]
async fn right_and_wrong_credentials_get_the_same_bytes_for_the_guesses_at_another_replica() {
    let replicas = Replicas::new();
    for number in 0..10 {
        replicas.show(0, &format!("guess-{number}")).await;
    }
    let [right, wrong] = [
        replicas.show(1, KEY).await,
        replicas.show(1, "sk-live-0000000000ff").await,
    ];
    right.refused_with(429, "throttled");
    assert_eq!(right.headers, wrong.headers);
    assert_eq!(right.body, wrong.body);
    let here = replicas.show(0, KEY).await;
    assert_eq!((right.headers, right.body), (here.headers, here.body));
    assert_eq!(replicas.providers[1].asked(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_known_credential_that_is_wrong_now_counts_at_every_replica() {
    let replicas = Replicas::new();
    replicas.show(0, KEY).await;
    pass().await;
    replicas.handles[0].remove_all();
    assert_eq!(replicas.show(0, KEY).await.status, 401);
    pass().await;
    assert_eq!(replicas.state.charged(), 0, "it owes nothing");
    let mut judged = 0;
    for number in 0..20 {
        let answer = replicas.show(1, &format!("guess-{number}")).await;
        judged += usize::from(answer.status == 401);
    }
    assert_eq!(judged, 9);
}

/// A replica whose provider answers as it is told by the key.
fn slow(state: &Arc<Double>, clock: &ManualClock) -> Router {
    let provider =
        async_provider_fn(
            async |request: AuthRequestBuf| match request.header("x-api-key") {
                Some("away") => Err(AuthError::unavailable("away")),
                Some("slow") => {
                    std::future::pending::<()>().await;
                    Ok(Some(AuthContext::new("nobody")))
                }
                _ => Err(AuthError::invalid_credential("unknown")),
            },
        );
    let name = http::HeaderName::from_static("x-api-key");
    let provider = provider.with_credentials([CredentialSource::header(name)]);
    let attempts = attempts("10 per minute", clock).with_shared(state.shared());
    guarded(AuthLayer::new(provider).throttle_attempts(attempts))
}

/// How many guesses a replica judges.
async fn judged(app: &Router) -> usize {
    let mut judged = 0;
    for number in 0..20 {
        let guess = format!("guess-{number}");
        let answer = send(app, from(PEER, "GET /run", &[("x-api-key", &guess)])).await;
        judged += usize::from(answer.status == 401);
    }
    judged
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_checked_counts_nowhere() {
    let clock = ManualClock::now();
    let state = Double::new(&clock, SOON);
    let apps = [slow(&state, &clock), slow(&state, &clock)];
    for _ in 0..30 {
        let away = from(PEER, "GET /run", &[("x-api-key", "away")]);
        assert_eq!(send(&apps[0], away).await.status, 503);
        pass().await;
    }
    assert_eq!(judged(&apps[1]).await, 10);
}

#[tokio::test(start_paused = true)]
async fn an_address_of_many_revoked_keys_owes_nothing() {
    let clock = ManualClock::now();
    let state = Double::new(&clock, SOON);
    let names: Vec<String> = (0..50)
        .map(|number| format!("sk-live-{number:012}"))
        .collect();
    let provider = ApiKeyAuth::new(names.iter().map(String::as_str)).unwrap();
    let handle = provider.handle();
    let limit = attempts("10 per minute", &clock).with_shared(state.shared());
    let app = guarded(AuthLayer::new(provider).throttle_attempts(limit));
    let show = async |key: &str| {
        let answer = send(&app, from(PEER, "GET /run", &[("x-api-key", key)])).await;
        pass().await;
        answer.status.as_u16()
    };
    for name in &names {
        assert_eq!(show(name).await, 200);
    }
    handle.remove_all();
    for name in &names {
        assert_eq!(show(name).await, 401);
    }
    assert_eq!(judged(&slow(&state, &clock)).await, 0);
    clock.advance(Duration::from_secs(6));
    assert_eq!(judged(&slow(&state, &clock)).await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_keeps_no_attempt() {
    let clock = ManualClock::now();
    let state = Double::new(&clock, SOON);
    let app = slow(&state, &clock);
    for number in 0..60 {
        let late = Manner::After(Duration::from_millis(6));
        state.set(if number % 3 == 0 { late } else { SOON });
        let away = from(PEER, "GET /run", &[("x-api-key", "away")]);
        assert_eq!(send(&app, away).await.status, 503);
        state.set(SOON);
        pass().await;
    }
    assert_eq!(judged(&slow(&state, &clock)).await, 10);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_broken_off_counts_nowhere() {
    let clock = ManualClock::now();
    // During the question, and while the provider judges.
    for wait in [Duration::ZERO, Duration::from_millis(20)] {
        let state = Double::new(&clock, Manner::After(Duration::from_millis(3)));
        let apps = [slow(&state, &clock), slow(&state, &clock)];
        for _ in 0..30 {
            let request = from(PEER, "GET /run", &[("x-api-key", "slow")]);
            let mut gone = Box::pin(apps[0].clone().oneshot(request));
            let once = poll_fn(|cx| Poll::Ready(gone.as_mut().poll(cx).is_pending()));
            assert!(once.await);
            assert!(timeout(wait, gone).await.is_err());
            pass().await;
        }
        assert_eq!(state.asked(), 30);
        assert_eq!(judged(&apps[1]).await, 10, "{wait:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn attempts_that_are_held_until_they_came_back_with_time_gain_no_guess() {
    let clock = ManualClock::now();
    let state = Double::new(&clock, SOON);
    let app = slow(&state, &clock);
    // A replica that has counted nothing yet shows what the state has left.
    let left = async || judged(&slow(&state, &clock)).await;
    let mut judged_in_all = 0;
    for _ in 0..10 {
        let held: Vec<_> = (0..9)
            .map(|_| {
                let request = from(PEER, "GET /run", &[("x-api-key", "slow")]);
                tokio::spawn(app.clone().oneshot(request))
            })
            .collect();
        pass().await;
        clock.advance(Duration::from_secs(60));
        judged_in_all += left().await;
        for held in held {
            held.abort();
        }
        pass().await;
        judged_in_all += left().await;
    }
    // Ten minutes of ten.
    assert_eq!(judged_in_all, 100);
}

#[tokio::test(start_paused = true)]
async fn without_the_state_each_replica_has_its_own_limit_and_no_more() {
    for manner in AWAY {
        let replicas = Replicas::new();
        replicas.state.set(manner);
        assert_eq!(replicas.judged(100).await, 20, "{manner:?}");
    }
}
