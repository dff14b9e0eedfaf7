//! How many wait for keys at a time: 1,024, and whoever comes then is told to come again.

use std::{convert::Infallible, net::IpAddr};

use http::{Request, Response};
use tower::{Layer, Service, service_fn};
use tower_auth::{
    AuthErrorKind, AuthLayer, AuthRequest, AuthResult, ClientAddress,
    provider::{AuthProvider, Authentication, OAuth2Auth, OAuth2Issuers},
    testing::{Fault, IssuerEndpoint::Jwks},
};
use tracing::Level;

use crate::oauth2::{common::log::Log, world::*};

const MOST: usize = 1024;

#[tokio::test]
async fn those_who_wait_for_the_first_keys_are_1024_at_most() {
    let world = World::new();
    world.issuer.fail(Jwks, Fault::Hang);
    let provider = world.provider().with_wait_limit(MINUTE);
    let token = world.token().mint();
    let waiting = fill(&provider, MOST, |_| token.clone());
    for _ in 0..3000 {
        let error = at_once(&provider, &token).unwrap_err();
        assert_eq!(
            (error.status().as_u16(), error.code()),
            (503, "unavailable")
        );
        assert_eq!(error.reason(), "jwks_crowded");
        assert_eq!(error.retry_after().map(|time| time.as_secs()), Some(5));
    }
    let error = provider.verify(&token).await.unwrap_err();
    assert_eq!(error.reason(), "jwks_crowded");
    world.issuer.recover();
    for answer in together(waiting).await {
        accepted(answer);
    }
    assert_eq!(world.fetches(), 1);
}

/// Nothing about a token is proven without keys, so anybody can write one that waits.
#[tokio::test]
async fn a_stranger_takes_a_quarter_of_the_places_for_the_first_keys_at_most() {
    let world = World::new();
    world.issuer.fail(Jwks, Fault::Hang);
    let single = world.provider().with_wait_limit(MINUTE);
    let several = OAuth2Issuers::new([single.clone()]).unwrap();
    let token = world.token().mint();
    let (_, claims) = token.split_once('.').unwrap();
    let (claims, _) = claims.split_once('.').unwrap();
    // {"alg":"ES256"}
    let unsigned = format!("eyJhbGciOiJFUzI1NiJ9.{claims}.{}", "A".repeat(86));
    for provider in [&single as &dyn AuthProvider, &several] {
        let ask = |token: &str, address| ask_from(provider, token, address);
        let waiting: Vec<_> = (0..MOST)
            .map(|_| ask(&unsigned, "198.51.100.66"))
            .filter_map(pending)
            .collect();
        assert_eq!(waiting.len(), MOST / 4);
        let victim = pending(ask(&token, "203.0.113.7")).expect("another address has places");
        let Authentication::Ready(Err(error)) = ask(&unsigned, "198.51.100.66") else {
            panic!("the stranger gets more than a quarter");
        };
        assert_eq!(
            (error.status().as_u16(), error.reason()),
            (503, "jwks_crowded")
        );
        drop((waiting, victim));
    }
}

/// One line a minute, and no error for each: strangers must not fill the log.
#[tokio::test]
async fn a_full_waiting_room_is_one_warning_and_no_error() {
    let world = World::new();
    world.issuer.fail(Jwks, Fault::Hang);
    let provider = world.provider().with_wait_limit(MINUTE);
    let token = world.token().mint();
    let waiting = fill(&provider, MOST, |_| token.clone());
    let log = Log::start();
    let mut app = AuthLayer::new(provider).layer(service_fn(async |_: Request<()>| {
        Ok::<_, Infallible>(Response::new(String::new()))
    }));
    for _ in 0..50 {
        let request = Request::get("/").header("authorization", format!("Bearer {token}"));
        let answer = app.call(request.body(()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), 503);
    }
    let at = |level| {
        let events = log.events();
        events.iter().filter(|event| event.level == level).count()
    };
    assert_eq!(
        (at(Level::ERROR), at(Level::WARN), at(Level::INFO)),
        (0, 1, 50)
    );
    drop(waiting);
}

#[tokio::test]
async fn whoever_hangs_up_gives_the_place_back() {
    let world = World::new();
    world.issuer.fail(Jwks, Fault::Hang);
    let provider = world.provider().with_wait_limit(MINUTE);
    let token = world.token().mint();
    for _ in 0..3 {
        drop(fill(&provider, MOST, |_| token.clone()));
    }
    let waiting = fill(&provider, MOST, |_| token.clone());
    at_once(&provider, &token).unwrap_err();
    drop(waiting);
}

#[tokio::test]
async fn a_token_that_no_key_could_mend_takes_no_place() {
    let world = World::new();
    world.issuer.fail(Jwks, Fault::Hang);
    let provider = world.provider().with_wait_limit(MINUTE);
    let (token, foreign) = (
        world.token().mint(),
        world.token().with_audience("other").mint(),
    );
    for _ in 0..2 * MOST {
        let error = at_once(&provider, &foreign).unwrap_err();
        assert_eq!(error.reason(), "jwt_aud_mismatch");
    }
    drop(fill(&provider, MOST, |_| token.clone()));
}

#[tokio::test]
async fn those_who_wait_for_an_unknown_key_are_1024_at_most_and_nobody_else_is_touched() {
    let world = World::new();
    let provider = world.provider().with_wait_limit(MINUTE);
    provider.warm_up().await.unwrap();
    world.issuer.fail(Jwks, Fault::Hang);
    let forge = |number| {
        let kid = format!("forged-{number}");
        world.token().with_header("kid", kid).mint()
    };
    let waiting = fill(&provider, MOST, forge);
    let error = at_once(&provider, &forge(MOST)).unwrap_err();
    assert_eq!(error.kind(), AuthErrorKind::UnknownKey);
    assert_eq!(error.retry_after().map(|time| time.as_secs()), Some(30));
    accepted(at_once(&provider, &world.token().mint()));
    world.issuer.recover();
    for answer in together(waiting).await {
        let status = answer.unwrap_err().status().as_u16();
        assert!(matches!(status, 401 | 503), "{status}");
    }
}

fn ask_from(provider: &dyn AuthProvider, token: &str, address: &str) -> Authentication {
    let address: IpAddr = address.parse().unwrap();
    let request = Request::get("/")
        .header("authorization", format!("Bearer {token}"))
        .extension(ClientAddress::from(address))
        .body(())
        .unwrap();
    provider.authenticate(&AuthRequest::from(&request))
}

fn pending(asked: Authentication) -> Option<impl Future<Output = AuthResult>> {
    match asked {
        Authentication::Pending(answer) => Some(answer),
        Authentication::Ready(_) => None,
    }
}

/// So many requests that wait.
#[track_caller]
fn fill(
    provider: &OAuth2Auth,
    count: usize,
    token: impl Fn(usize) -> String,
) -> Vec<impl Future<Output = AuthResult> + Send + 'static> {
    (0..count)
        .map(|number| match ask(provider, &token(number)) {
            Authentication::Pending(answer) => answer,
            Authentication::Ready(answer) => panic!("{number} does not wait: {answer:?}"),
        })
        .collect()
}
