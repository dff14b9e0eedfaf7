//! Tokens that name a key which is not there: a rotation, or an attack.

use std::{collections::HashMap, time::Duration};

use futures_util::FutureExt;
use http::Response;
use tower_auth::{
    provider::{Authentication, CompositeAuth},
    testing::{Fault, IssuerEndpoint::Jwks},
};

use crate::oauth2::world::*;

#[tokio::test]
async fn a_rotation_is_followed_by_one_fetch_however_many_come() {
    let world = World::new();
    let provider = world.warm().await;
    world.issuer.rotate();
    let requests = (0..100).map(|_| {
        let (provider, token) = (provider.clone(), world.token().mint());
        async move { ask(&provider, &token).await }
    });
    for answer in together(requests).await {
        accepted(answer);
    }
    assert_eq!(world.fetches(), 2);
}

#[tokio::test]
async fn a_kid_that_a_newer_set_lacks_is_401() {
    let world = World::new();
    let provider = world.warm().await;
    let token = world.token().with_header("kid", "forged").mint();
    assert_eq!(refusal(&provider, &token).await, "jwt_kid_unknown");
    assert_eq!(world.fetches(), 2);
}

#[tokio::test]
async fn a_kid_that_comes_during_the_cool_down_is_503_with_the_seconds_left() {
    let world = World::new();
    let provider = world.warm().await;
    let forged = |kid: &str| world.token().with_header("kid", kid).mint();
    refusal(&provider, &forged("first")).await;
    for left in (1..=30).rev() {
        let answer = at_once(&provider, &forged("second"));
        assert_eq!(unavailable(answer), ("jwks_cooling_down".into(), left));
        world.pass(Duration::from_secs(1));
    }
    assert_eq!(world.fetches(), 2);
    assert_eq!(
        refusal(&provider, &forged("third")).await,
        "jwt_kid_unknown"
    );
    assert_eq!(world.fetches(), 3);
}

#[tokio::test]
async fn a_rotation_during_the_cool_down_is_503_and_then_accepted() {
    let world = World::new();
    let provider = world.warm().await;
    let forged = world.token().with_header("kid", "forged").mint();
    refusal(&provider, &forged).await;
    world.issuer.rotate();
    let token = world.token().mint();
    let (_, seconds) = unavailable(provider.verify(&token).await);
    world.pass(Duration::from_secs(seconds));
    assert!(provider.verify(&token).await.is_ok());
}

#[tokio::test]
async fn the_cool_down_can_be_set() {
    let world = World::new();
    let provider = world
        .provider()
        .with_cool_down(Duration::from_secs(5))
        .unwrap();
    provider.warm_up().await.unwrap();
    let forged = world.token().with_header("kid", "forged").mint();
    for fetches in 2..5 {
        refusal(&provider, &forged).await;
        assert_eq!(unavailable(provider.verify(&forged).await).1, 5);
        assert_eq!(world.fetches(), fetches);
        world.pass(Duration::from_secs(5));
    }
}

#[tokio::test]
async fn a_thousand_forged_kids_cause_one_fetch_per_cool_down() {
    let world = World::new();
    let provider = world.warm().await;
    for round in 0..3 {
        let connections = (0..50).map(|connection| {
            let forge = |number| {
                let kid = format!("{round}-{connection}-{number}");
                world.token().with_header("kid", kid).mint()
            };
            let (provider, tokens) = (provider.clone(), (0..20).map(forge).collect::<Vec<_>>());
            async move {
                let mut statuses = HashMap::<u16, usize>::new();
                for token in tokens {
                    let error = ask(&provider, &token).await.unwrap_err();
                    *statuses.entry(error.status().as_u16()).or_default() += 1;
                }
                statuses
            }
        });
        let mut statuses = HashMap::<u16, usize>::new();
        for (status, count) in together(connections).await.into_iter().flatten() {
            *statuses.entry(status).or_default() += count;
        }
        // Those whose set is provably newer than their token: never more than wait for a fetch.
        assert!((1..=50).contains(&statuses[&401]), "{statuses:?}");
        assert_eq!(statuses[&401] + statuses[&503], 1000, "{statuses:?}");
        assert_eq!(world.fetches(), 2 + round);
        world.pass(Duration::from_secs(30));
    }
}

#[tokio::test]
async fn valid_tokens_are_answered_at_once_while_forged_ones_wait() {
    let world = World::new();
    let provider = world.warm().await;
    world.issuer.fail(Jwks, Fault::Hang);
    let waiting: Vec<_> = (0..50)
        .map(|number| {
            let kid = format!("forged-{number}");
            let answer = ask(&provider, &world.token().with_header("kid", kid).mint());
            answer.into_future()
        })
        .collect();
    world.issuer.until_requests(Jwks, 2).await;
    for _ in 0..10 {
        accepted(at_once(&provider, &world.token().mint()));
    }
    world.issuer.recover();
    for answer in together(waiting).await {
        let status = answer.unwrap_err().status().as_u16();
        assert!(matches!(status, 401 | 503), "{status}");
    }
}

#[tokio::test]
async fn the_fetch_survives_its_callers_disconnect() {
    let world = World::new();
    let provider = world.warm().await;
    world.issuer.rotate();
    world.issuer.fail(Jwks, Fault::Hang);
    let token = world.token().mint();
    let Authentication::Pending(mut caller) = ask(&provider, &token) else {
        panic!("the key is not there yet");
    };
    assert!((&mut caller).now_or_never().is_none());
    world.issuer.until_requests(Jwks, 2).await;
    drop(caller);
    world.issuer.recover();
    eventually("the key is there", async || {
        matches!(ask(&provider, &token), Authentication::Ready(Ok(Some(_))))
    })
    .await;
    assert_eq!(world.fetches(), 2);
}

#[tokio::test]
async fn a_fetch_that_fails_proves_nothing() {
    for fault in [Fault::Status(500), Fault::Garbage, Fault::Empty] {
        let world = World::new();
        let provider = world.warm().await;
        world.issuer.fail(Jwks, fault);
        let forged = world.token().with_header("kid", "forged").mint();
        let answer = provider.verify(&forged).await;
        assert_eq!(unavailable(answer), ("jwks_unavailable".into(), 30));
        assert_eq!(
            unavailable(provider.verify(&forged).await).1,
            30,
            "and costs a cool-down"
        );
        assert_eq!(world.fetches(), 2);
    }
}

#[tokio::test]
async fn a_set_that_was_asked_for_before_the_token_came_proves_nothing() {
    let world = World::new();
    let provider = world.warm().await;
    world.issuer.fail(Jwks, Fault::Hang);
    let forged = |kid: &str| world.token().with_header("kid", kid).mint();
    let first = tokio::spawn(ask(&provider, &forged("first")).into_future());
    world.issuer.until_requests(Jwks, 2).await;
    let second = tokio::spawn(ask(&provider, &forged("second")).into_future());
    tokio::task::yield_now().await;
    world.issuer.recover();
    assert_eq!(
        first.await.unwrap().unwrap_err().reason(),
        "jwt_kid_unknown"
    );
    assert_eq!(
        unavailable(second.await.unwrap()),
        ("jwks_cooling_down".into(), 30)
    );
}

#[tokio::test]
async fn an_unknown_kid_waits_no_longer_than_the_limit() {
    let world = World::new();
    let provider = world.provider().with_wait_limit(Duration::from_millis(20));
    eventually("there are keys", async || provider.warm_up().await.is_ok()).await;
    world.issuer.fail(Jwks, Fault::Hang);
    let forged = world.token().with_header("kid", "forged").mint();
    assert_eq!(unavailable(provider.verify(&forged).await).0, "jwks_slow");
}

#[tokio::test]
async fn a_key_that_is_there_and_unusable_causes_no_fetch() {
    let world = World::new();
    let unusable = world.kid();
    let mut jwk = world.issuer.jwk(&unusable);
    jwk["use"] = "enc".into();
    world.issuer.replace_keys();
    world.issuer.publish_jwk(jwk);
    let provider = world.warm().await;
    for _ in 0..10 {
        let token = world.token().with_key(&unusable).mint();
        let error = at_once(&provider, &token).unwrap_err();
        assert_eq!(error.reason(), "jwt_key_unusable");
    }
    assert_eq!(world.fetches(), 1);
}

#[tokio::test]
async fn tokens_that_are_refused_for_another_reason_cause_no_fetch() {
    let world = World::new();
    let provider = world.warm().await;
    let forge = || world.token().with_header("kid", "forged");
    for token in [
        forge().with_claim("iss", "https://other.example").mint(),
        forge().without_claim("iss").mint(),
        forge().with_header("alg", "PS512").mint(),
        forge().with_header("typ", "dpop+jwt").mint(),
        forge().with_header("crit", vec!["exp"]).mint(),
        forge().with_raw_claims("no JSON").mint(),
        world
            .token()
            .without_header("kid")
            .with_audience("other")
            .mint(),
    ] {
        let error = at_once(&provider, &token).unwrap_err();
        assert_eq!(error.status(), 401, "{error:?}");
    }
    assert_eq!(world.fetches(), 1);
}

#[tokio::test]
async fn in_a_chain_one_issuers_outage_is_not_the_others() {
    let (down, up) = (World::new(), World::new());
    down.issuer.close();
    let chain = CompositeAuth::new(down.provider()).or(up.provider());
    let caller = accepted(ask(&chain, &up.token().mint()).await);
    assert_eq!(caller.issuer(), Some(up.issuer.url()));
    let error = ask(&chain, &down.token().mint()).await.unwrap_err();
    assert_eq!(
        error.status(),
        503,
        "could not be checked, though the other said no"
    );
}

#[tokio::test]
async fn a_set_with_the_key_but_another_algorithm_is_401() {
    let world = World::new();
    let provider = world.warm().await;
    let set = world.issuer.jwks().to_string().replace("ES256", "ES384");
    world.issuer.fail(Jwks, Fault::Answer(Response::new(set)));
    let token = world.token().with_header("alg", "RS256").mint();
    assert_eq!(refusal(&provider, &token).await, "jwt_alg_mismatch");
}
