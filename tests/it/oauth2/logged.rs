//! Every state of the keys and every failure is one line of the log, and not one per request.

use std::time::Duration;

use http::Response;
use serde_json::{Value, json};
use tower_auth::testing::{Fault, IssuerEndpoint::Jwks};
use tracing::Level;

use crate::oauth2::{
    common::log::{Event, Log},
    world::*,
};

#[tokio::test]
async fn the_first_keys_are_one_line() {
    let world = World::new();
    let log = Log::start();
    let provider = world.warm().await;
    for _ in 0..10 {
        accepted(at_once(&provider, &world.token().mint()));
    }
    let event = log.only();
    assert_eq!((event.level, event.field("keys")), (Level::INFO, Some("1")));
    assert_eq!(event.field("issuer"), Some(world.issuer.url()));
}

#[tokio::test]
async fn a_cold_start_without_issuer_is_one_error_with_its_causes() {
    let world = World::new();
    world.issuer.close();
    let log = Log::start();
    let provider = world.provider();
    let token = world.token().mint();
    for _ in 0..10 {
        unavailable(provider.verify(&token).await);
    }
    let event = log.only();
    assert_eq!(event.level, Level::ERROR);
    let error = event.field("error").unwrap();
    assert!(
        error.contains("cannot be reached") && error.contains("refused"),
        "{error}"
    );
    assert_eq!(event.field("retry_seconds"), Some("1"));
}

#[tokio::test]
async fn a_failed_refresh_is_one_warning() {
    let world = World::new();
    let provider = world.warm().await;
    world.issuer.fail(Jwks, Fault::Status(503));
    world.pass(HOUR);
    let log = Log::start();
    eventually("the refresh fails", async || {
        accepted(at_once(&provider, &world.token().mint()));
        !log.events().is_empty()
    })
    .await;
    for _ in 0..10 {
        accepted(at_once(&provider, &world.token().mint()));
        tokio::task::yield_now().await;
    }
    let event = log.only();
    assert_eq!(event.level, Level::WARN);
    assert!(event.field("error").unwrap().contains("503"));
    assert_eq!(event.field("usable_seconds"), Some("82800"));
}

#[tokio::test]
async fn a_refresh_without_change_is_no_line() {
    let world = World::new();
    let provider = world.warm().await;
    let log = Log::start();
    world.pass(HOUR);
    accepted(at_once(&provider, &world.token().mint()));
    world.issuer.until_requests(Jwks, 2).await;
    // Whoever names an unknown key waits until the fetch has ended.
    let forged = world.token().with_header("kid", "forged").mint();
    assert!(provider.verify(&forged).await.is_err());
    assert_eq!(log.events().len(), 0, "{:?}", log.events());
}

#[tokio::test]
async fn the_same_keys_in_another_order_are_no_change() {
    let world = World::new();
    world.issuer.rotate();
    let provider = world.warm().await;
    let mut keys = world.issuer.jwks()["keys"].as_array().unwrap().clone();
    keys.reverse();
    let keys: Vec<_> = keys.iter().map(reversed).collect();
    let set = format!(r#"{{ "keys": [{}] }}"#, keys.join(", "));
    world.issuer.fail(Jwks, Fault::Answer(Response::new(set)));
    let log = Log::start();
    let forged = world.token().with_header("kid", "forged").mint();
    refusal(&provider, &forged).await;
    assert_eq!(world.fetches(), 2);
    assert_eq!(log.events().len(), 0, "{:?}", log.events());
}

/// The members of an object, the last one first.
fn reversed(object: &Value) -> String {
    let members = object.as_object().unwrap().iter().rev();
    let members: Vec<_> = members
        .map(|(name, value)| format!("{name:?}: {value}"))
        .collect();
    format!("{{{}}}", members.join(","))
}

#[tokio::test]
async fn a_rotation_is_one_line_that_names_the_keys() {
    let world = World::new();
    let before = world.kid();
    let provider = world.warm().await;
    world.issuer.replace_keys();
    let log = Log::start();
    provider.verify(&world.token().mint()).await.unwrap();
    let event = log.only();
    assert_eq!(event.level, Level::INFO);
    assert_eq!(
        event.field("added"),
        Some(&*format!("{} ES256", world.kid()))
    );
    assert_eq!(event.field("withdrawn"), Some(&*format!("{before} ES256")));
}

#[tokio::test]
async fn every_key_that_is_not_used_is_a_line_with_its_reason() {
    let world = World::new();
    let hostile = format!("\n\u{1b}[31mlevel=ERROR {}", "x".repeat(1000));
    world
        .issuer
        .publish_jwk(json!({"kty": "oct", "k": "AAAA", "kid": hostile}));
    world.issuer.publish_jwk(json!({"kty": "XYZ"}));
    let log = Log::start();
    world.warm().await;
    let skipped: Vec<Event> = log
        .events()
        .into_iter()
        .filter(|event| event.fields.contains_key("reason"))
        .collect();
    assert_eq!(skipped.len(), 2, "{skipped:?}");
    assert_eq!(skipped[0].field("reason"), Some("jwk_symmetric"));
    let kid = skipped[0].field("kid").unwrap();
    assert!(kid.len() < 200 && !kid.contains(['\n', '\u{1b}']), "{kid}");
    assert_eq!(skipped[1].field("reason"), Some("jwk_unknown_kty"));
    assert_eq!(skipped[1].field("kid"), None);
}

#[tokio::test]
async fn a_set_without_a_usable_key_says_why() {
    let world = World::new();
    let kid = world.kid();
    world.issuer.remove_key(&kid);
    world
        .issuer
        .publish_jwk(json!({"kty": "oct", "k": "AAAA", "kid": "a\nb"}));
    let log = Log::start();
    assert!(world.provider().warm_up().await.is_err());
    let event = log.only();
    let error = event.field("error").unwrap();
    assert!(
        error.contains("jwk_symmetric") && !error.contains('\n'),
        "{error}"
    );
}

#[tokio::test]
async fn the_stale_limit_is_one_line() {
    let world = World::new();
    let provider = world.warm().await;
    world.issuer.close();
    world.pass(DAY);
    let log = Log::start();
    let token = world.token().mint();
    for _ in 0..10 {
        unavailable(provider.verify(&token).await);
        world.pass(Duration::from_secs(60));
    }
    let stale = |event: &&Event| event.fields.contains_key("limit_seconds");
    let events = log.events();
    assert_eq!(events.iter().filter(stale).count(), 1, "{events:?}");
    assert!(events.iter().all(|event| event.level == Level::ERROR));
}

#[tokio::test]
async fn no_token_is_in_the_log() {
    let world = World::new();
    let log = Log::start();
    let provider = world.warm().await;
    let token = world.token().mint();
    accepted(at_once(&provider, &token));
    let forged = world.token().with_header("kid", "forged").mint();
    refusal(&provider, &forged).await;
    for token in [token, forged] {
        for part in token.split('.') {
            assert!(!log.text().contains(part));
        }
    }
}
