//! Remembered tokens: never more than the token would get by being verified again.

use std::{thread, time::Duration};

use http::Request;
use tower_auth::{
    AuthRequest,
    jose::Key,
    provider::{AuthProvider, Authentication, JwtAuth, OAuth2Auth},
};

use crate::oauth2::world::*;

#[tokio::test]
async fn a_token_that_expires_between_two_requests_is_refused_at_the_second() {
    let world = World::new();
    let provider = world.warm().await;
    let token = world.issuer.token().with_lifetime(MINUTE).mint();
    accepted(at_once(&provider, &token));
    world.pass(Duration::from_secs(90));
    let error = at_once(&provider, &token).unwrap_err();
    assert_eq!(error.code(), "expired_credential");
}

#[tokio::test]
async fn no_changed_byte_of_a_remembered_token_passes() {
    let world = World::new();
    let provider = world.warm().await;
    let token = world.token().mint();
    accepted(at_once(&provider, &token));
    for at in 0..token.len() {
        let mut changed = token.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        let answer = ask(&provider, &changed).await;
        assert!(answer.is_err(), "byte {at} of {token}");
    }
    accepted(at_once(&provider, &token));
}

#[tokio::test]
async fn nothing_added_to_a_remembered_token_passes() {
    let world = World::new();
    let provider = world.warm().await;
    let token = world.token().mint();
    accepted(at_once(&provider, &token));
    for changed in [
        format!("{token}="),
        format!("{token}."),
        format!("{token}A"),
        format!("a{token}"),
    ] {
        assert!(provider.verify(&changed).await.is_err(), "{changed}");
    }
}

#[tokio::test]
async fn two_providers_with_different_audiences_share_nothing() {
    let world = World::new();
    let provider = world.warm().await;
    let other = OAuth2Auth::new(world.issuer.url(), "other")
        .unwrap()
        .with_clock(world.clock.clock());
    let token = world.token().mint();
    for _ in 0..2 {
        accepted(at_once(&provider, &token));
        assert_eq!(refusal(&other, &token).await, "jwt_aud_mismatch");
    }
}

#[tokio::test]
async fn a_changed_setting_forgets_what_the_old_ones_accepted() {
    let world = World::new();
    let provider = world.warm().await;
    let token = world.token().mint();
    accepted(at_once(&provider, &token));
    let stricter = provider.clone().strict_at_jwt();
    assert_eq!(refusal(&stricter, &token).await, "jwt_typ");
    accepted(at_once(&provider, &token));
}

#[tokio::test]
async fn remembering_can_be_turned_off() {
    let world = World::new();
    let provider = world.provider().with_remembered_tokens(0);
    provider.warm_up().await.unwrap();
    let token = world.token().mint();
    for _ in 0..3 {
        accepted(at_once(&provider, &token));
    }
}

#[tokio::test]
async fn a_remembered_token_brings_its_whole_context() {
    let world = World::new();
    let provider = world.warm().await;
    let token = world
        .token()
        .with_scope("read")
        .with_claim("role", "editor")
        .mint();
    let (first, second) = (
        accepted(at_once(&provider, &token)),
        accepted(at_once(&provider, &token)),
    );
    assert_eq!(
        serde_json::to_value(&first).unwrap(),
        serde_json::to_value(&second).unwrap()
    );
    assert_eq!(
        second.claim::<String>("role").unwrap().as_deref(),
        Some("editor")
    );
}

#[tokio::test]
async fn a_refused_token_is_not_remembered() {
    let world = World::new();
    let provider = world.warm().await;
    let token = world.token().with_claim("nbf", NOW + 300).mint();
    assert_eq!(refusal(&provider, &token).await, "jwt_not_yet_valid");
    world.pass(Duration::from_secs(300));
    accepted(at_once(&provider, &token));
}

#[tokio::test]
async fn a_remembered_token_costs_no_allocation() {
    let world = World::new();
    let provider = world.warm().await;
    assert_eq!(allocations(&provider, &world.token().mint()), 0);
}

#[tokio::test]
async fn a_token_in_use_on_several_threads_expires_on_all_of_them() {
    let world = World::new();
    let provider = world.warm().await;
    let token = world.token().with_lifetime(MINUTE).mint();
    let _in_use = [(); 3].map(|()| on_threads(|| accepted(at_once(&provider, &token))));
    world.pass(Duration::from_secs(90));
    for answer in on_threads(|| at_once(&provider, &token)) {
        assert_eq!(answer.unwrap_err().code(), "expired_credential");
    }
}

#[tokio::test]
async fn a_token_in_use_on_several_threads_ends_on_all_of_them_with_its_key() {
    let world = World::new();
    let provider = world.provider().with_cache_ttl(MINUTE).unwrap();
    provider.warm_up().await.unwrap();
    let withdrawn = world.kid();
    let token = world.token().mint();
    let _in_use = [(); 3].map(|()| on_threads(|| accepted(at_once(&provider, &token))));
    world.issuer.rotate();
    world.issuer.remove_key(&withdrawn);
    world.pass(MINUTE);
    accepted(at_once(&provider, &token));
    eventually("the key is gone", async || {
        provider.verify(&token).await.is_err()
    })
    .await;
    let is_accepted = || matches!(ask(&provider, &token), Authentication::Ready(Ok(_)));
    assert_eq!(on_threads(is_accepted), [false; THREADS]);
}

#[tokio::test]
async fn a_known_key_costs_no_more_than_a_fixed_one() {
    let world = World::new();
    let provider = world.provider().with_remembered_tokens(0);
    provider.warm_up().await.unwrap();
    let jwk = world.issuer.jwk(&world.kid()).to_string();
    let fixed = JwtAuth::new(Key::from_jwk(&jwk).unwrap())
        .with_issuer(world.issuer.url())
        .with_audience(AUDIENCE)
        .with_remembered_tokens(0)
        .with_clock(world.clock.clock());
    let token = world.token().mint();
    assert_eq!(allocations(&provider, &token), allocations(&fixed, &token));
}

/// What comes of it on each of several threads.
fn on_threads<T: Send>(work: impl Fn() -> T + Sync) -> [T; THREADS] {
    thread::scope(|scope| {
        let threads = [(); THREADS].map(|()| scope.spawn(&work));
        threads.map(|thread| thread.join().unwrap())
    })
}

/// What an accepted token allocates when it is shown again.
fn allocations(provider: &impl AuthProvider, token: &str) -> u64 {
    let request = Request::get("/")
        .header("authorization", format!("Bearer {token}"))
        .body(())
        .unwrap();
    // What is made once per thread (a snapshot's slot) is made here, and a token is remembered.
    accepted(at_once(provider, token));
    accepted(at_once(provider, token));
    let answer = || drop(provider.authenticate(&AuthRequest::from(&request)));
    allocation_counter::measure(answer).count_total
}

const THREADS: usize = 40;
