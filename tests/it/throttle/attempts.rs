//! Wrong credentials are counted by address, before anybody judges them [14.1].

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use http::HeaderName;
use tower_auth::{
    AuthContext, AuthError, AuthLayer, AuthRequest, CredentialSource,
    provider::{AuthProvider, CompositeAuth, provider_fn},
    testing,
};

use super::kit::{Counted, KEY, OTHER_KEY, PEER, World, attempts, from, keys};
use crate::common::answer::{guarded, send};

#[tokio::test]
async fn a_guess_too_many_is_refused_before_the_provider_is_asked() {
    let world = World::new();
    world.guess(PEER, 10).await;
    for number in 0..5 {
        let refused = world.show(PEER, &format!("more-{number}")).await;
        refused.refused_with(429, "throttled");
    }
    assert_eq!(world.provider.asked(), 10);
}

#[tokio::test]
async fn attempts_come_back_with_time() {
    let world = World::new();
    world.guess(PEER, 10).await;
    let refused = world.show(PEER, "one-more").await;
    assert_eq!(refused.headers["retry-after"], "6");
    world.clock.advance(std::time::Duration::from_secs(6));
    world.guess(PEER, 1).await;
    assert_eq!(world.show(PEER, "one-more").await.status, 429);
}

#[tokio::test]
async fn a_good_key_between_the_guesses_clears_nothing() {
    let world = World::new();
    for number in 0..10 {
        assert_eq!(
            world.show(PEER, &format!("guess-{number}")).await.status,
            401
        );
        assert_eq!(world.show(PEER, KEY).await.status, 200);
    }
    assert_eq!(world.show(PEER, "one-more").await.status, 429);
    assert_eq!(world.show(PEER, KEY).await.status, 200);
}

#[tokio::test]
async fn a_good_key_beside_a_guess_is_a_guess() {
    // The key in the first place, a guess for the second provider behind it.
    let clock = testing::ManualClock::now();
    let second = tower_auth::provider::JwtAuth::hs256("an example secret of 32 bytes …").unwrap();
    let chain = CompositeAuth::new(second).or(keys());
    let layer = AuthLayer::new(chain).throttle_attempts(attempts("10 per minute", &clock));
    let app = guarded(layer);
    let show = async |key: &str, token: &str| {
        let token = format!("Bearer {token}");
        let headers = [("x-api-key", key), ("authorization", &*token)];
        send(&app, from(PEER, "GET /run", &headers)).await.status
    };
    assert_eq!(show(KEY, "a.b.c").await, 200);
    // The pair itself was an attempt once.
    for number in 0..9 {
        assert_eq!(show("wrong", &format!("a.b.{number}")).await, 401);
    }
    assert_eq!(show(KEY, "a.b.c").await, 200);
    assert_eq!(show(KEY, "a.b.d").await, 429);
}

#[tokio::test]
async fn a_known_credential_is_never_refused_while_its_address_guesses() {
    let world = World::new();
    assert_eq!(world.show(PEER, KEY).await.status, 200);
    world.guess(PEER, 10).await;
    for number in 0..10_000 {
        assert_eq!(world.show(PEER, KEY).await.status, 200, "{number}");
        if number % 10 == 0 {
            assert_eq!(
                world.show(PEER, &format!("more-{number}")).await.status,
                429
            );
        }
    }
}

#[tokio::test]
async fn a_credential_is_known_for_an_hour_and_from_its_address_alone() {
    let world = World::new();
    assert_eq!(world.show(PEER, KEY).await.status, 200);
    world.clock.advance(std::time::Duration::from_secs(3_599));
    world.guess(PEER, 10).await;
    assert_eq!(world.show(PEER, KEY).await.status, 200);
    world.clock.advance(std::time::Duration::from_secs(3_601));
    world.guess(PEER, 10).await;
    assert_eq!(world.show(PEER, KEY).await.status, 429);

    world.guess("198.51.100.1", 10).await;
    assert_eq!(world.show("198.51.100.1", KEY).await.status, 429);
    assert_eq!(world.show("198.51.100.2", KEY).await.status, 200);
}

#[tokio::test]
async fn right_and_wrong_credentials_never_seen_from_there_get_the_same_bytes() {
    let world = World::new();
    world.guess(PEER, 10).await;
    let right = world.show(PEER, OTHER_KEY).await;
    let wrong = world.show(PEER, "sk-live-000000000000").await;
    assert_eq!(right.status, 429);
    assert_eq!(right.status, wrong.status);
    assert_eq!(right.headers, wrong.headers);
    assert_eq!(right.body, wrong.body);
}

#[tokio::test]
async fn a_key_that_was_revoked_is_a_guess_like_any_other() {
    let clock = testing::ManualClock::now();
    let (provider, handle) = {
        let keys = keys();
        let handle = keys.handle();
        (keys, handle)
    };
    let layer = AuthLayer::new(provider).throttle_attempts(attempts("10 per minute", &clock));
    let app = guarded(layer);
    let show = async |key: &str| send(&app, from(PEER, "GET /run", &[("x-api-key", key)])).await;
    let accepted = show(KEY).await;
    assert_eq!(accepted.status, 200);
    let name = accepted
        .extensions
        .get::<crate::common::answer::Seen>()
        .unwrap();
    let name = name.context.as_ref().unwrap().user_id().to_owned();
    for number in 0..10 {
        show(&format!("guess-{number}")).await;
    }
    handle.remove(&name).unwrap();
    assert_eq!(show(KEY).await.status, 401);
    assert_eq!(show(KEY).await.status, 429);
}

#[tokio::test]
async fn many_keys_that_were_revoked_are_no_debt() {
    let clock = testing::ManualClock::now();
    let is_revoked = Arc::new(AtomicBool::new(false));
    let provider = provider_fn({
        let is_revoked = Arc::clone(&is_revoked);
        move |request: &AuthRequest<'_>| match request.header("x-api-key") {
            Some(key) if key.starts_with("known") && !is_revoked.load(Ordering::Relaxed) => {
                Ok(Some(AuthContext::new(key)))
            }
            Some(_) => Err(AuthError::invalid_credential("unknown")),
            None => Ok(None),
        }
    })
    .with_credentials([CredentialSource::header(HeaderName::from_static(
        "x-api-key",
    ))]);
    let layer = AuthLayer::new(provider).throttle_attempts(attempts("10 per minute", &clock));
    let app = guarded(layer);
    let show = async |key: String| send(&app, from(PEER, "GET /run", &[("x-api-key", &key)])).await;
    for number in 0..100 {
        assert_eq!(show(format!("known-{number}")).await.status, 200);
    }
    for number in 0..10 {
        assert_eq!(show(format!("guess-{number}")).await.status, 401);
    }
    is_revoked.store(true, Ordering::Relaxed);
    for number in 0..100 {
        assert_eq!(show(format!("known-{number}")).await.status, 401);
        assert_eq!(show(format!("known-{number}")).await.status, 429);
    }
    let refused = show("guess".to_owned()).await;
    assert_eq!(refused.headers["retry-after"], "6");
}

#[tokio::test]
async fn what_shows_nothing_or_cannot_be_read_counts_for_nobody() {
    let world = World::new();
    for _ in 0..50 {
        let nothing = send(&world.app, from(PEER, "GET /run", &[])).await;
        assert_eq!(nothing.status, 401);
        let twice = [("x-api-key", "a"), ("x-api-key", "b")];
        let malformed = send(&world.app, from(PEER, "GET /run", &twice)).await;
        assert_eq!(malformed.status, 400);
        let public = send(&world.app, from(PEER, "GET /health", &[("x-api-key", "a")])).await;
        assert_eq!(public.status, 200);
    }
    world.guess(PEER, 10).await;
    // Who shows nothing is no guesser, and hears so.
    let nothing = send(&world.app, from(PEER, "GET /run", &[])).await;
    assert_eq!(nothing.status, 401);
}

#[tokio::test]
async fn what_could_not_be_checked_counts_for_nobody() {
    let clock = testing::ManualClock::now();
    let away = testing::refuse(AuthError::unavailable("the database is away"));
    let provider = Counted::new(keys().and_then(async |context, _| match true {
        false => Ok(context),
        true => Err(AuthError::unavailable("the database is away")),
    }));
    for layer in [AuthLayer::new(away), AuthLayer::new(provider)] {
        let app = guarded(layer.throttle_attempts(attempts("10 per minute", &clock)));
        for _ in 0..50 {
            let answer = send(&app, from(PEER, "GET /run", &[("x-api-key", KEY)])).await;
            assert_eq!(answer.status, 503);
        }
    }
}

#[tokio::test]
async fn a_second_factor_that_is_wrong_counts() {
    let clock = testing::ManualClock::now();
    let provider = keys()
        .and_then(async |context, request| match request.header("x-totp") {
            Some("123456") => Ok(context),
            _ => Err(AuthError::invalid_credential("second_factor")),
        })
        .with_credentials([tower_auth::CredentialSource::header(
            http::HeaderName::from_static("x-totp"),
        )]);
    let layer = AuthLayer::new(provider).throttle_attempts(attempts("10 per minute", &clock));
    let app = guarded(layer);
    let show = async |code: &str| {
        let headers = [("x-api-key", KEY), ("x-totp", code)];
        send(&app, from(PEER, "GET /run", &headers)).await.status
    };
    for code in 0..10 {
        assert_eq!(show(&format!("00000{code}")).await, 401);
    }
    assert_eq!(show("123456").await, 429);
}

#[tokio::test]
async fn every_method_and_an_upgrade_is_a_guess() {
    let world = World::new();
    let upgrade = [("connection", "upgrade"), ("upgrade", "websocket")];
    let preflight = [
        ("origin", "https://a.example"),
        ("access-control-request-method", "GET"),
    ];
    for (line, more) in [
        ("HEAD /run", &[][..]),
        ("OPTIONS /run", &[]),
        ("OPTIONS /run", &preflight),
        ("GET /run", &upgrade),
        ("POST /run", &[]),
        ("PUT /unknown", &[]),
        ("DELETE /optional", &[]),
        ("PATCH /run", &[]),
        ("CONNECT /run", &[]),
        ("TRACE /run", &[]),
    ] {
        let headers = [more, &[("x-api-key", "wrong")]].concat();
        let answer = send(&world.app, from(PEER, line, &headers)).await;
        assert_eq!(answer.status, 401, "{line}");
    }
    for line in ["HEAD /run", "OPTIONS /run", "GET /run"] {
        let headers = [&upgrade[..], &[("x-api-key", "wrong")]].concat();
        let answer = send(&world.app, from(PEER, line, &headers)).await;
        assert_eq!(answer.status, 429, "{line}");
    }
}

#[tokio::test]
async fn a_preflight_that_passes_is_nobodys_attempt() {
    let world = World::with(|layer| layer.pass_preflight(true));
    let preflight = [
        ("origin", "https://a.example"),
        ("access-control-request-method", "GET"),
        ("x-api-key", "wrong"),
    ];
    for _ in 0..50 {
        let answer = send(&world.app, from(PEER, "OPTIONS /run", &preflight)).await;
        assert_eq!(answer.status, 200);
    }
    world.guess(PEER, 10).await;
}

#[tokio::test]
async fn a_clock_that_is_set_back_neither_opens_nor_locks() {
    let world = World::new();
    world.guess(PEER, 10).await;
    world.clock.set_unix(1_000);
    assert_eq!(world.show(PEER, "one-more").await.status, 429);
    world.clock.advance(std::time::Duration::from_secs(60));
    world.guess(PEER, 10).await;
}

#[tokio::test]
async fn the_refusal_says_when_to_come_back_in_every_form_that_there_is() {
    let world = World::new();
    world.guess(PEER, 10).await;
    let refused = world.show(PEER, "one-more").await;
    assert_eq!(refused.headers["retry-after"], "6");
    assert_eq!(refused.headers["ratelimit"], "\"attempts\";r=0;t=6");
    assert_eq!(
        refused.headers["ratelimit-policy"],
        "\"attempts\";q=10;w=60"
    );
    assert!(!refused.headers.contains_key("www-authenticate"));
    let body: serde_json::Value = serde_json::from_slice(&refused.body).unwrap();
    assert_eq!(
        body["type"],
        "https://iana.org/assignments/http-problem-types#quota-exceeded"
    );
    assert_eq!(body["violated-policies"], serde_json::json!(["attempts"]));
    assert_eq!(body["status"], 429);
    assert_eq!(body["code"], "throttled");

    let grpc = [("x-api-key", "wrong"), ("content-type", "application/grpc")];
    let refused = send(&world.app, from(PEER, "POST /run", &grpc)).await;
    assert_eq!(refused.headers["grpc-status"], "8");
}

#[tokio::test]
async fn layers_that_share_their_attempts_count_together() {
    let clock = testing::ManualClock::now();
    let attempts = attempts("10 per minute", &clock);
    let apps = [0, 1].map(|_| {
        let layer = AuthLayer::new(keys()).throttle_attempts(attempts.clone());
        guarded(layer)
    });
    for number in 0..12 {
        let headers = [("x-api-key", "wrong")];
        let answer = send(&apps[number % 2], from(PEER, "GET /run", &headers)).await;
        assert_eq!(
            answer.status,
            if number < 10 { 401 } else { 429 },
            "{number}"
        );
    }
}
