//! How many wait for keys at a time: 1,024, and whoever comes then is told to come again.

use tower_auth::{
    AuthErrorKind, AuthResult,
    provider::{Authentication, OAuth2Auth},
    testing::{Fault, IssuerEndpoint::Jwks},
};

use crate::oauth2::world::*;

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
