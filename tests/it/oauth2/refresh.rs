//! Keys are kept, refreshed beside the requests, and kept through an outage.

use std::time::Duration;

use http::Response;
use tower_auth::{
    provider::OAuth2Auth,
    testing::{
        Fault,
        IssuerEndpoint::{Jwks, OpenIdConfiguration},
    },
};

use crate::oauth2::world::*;

#[tokio::test]
async fn keys_are_fetched_again_before_their_hour_is_over() {
    let world = World::new();
    let provider = world.warm().await;
    world.pass(Duration::from_secs(59 * 60));
    accepted(at_once(&provider, &world.token().mint()));
    world.issuer.until_requests(Jwks, 2).await;
}

#[tokio::test]
async fn one_refresh_serves_all_requests() {
    let world = World::new();
    let provider = world.warm().await;
    world.issuer.fail(Jwks, Fault::Hang);
    world.pass(HOUR);
    for _ in 0..100 {
        accepted(at_once(&provider, &world.token().mint()));
    }
    world.issuer.until_requests(Jwks, 2).await;
    for _ in 0..100 {
        accepted(at_once(&provider, &world.token().mint()));
        tokio::task::yield_now().await;
    }
    assert_eq!(world.fetches(), 2);
}

#[tokio::test]
async fn a_known_key_never_waits_however_old_the_keys_are() {
    let world = World::new();
    let provider = world.warm().await;
    world.issuer.fail_everywhere(&Fault::Hang);
    for _ in 0..23 {
        world.pass(HOUR);
        accepted(at_once(&provider, &world.token().mint()));
    }
}

#[tokio::test]
async fn max_age_says_how_long_keys_are_kept() {
    let world = World::new();
    answer_with_header(
        &world,
        "cache-control",
        "public, max-age=300, must-revalidate",
    );
    let provider = world.warm().await;
    let token = world.token().mint();
    world.issuer.recover();
    world.issuer.replace_keys();
    world.pass(Duration::from_secs(299));
    accepted(at_once(&provider, &token));
    refused_soon(&provider, &token).await;
}

#[tokio::test]
async fn the_cache_life_can_be_set() {
    let world = World::new();
    answer_with_header(&world, "cache-control", "max-age=86400");
    let provider = world
        .provider()
        .with_cache_ttl(Duration::from_secs(600))
        .unwrap();
    provider.warm_up().await.unwrap();
    world.issuer.recover();
    world.pass(Duration::from_secs(599));
    accepted(at_once(&provider, &world.token().mint()));
    world.issuer.until_requests(Jwks, 2).await;
}

#[tokio::test]
async fn whatever_goes_wrong_the_old_keys_stay() {
    for fault in [
        Fault::Status(500),
        Fault::Status(404),
        Fault::Status(304),
        Fault::Garbage,
        Fault::Empty,
        Fault::Answer(Response::new(
            r#"{"keys":[{"kty":"oct","k":"AAAA"}]}"#.into(),
        )),
    ] {
        let world = World::new();
        let provider = world.warm().await;
        world.issuer.fail(Jwks, fault.clone());
        world.pass(HOUR);
        accepted(at_once(&provider, &world.token().mint()));
        refreshed_in_vain(&provider, &world).await;
        accepted(at_once(&provider, &world.token().mint()));
    }
}

#[tokio::test]
async fn when_discovery_goes_wrong_the_old_keys_stay() {
    for fault in [Fault::Status(500), Fault::Garbage, Fault::Empty] {
        let world = World::new();
        let provider = world.warm().await;
        world.issuer.fail(OpenIdConfiguration, fault.clone());
        world.pass(HOUR);
        for tries in 2..4 {
            eventually("it is tried", async || {
                world.pass(Duration::from_secs(1));
                accepted(at_once(&provider, &world.token().mint()));
                world.issuer.requests(OpenIdConfiguration) >= tries
            })
            .await;
        }
        assert_eq!(world.fetches(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_refresh_that_failed_is_tried_again() {
    let world = World::new();
    let provider = world.warm().await;
    let token = world.token().mint();
    world.issuer.fail(Jwks, Fault::Status(500));
    world.pass(HOUR);
    accepted(at_once(&provider, &world.token().mint()));
    refreshed_in_vain(&provider, &world).await;
    world.issuer.recover();
    world.issuer.replace_keys();
    // Nobody shows a new token: the set is fetched for its own sake.
    eventually("the old key is gone", async || {
        world.pass(Duration::from_secs(1));
        ask(&provider, &token).await.is_err()
    })
    .await;
}

#[tokio::test]
async fn keys_that_cannot_be_refreshed_for_a_day_are_not_used() {
    let world = World::new();
    let provider = world.warm().await;
    let token = world.token().mint();
    accepted(at_once(&provider, &token));
    world.issuer.close();
    world.pass(DAY - Duration::from_secs(1));
    accepted(at_once(&provider, &token));
    world.pass(Duration::from_secs(1));
    assert_eq!(
        unavailable(provider.verify(&token).await).0,
        "jwks_unavailable"
    );

    world.issuer.recover();
    world.pass(HOUR);
    assert!(
        provider.verify(&token).await.is_ok(),
        "and are as soon as they can"
    );
}

#[tokio::test]
async fn the_stale_limit_can_be_set() {
    let world = World::new();
    let provider = world.provider().with_stale_ttl(HOUR * 48).unwrap();
    provider.warm_up().await.unwrap();
    world.issuer.close();
    world.pass(HOUR * 47);
    accepted(at_once(&provider, &world.token().mint()));
    world.pass(HOUR);
    unavailable(provider.verify(&world.token().mint()).await);
}

#[tokio::test]
async fn a_withdrawn_key_stops_working_at_the_next_refresh() {
    let world = World::new();
    let provider = world.warm().await;
    let withdrawn = world.kid();
    let token = world.token().mint();
    accepted(at_once(&provider, &token));
    world.issuer.rotate();
    world.issuer.remove_key(&withdrawn);
    accepted(at_once(&provider, &token));
    world.pass(HOUR);
    accepted(at_once(&provider, &token));
    // Remembered or not, it is of no key that there is.
    refused_soon(&provider, &token).await;
    let fresh = world.token().with_key(&withdrawn).mint();
    assert!(provider.verify(&fresh).await.is_err());
    accepted(at_once(&provider, &world.token().mint()));
}

#[tokio::test]
async fn a_key_that_is_replaced_under_its_id_stops_working_too() {
    let world = World::new();
    let provider = world.warm().await;
    let kid = world.kid();
    let token = world.token().mint();
    accepted(at_once(&provider, &token));
    world.issuer.replace_keys();
    let mut jwk = world.issuer.jwk(&world.kid());
    jwk["kid"] = kid.into();
    world.issuer.publish_jwk(jwk);
    world.pass(HOUR);
    accepted(at_once(&provider, &token));
    eventually("the remembered token is refused", async || {
        let answer = provider.verify(&token).await;
        answer.is_err_and(|error| error.reason() == "jwt_bad_signature")
    })
    .await;
}

/// Waits until a refresh was tried and has failed: only then is another one begun.
async fn refreshed_in_vain(provider: &OAuth2Auth, world: &World) {
    world.issuer.until_requests(Jwks, 2).await;
    eventually("the refresh is tried again", async || {
        world.pass(Duration::from_secs(1));
        accepted(at_once(provider, &world.token().mint()));
        world.fetches() >= 3
    })
    .await;
}

async fn refused_soon(provider: &OAuth2Auth, token: &str) {
    eventually("the token is refused", async || {
        ask(provider, token).await.is_err()
    })
    .await;
}

fn answer_with_header(world: &World, name: &str, value: &str) {
    let response = Response::builder()
        .header(name, value)
        .body(world.issuer.jwks().to_string())
        .unwrap();
    world.issuer.fail(Jwks, Fault::Answer(response));
}
