//! A certified OpenID provider that this crate did not write: tokens of a real issuer.

use crate::common;

use std::time::Duration;

use common::{
    bearer::{accepted, ask, reason, unavailable},
    oidc::OidcProvider,
};
use serde_json::json;
use tower_auth::{
    jose::Algorithm,
    provider::{CompositeAuth, IntrospectionAuth, OAuth2Auth, UserinfoAuth},
    testing::ManualClock,
};

/// The algorithms that the provider signs with, each for a resource of its name.
const SIGNED: [Algorithm; 4] = [
    Algorithm::RS256,
    Algorithm::PS256,
    Algorithm::ES256,
    Algorithm::EdDSA,
];
const DISCOVERY: &str = "/.well-known/openid-configuration";

/// Who accepts the provider's tokens for the resource of an algorithm, its keys found by discovery.
fn signed_tokens(provider: &OidcProvider, resource: Algorithm) -> OAuth2Auth {
    OAuth2Auth::new(provider.issuer(), provider.audience(resource.as_str()))
        .unwrap()
        .with_algorithms(SIGNED)
        .unwrap()
}

/// Who introspects opaque tokens, and remembers nothing.
fn opaque_tokens(provider: &OidcProvider) -> IntrospectionAuth {
    let (id, secret) = provider.client("resource_server");
    IntrospectionAuth::new(&provider.url("/token/introspection"), id, secret)
        .unwrap()
        .with_audience(provider.audience("opaque"))
        .with_issuer(provider.issuer())
        .with_cache_ttl(Duration::ZERO)
        .unwrap()
        .accept_clients()
}

#[tokio::test]
async fn an_opaque_token_is_accepted_by_introspection() {
    let Some(provider) = OidcProvider::start() else {
        return;
    };
    let token = provider.access_token("opaque");
    let context = accepted(&opaque_tokens(&provider), &token).await;
    assert_eq!(context.user_id(), provider.client("agent").0);
    assert_eq!(context.method(), "introspection_client");
    assert_eq!(context.issuer(), Some(provider.issuer()));
    assert_eq!(context.scopes().to_string(), "agents:run");
    assert!(context.expires_at().is_some());
}

#[tokio::test]
async fn a_revoked_opaque_token_is_refused() {
    let Some(provider) = OidcProvider::start() else {
        return;
    };
    let (tokens, token) = (opaque_tokens(&provider), provider.access_token("opaque"));
    accepted(&tokens, &token).await;
    provider.revoke(&token);
    assert_eq!(reason(&tokens, &token).await, "token_inactive");
}

#[tokio::test]
async fn a_token_that_nobody_issued_is_refused() {
    let Some(provider) = OidcProvider::start() else {
        return;
    };
    let tokens = opaque_tokens(&provider);
    assert_eq!(reason(&tokens, "guess").await, "token_inactive");
}

#[tokio::test]
async fn an_opaque_token_for_another_audience_is_refused() {
    let Some(provider) = OidcProvider::start() else {
        return;
    };
    let tokens = opaque_tokens(&provider).with_audience(provider.audience("RS256"));
    let token = provider.access_token("opaque");
    assert_eq!(reason(&tokens, &token).await, "token_aud_mismatch");
}

#[tokio::test]
async fn a_client_without_a_user_is_refused_unless_clients_are_accepted() {
    let Some(provider) = OidcProvider::start() else {
        return;
    };
    let (id, secret) = provider.client("resource_server");
    let users = IntrospectionAuth::new(&provider.url("/token/introspection"), id, secret).unwrap();
    let token = provider.access_token("opaque");
    assert_eq!(reason(&users, &token).await, "token_user_id_missing");
}

#[tokio::test]
async fn a_wrong_client_secret_is_503() {
    let Some(provider) = OidcProvider::start() else {
        return;
    };
    let (id, _) = provider.client("resource_server");
    let tokens =
        IntrospectionAuth::new(&provider.url("/token/introspection"), id, "wr0ng").unwrap();
    let token = provider.access_token("opaque");
    assert_eq!(
        unavailable(&tokens, &token).await,
        "endpoint_refuses_our_client"
    );
}

#[tokio::test]
async fn an_outage_of_the_introspection_endpoint_is_503_until_it_is_over() {
    let Some(provider) = OidcProvider::start() else {
        return;
    };
    let (tokens, token) = (opaque_tokens(&provider), provider.access_token("opaque"));
    let path = "/token/introspection";
    provider.control("fault", &json!({"path": path, "status": 502}));
    assert_eq!(unavailable(&tokens, &token).await, "endpoint_failed");
    provider.control("fault", &json!({"path": path}));
    accepted(&tokens, &token).await;
}

#[tokio::test]
async fn many_requests_with_one_token_ask_the_issuer_once() {
    let Some(provider) = OidcProvider::start() else {
        return;
    };
    let tokens = opaque_tokens(&provider)
        .with_cache_ttl(Duration::from_secs(30))
        .unwrap();
    let token = provider.access_token("opaque");
    let answers = (0..100).map(|_| ask(&tokens, &token));
    for answer in futures_util::future::join_all(answers).await {
        assert!(answer.unwrap().is_some());
    }
    assert_eq!(provider.seen("/token/introspection"), 1);
}

#[tokio::test]
async fn userinfo_refuses_a_token_that_is_no_users() {
    let Some(provider) = OidcProvider::start() else {
        return;
    };
    let tokens = UserinfoAuth::new(&provider.url("/me")).unwrap();
    for token in ["guess", &provider.access_token("opaque")] {
        assert_eq!(reason(&tokens, token).await, "token_refused_by_endpoint");
    }
}

#[tokio::test]
async fn signed_tokens_of_every_algorithm_are_accepted_through_discovery() {
    let Some(provider) = OidcProvider::start() else {
        return;
    };
    for algorithm in SIGNED {
        let tokens = signed_tokens(&provider, algorithm);
        let context = accepted(&tokens, &provider.access_token(algorithm.as_str())).await;
        assert_eq!(context.user_id(), provider.client("agent").0, "{algorithm}");
        assert_eq!(context.method(), "oauth2");
        assert_eq!(context.issuer(), Some(provider.issuer()));
        assert_eq!(context.scopes().to_string(), "agents:run");
        assert!(context.expires_at().is_some());
    }
    let asked = u64::try_from(SIGNED.len()).unwrap();
    assert_eq!(provider.seen(DISCOVERY), asked);
    assert_eq!(provider.seen("/jwks"), asked);
}

#[tokio::test]
async fn one_provider_takes_tokens_of_every_algorithm_with_one_fetch() {
    let Some(provider) = OidcProvider::start() else {
        return;
    };
    let tokens =
        SIGNED[1..]
            .iter()
            .fold(signed_tokens(&provider, SIGNED[0]), |tokens, algorithm| {
                let audience = provider.audience(algorithm.as_str());
                tokens.add_audience(audience).unwrap()
            });
    for algorithm in SIGNED {
        accepted(&tokens, &provider.access_token(algorithm.as_str())).await;
    }
    assert_eq!(provider.seen("/jwks"), 1);
}

#[tokio::test]
async fn the_tokens_are_access_tokens_of_rfc_9068() {
    let Some(provider) = OidcProvider::start() else {
        return;
    };
    for algorithm in SIGNED {
        let tokens = signed_tokens(&provider, algorithm).strict_at_jwt();
        accepted(&tokens, &provider.access_token(algorithm.as_str())).await;
    }
}

#[tokio::test]
async fn an_algorithm_that_is_not_accepted_is_refused() {
    let Some(provider) = OidcProvider::start() else {
        return;
    };
    let usual = OAuth2Auth::new(provider.issuer(), provider.audience("PS256")).unwrap();
    let token = provider.access_token("PS256");
    assert_eq!(reason(&usual, &token).await, "jwt_alg_mismatch");
}

#[tokio::test]
async fn a_signed_token_of_another_resource_is_refused() {
    let Some(provider) = OidcProvider::start() else {
        return;
    };
    let tokens = signed_tokens(&provider, Algorithm::RS256);
    for other in ["PS256", "ES256", "EdDSA"] {
        let token = provider.access_token(other);
        assert_eq!(reason(&tokens, &token).await, "jwt_aud_mismatch", "{other}");
    }
    let opaque = provider.access_token("opaque");
    assert_eq!(reason(&tokens, &opaque).await, "jwt_not_three_parts");
}

#[tokio::test]
async fn a_rotation_is_seen_by_the_first_token_under_a_new_key() {
    let Some(provider) = OidcProvider::start() else {
        return;
    };
    let tokens = signed_tokens(&provider, Algorithm::ES256);
    let before = provider.access_token("ES256");
    accepted(&tokens, &before).await;
    provider.control("rotate", &json!({}));
    let after = provider.access_token("ES256");
    accepted(&tokens, &after).await;
    accepted(&tokens, &before).await;
    assert_eq!(provider.seen("/jwks"), 2);
}

#[tokio::test]
async fn a_withdrawn_key_is_401_from_the_first_token_of_a_new_one_on() {
    let Some(provider) = OidcProvider::start() else {
        return;
    };
    let clock = ManualClock::now();
    let tokens = signed_tokens(&provider, Algorithm::EdDSA).with_clock(clock.clock());
    let before = provider.access_token("EdDSA");
    accepted(&tokens, &before).await;
    provider.control("rotate", &json!({"keep_old": false}));
    accepted(&tokens, &provider.access_token("EdDSA")).await;
    for pause in [0, 29, 1, 30] {
        clock.advance(Duration::from_secs(pause));
        assert_eq!(reason(&tokens, &before).await, "jwt_kid_withdrawn");
    }
}

#[tokio::test]
async fn an_expired_token_of_a_withdrawn_key_is_refused_and_not_called_expired() {
    let Some(provider) = OidcProvider::start() else {
        return;
    };
    let clock = ManualClock::now();
    let tokens = signed_tokens(&provider, Algorithm::ES256).with_clock(clock.clock());
    let before = provider.access_token("ES256");
    accepted(&tokens, &before).await;
    provider.control("rotate", &json!({"keep_old": false}));
    accepted(&tokens, &provider.access_token("ES256")).await;
    clock.advance(Duration::from_secs(30 * 24 * 60 * 60));
    let error = ask(&tokens, &before).await.unwrap_err();
    assert_eq!(error.code(), "invalid_credential");
}

#[tokio::test]
async fn an_outage_of_the_key_set_is_503_at_first_and_unnoticed_later() {
    let Some(provider) = OidcProvider::start() else {
        return;
    };
    let clock = ManualClock::now();
    let tokens = signed_tokens(&provider, Algorithm::RS256).with_clock(clock.clock());
    let token = provider.access_token("RS256");
    provider.control("fault", &json!({"path": "/jwks", "status": 502}));
    assert_eq!(unavailable(&tokens, &token).await, "jwks_unavailable");
    provider.control("fault", &json!({"path": "/jwks"}));
    clock.advance(Duration::from_secs(1));
    accepted(&tokens, &token).await;
    provider.control("fault", &json!({"path": "/jwks", "status": 502}));
    accepted(&tokens, &provider.access_token("RS256")).await;
}

#[tokio::test]
async fn one_chain_takes_signed_and_opaque_tokens() {
    let Some(provider) = OidcProvider::start() else {
        return;
    };
    let tokens = CompositeAuth::new(signed_tokens(&provider, Algorithm::ES256))
        .or(opaque_tokens(&provider).ignore_jwts());
    let signed = accepted(&tokens, &provider.access_token("ES256")).await;
    let opaque = accepted(&tokens, &provider.access_token("opaque")).await;
    assert_eq!(
        (signed.method(), opaque.method()),
        ("oauth2", "introspection_client")
    );
    assert_ne!(signed.principal(), opaque.principal());
    assert_eq!(provider.seen("/token/introspection"), 1);
}
