//! Tokens of a key that the issuer has withdrawn: their holders must log in again, and are told so.

use std::{convert::Infallible, time::Duration};

use http::{Request, Response, StatusCode, header};
use tower::{Layer, ServiceExt, service_fn};
use tower_auth::{
    AuthError, AuthErrorKind, AuthLayer,
    provider::{CompositeAuth, OAuth2Auth},
    testing::{Fault, IssuerEndpoint::Jwks},
};
use tracing::Level;

use crate::oauth2::{common::log::Log, world::*};

#[tokio::test]
async fn a_token_of_a_withdrawn_key_is_401_at_once_and_after_the_cool_down() {
    let world = World::new();
    let (provider, old) = replaced(&world).await;
    for pause in [0, 1, 29, 1, 30, 600] {
        world.pass(Duration::from_secs(pause));
        for _ in 0..12 {
            let error = at_once(&provider, &old_token(&world, &old)).unwrap_err();
            assert_eq!(
                (error.status().as_u16(), error.code()),
                (401, "invalid_credential")
            );
            assert_eq!(error.reason(), "jwt_kid_withdrawn");
        }
        eventually("the new key works", async || {
            provider.verify(&world.token().mint()).await.is_ok()
        })
        .await;
    }
}

#[tokio::test]
async fn a_token_of_a_withdrawn_key_is_no_error_in_the_log() {
    let world = World::new();
    let (provider, old) = replaced(&world).await;
    let log = Log::start();
    for _ in 0..12 {
        let (status, _) = send(&provider, &old_token(&world, &old)).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
    }
    let events = log.events();
    assert_eq!(events.len(), 12, "{events:?}");
    assert!(
        events.iter().all(|event| event.level == Level::INFO),
        "{events:?}"
    );
}

#[tokio::test]
async fn a_withdrawn_key_causes_one_fetch_per_cool_down() {
    let world = World::new();
    let (provider, old) = replaced(&world).await;
    assert_eq!(world.fetches(), 2);
    for round in 3..6 {
        world.pass(Duration::from_secs(30));
        // Asked until it begins: while the fetch before it still runs, none is begun.
        eventually("the keys are fetched again", async || {
            for _ in 0..12 {
                at_once(&provider, &old_token(&world, &old)).unwrap_err();
            }
            world.fetches() >= round
        })
        .await;
        for _ in 0..12 {
            at_once(&provider, &old_token(&world, &old)).unwrap_err();
            tokio::task::yield_now().await;
        }
        assert_eq!(world.fetches(), round);
    }
}

#[tokio::test]
async fn a_withdrawn_key_that_was_only_missing_from_a_node_of_the_issuer_works_again() {
    let world = World::new();
    let set = world.issuer.jwks().to_string();
    let (provider, old) = replaced(&world).await;
    let token = old_token(&world, &old);
    at_once(&provider, &token).unwrap_err();
    world.issuer.fail(Jwks, Fault::Answer(Response::new(set)));
    world.pass(Duration::from_secs(30));
    eventually("the key is back", async || {
        matches!(
            ask(&provider, &token),
            tower_auth::provider::Authentication::Ready(Ok(Some(_)))
        )
    })
    .await;
}

#[tokio::test]
async fn a_key_that_was_withdrawn_more_than_a_day_ago_is_one_that_was_never_seen() {
    let world = World::new();
    let provider = world.provider().with_stale_ttl(DAY * 3).unwrap();
    provider.warm_up().await.unwrap();
    let old = world.kid();
    world.issuer.replace_keys();
    provider.verify(&world.token().mint()).await.unwrap();
    let token = old_token(&world, &old);
    world.pass(DAY - Duration::from_secs(1));
    assert_eq!(
        at_once(&provider, &token).unwrap_err().reason(),
        "jwt_kid_withdrawn"
    );
    world.pass(Duration::from_secs(1));
    // That one has begun a fetch, and this one comes within its cool-down.
    eventually("it was forgotten", async || {
        let error = provider.verify(&token).await.unwrap_err();
        (error.status().as_u16(), error.code()) == (503, "unknown_key")
    })
    .await;
}

#[tokio::test]
async fn a_kid_that_only_tokens_named_is_never_a_withdrawn_one() {
    let world = World::new();
    let provider = world.warm().await;
    let forged = world.token().with_header("kid", "forged").mint();
    assert_eq!(refusal(&provider, &forged).await, "jwt_kid_unknown");
    world.issuer.replace_keys();
    world.pass(Duration::from_secs(30));
    provider.verify(&world.token().mint()).await.unwrap();
    let error = at_once(&provider, &forged).unwrap_err();
    assert_eq!(error.code(), "unknown_key");
}

#[tokio::test]
async fn forged_kids_do_not_push_a_withdrawn_one_out() {
    let world = World::new();
    let (provider, old) = replaced(&world).await;
    for number in 0..1000 {
        let kid = format!("forged-{number}");
        let token = world.token().with_header("kid", kid).mint();
        assert_eq!(
            at_once(&provider, &token).unwrap_err().code(),
            "unknown_key"
        );
    }
    let error = at_once(&provider, &old_token(&world, &old)).unwrap_err();
    assert_eq!(error.reason(), "jwt_kid_withdrawn");
}

#[tokio::test]
async fn a_past_exp_is_401_whatever_the_kid_and_asks_nobody() {
    let world = World::new();
    let (warm, old) = replaced(&world).await;
    let cold = world.provider();
    let expired = || {
        world
            .token()
            .with_claim("iat", NOW - 7200)
            .with_claim("exp", NOW - 3600)
    };
    let tokens = [
        expired().with_header("kid", "never seen").mint(),
        expired().with_key(&old).mint(),
    ];
    let fetches = world.fetches();
    for pause in [0, 30] {
        world.pass(Duration::from_secs(pause));
        for (provider, token) in [(&warm, 0), (&warm, 1), (&cold, 0), (&cold, 1)] {
            let error = at_once(provider, &tokens[token]).unwrap_err();
            // Not `expired_credential`: nothing was verified.
            assert_eq!(
                (error.status().as_u16(), error.code()),
                (401, "invalid_credential")
            );
            assert_eq!(error.reason(), "jwt_expired_unverified");
        }
    }
    assert_eq!(world.fetches(), fetches);
}

#[tokio::test]
async fn an_expired_token_of_a_key_that_is_there_is_called_expired() {
    let world = World::new();
    let provider = world.warm().await;
    let expired = world.token().with_claim("exp", NOW - 3600).mint();
    let error = at_once(&provider, &expired).unwrap_err();
    assert_eq!(error.code(), "expired_credential");
}

#[tokio::test]
async fn only_a_token_with_the_right_claims_waits_for_a_key_that_was_never_seen() {
    let world = World::new();
    let (warm, cold) = (world.warm().await, world.provider());
    let forge = || world.token().with_header("kid", "forged");
    for (token, reason) in [
        (forge().with_audience("other"), "jwt_aud_mismatch"),
        (forge().without_claim("aud"), "jwt_aud_missing"),
        (forge().with_claim("aud", 7), "jwt_bad_aud"),
        (
            forge().with_claim("iss", "https://other.example"),
            "jwt_iss_mismatch",
        ),
        (forge().without_claim("exp"), "jwt_exp_missing"),
        (forge().with_claim("exp", "soon"), "jwt_bad_exp"),
        (forge().with_claim("nbf", NOW + 3600), "jwt_not_yet_valid"),
        (
            forge().with_claim("iat", NOW + 3600),
            "jwt_issued_in_future",
        ),
        (forge().without_claim("sub"), "jwt_user_id_missing"),
    ] {
        let token = token.mint();
        for provider in [&warm, &cold] {
            let error = at_once(provider, &token).unwrap_err();
            assert_eq!((error.status().as_u16(), error.reason()), (401, reason));
        }
    }
    assert_eq!(world.fetches(), 1);
}

#[tokio::test]
async fn a_kid_that_was_never_seen_is_answered_unknown_key_at_info_with_the_seconds_left() {
    let world = World::new();
    let (provider, _) = replaced(&world).await;
    world.pass(Duration::from_secs(7));
    let forged = world.token().with_header("kid", "forged").mint();
    let log = Log::start();
    let (status, retry_after) = send(&provider, &forged).await;
    assert_eq!(
        (status, &*retry_after),
        (StatusCode::SERVICE_UNAVAILABLE, "23")
    );
    let refused: Vec<_> = log
        .events()
        .into_iter()
        .filter(|event| event.field("outcome") == Some("refused"))
        .collect();
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].level, Level::INFO);
    assert_eq!(refused[0].field("code"), Some("unknown_key"));
}

#[tokio::test]
async fn an_unknown_key_is_told_from_an_issuer_that_could_not_be_asked() {
    let world = World::new();
    let (provider, _) = replaced(&world).await;
    let forged = world.token().with_header("kid", "forged").mint();
    let error = provider.verify(&forged).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (AuthErrorKind::UnknownKey, "unknown_key")
    );

    world.issuer.fail(Jwks, Fault::Status(500));
    world.pass(Duration::from_secs(30));
    let error = provider.verify(&forged).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (AuthErrorKind::Unavailable, "unavailable")
    );
}

#[tokio::test]
async fn one_line_a_minute_says_that_unknown_kids_come() {
    let world = World::new();
    let provider = world.provider().with_cool_down(HOUR).unwrap();
    provider.warm_up().await.unwrap();
    let forged = |number| {
        let kid = format!("forged\n-{number}");
        world.token().with_header("kid", kid).mint()
    };
    refusal(&provider, &forged(0)).await;
    let log = Log::start();
    for number in 1..=100 {
        at_once(&provider, &forged(number)).unwrap_err();
    }
    let event = log.only();
    assert_eq!(
        (event.level, event.field("tokens")),
        (Level::INFO, Some("1"))
    );
    assert_eq!(event.field("kid"), Some("forged\\n-1"));
    world.pass(Duration::from_secs(59));
    at_once(&provider, &forged(101)).unwrap_err();
    assert_eq!(log.events().len(), 0);
    world.pass(Duration::from_secs(1));
    at_once(&provider, &forged(102)).unwrap_err();
    assert_eq!(log.only().field("tokens"), Some("101"));
}

#[tokio::test]
async fn in_a_chain_an_unknown_key_is_no_ones_401() {
    let world = World::new();
    let (provider, _) = replaced(&world).await;
    let forged = world.token().with_header("kid", "forged").mint();
    for chain in [
        CompositeAuth::new(provider.clone()).or(tower_auth::testing::refuse(
            AuthError::invalid_credential("other"),
        )),
        CompositeAuth::new(tower_auth::testing::refuse(AuthError::throttled(HOUR)))
            .or(provider.clone()),
    ] {
        let error = ask(&chain, &forged).await.unwrap_err();
        assert_eq!(error.code(), "unknown_key");
    }
}

/// A provider that has accepted a token of the key `old`, and since then one of the key that
/// replaced it.
async fn replaced(world: &World) -> (OAuth2Auth, String) {
    let provider = world.warm().await;
    let old = world.kid();
    accepted(at_once(&provider, &world.token().mint()));
    world.issuer.replace_keys();
    provider.verify(&world.token().mint()).await.unwrap();
    (provider, old)
}

fn old_token(world: &World, old: &str) -> String {
    world.token().with_key(old).mint()
}

/// The status and the `Retry-After` that a layer answers with.
async fn send(provider: &OAuth2Auth, token: &str) -> (StatusCode, String) {
    let inner =
        service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(String::new())));
    let request = Request::get("/")
        .header("authorization", format!("Bearer {token}"))
        .body(())
        .unwrap();
    let service = AuthLayer::new(provider.clone()).layer(inner);
    let response = service.oneshot(request).await.unwrap();
    let retry_after = response.headers().get(header::RETRY_AFTER);
    let retry_after = retry_after.map(|value| value.to_str().unwrap().to_owned());
    (response.status(), retry_after.unwrap_or_default())
}
