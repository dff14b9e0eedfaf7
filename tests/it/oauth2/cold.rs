//! Before there are keys, and after the last handle is gone.

use std::{convert::Infallible, time::Duration};

use http::{Request, Response, StatusCode, header};
use tokio::runtime::{Builder, Handle};
use tower::{Layer, ServiceExt, service_fn};
use tower_auth::{
    AuthLayer,
    provider::{Authentication, OAuth2Auth},
    testing::{
        Fault,
        IssuerEndpoint::{Jwks, OpenIdConfiguration},
    },
};

use crate::oauth2::world::*;

#[test]
fn building_needs_no_runtime_and_asks_nobody() {
    let world = World::new();
    let provider = world.provider().strict_at_jwt().with_remembered_tokens(10);
    let layer = AuthLayer::new(provider.clone());
    assert_eq!(
        world.issuer.requests(OpenIdConfiguration) + world.fetches(),
        0
    );
    drop((provider, layer));
}

#[tokio::test]
async fn building_starts_no_task() {
    let world = World::new();
    let provider = world.provider();
    assert_eq!(tasks(), 0);
    drop(provider);
}

#[test]
fn without_a_runtime_it_is_503_and_not_a_panic() {
    let world = World::new();
    let answer = at_once(&world.provider(), &world.token().mint());
    assert_eq!(unavailable(answer).0, "jwks_no_runtime");
}

#[tokio::test]
async fn the_first_requests_wait_for_one_fetch() {
    let world = World::new();
    let provider = world.provider();
    let token = world.token().mint();
    let requests = (0..50).map(|_| {
        let (provider, token) = (provider.clone(), token.clone());
        async move { ask(&provider, &token).await }
    });
    for answer in together(requests).await {
        accepted(answer);
    }
    assert_eq!(world.fetches(), 1);
}

#[tokio::test]
async fn without_an_issuer_it_is_503_with_retry_after() {
    let world = World::new();
    world.issuer.close();
    let service = AuthLayer::new(world.provider()).layer(service_fn(async |_: Request<()>| {
        Ok::<_, Infallible>(Response::new(String::new()))
    }));
    for _ in 0..3 {
        let request = Request::get("/")
            .header("authorization", format!("Bearer {}", world.token().mint()))
            .body(())
            .unwrap();
        let response = service.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[header::RETRY_AFTER], "1");
    }
}

#[tokio::test]
async fn without_keys_nothing_that_a_key_could_mend_is_ever_401() {
    let world = World::new();
    world.issuer.fail(Jwks, Fault::Status(500));
    let provider = world.provider();
    for token in [
        world.token().mint(),
        world.token().with_header("kid", "forged").mint(),
        world.token().without_header("kid").mint(),
    ] {
        assert_eq!(
            unavailable(provider.verify(&token).await).0,
            "jwks_unavailable"
        );
    }
}

#[tokio::test]
async fn what_no_key_could_mend_is_401_even_without_keys() {
    let world = World::new();
    world.issuer.close();
    assert_eq!(
        refusal(&world.provider(), "not.a-token").await,
        "jwt_not_three_parts"
    );
}

#[tokio::test]
async fn a_request_waits_no_longer_than_its_limit() {
    let world = World::new();
    world.issuer.fail(Jwks, Fault::Hang);
    let provider = world.provider().with_wait_limit(Duration::from_millis(20));
    assert_eq!(
        unavailable(provider.verify(&world.token().mint()).await),
        ("jwks_slow".into(), 5)
    );
    world.issuer.recover();
    eventually("the fetch went on", async || {
        provider.verify(&world.token().mint()).await.is_ok()
    })
    .await;
    assert_eq!(world.fetches(), 1);
}

#[tokio::test]
async fn after_a_failure_the_issuer_is_left_alone_for_a_growing_while() {
    let world = World::new();
    world.issuer.fail(Jwks, Fault::Status(500));
    let provider = world.provider();
    let token = world.token().mint();
    for (fetches, pause) in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 30), (7, 30)] {
        let (_, seconds) = unavailable(provider.verify(&token).await);
        assert_eq!((world.fetches(), seconds), (fetches, pause));
        // Meanwhile everyone is answered at once, and nobody is asked.
        let (_, seconds) = unavailable(at_once(&provider, &token));
        assert_eq!((world.fetches(), seconds), (fetches, pause));
        world.pass(Duration::from_secs(pause));
    }
    world.issuer.recover();
    assert!(provider.verify(&token).await.is_ok());
}

#[tokio::test]
async fn an_empty_set_at_first_is_503() {
    let world = World::new();
    for fault in [
        Fault::Empty,
        Fault::Garbage,
        Fault::Status(404),
        Fault::Status(302),
    ] {
        world.issuer.fail(Jwks, fault);
        unavailable(world.provider().verify(&world.token().mint()).await);
    }
}

#[tokio::test]
async fn warm_up_fetches_before_the_first_request() {
    let world = World::new();
    let provider = world.provider();
    provider.warm_up().await.unwrap();
    provider.warm_up().await.unwrap();
    assert_eq!(world.fetches(), 1);
    accepted(at_once(&provider, &world.token().mint()));
}

#[tokio::test]
async fn warm_up_says_why_it_failed_and_may_be_tried_again_at_once() {
    let world = World::new();
    world.issuer.fail(OpenIdConfiguration, Fault::Status(502));
    let provider = world.provider();
    let error = provider.warm_up().await.unwrap_err();
    assert!(causes(&error).contains("502"), "{}", causes(&error));
    world.issuer.recover();
    assert!(provider.warm_up().await.is_ok());
}

#[tokio::test]
async fn clones_share_the_keys() {
    let world = World::new();
    let provider = world.provider();
    provider.clone().warm_up().await.unwrap();
    accepted(at_once(&provider, &world.token().mint()));
}

#[tokio::test]
async fn dropping_the_last_handle_ends_its_tasks() {
    let world = World::new();
    let provider = world.warm().await;
    let last = provider.clone();
    drop(provider);
    accepted(at_once(&last, &world.token().mint()));
    assert_ne!(tasks(), 0);
    drop(last);
    eventually("no task is left", async || tasks() == 0).await;
}

#[tokio::test]
async fn dropping_the_last_handle_ends_a_fetch() {
    let world = World::new();
    world.issuer.fail(Jwks, Fault::Hang);
    let provider = world.provider();
    let Authentication::Pending(waiting) = ask(&provider, &world.token().mint()) else {
        panic!("there are no keys yet");
    };
    world.issuer.until_requests(Jwks, 1).await;
    drop((provider, waiting));
    eventually("no task is left", async || tasks() == 0).await;
}

#[test]
fn it_serves_on_when_the_runtime_it_began_in_has_ended() {
    let world = World::new();
    let provider = world.provider();
    let token = world.token().mint();
    runtime().block_on(provider.verify(&token)).unwrap();
    world.pass(HOUR);
    world.issuer.replace_keys();
    runtime().block_on(async {
        accepted(at_once(&provider, &token));
        eventually("the keys are refreshed in the second runtime", async || {
            provider.verify(&token).await.is_err()
        })
        .await;
    });
}

#[test]
fn a_fetch_that_its_runtime_took_along_is_begun_again() {
    let world = World::new();
    world.issuer.fail(Jwks, Fault::Hang);
    let provider = world.provider().with_wait_limit(Duration::from_millis(20));
    let token = world.token().mint();
    unavailable(runtime().block_on(provider.verify(&token)));
    world.issuer.recover();
    world.pass(Duration::from_secs(1));
    runtime().block_on(eventually("there are keys", async || {
        provider.verify(&token).await.is_ok()
    }));
}

fn runtime() -> tokio::runtime::Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// How many tasks this test's runtime has.
fn tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

const _: fn() = || {
    fn is_shared<T: Send + Sync + Clone + std::fmt::Debug>() {}
    is_shared::<OAuth2Auth>();
    is_shared::<tower_auth::provider::OAuth2Issuers>();
};
