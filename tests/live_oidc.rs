//! A certified OpenID provider that this crate did not write: tokens of a real issuer.
#![cfg(test)]

mod common;

use std::time::Duration;

use common::{
    bearer::{accepted, ask, reason, unavailable},
    oidc::OidcProvider,
};
use serde_json::json;
use tower_auth::{
    jose::Algorithm,
    provider::{CompositeAuth, IntrospectionAuth, OAuth2Auth, UserinfoAuth},
};

const KINDS: [&str; 4] = ["RS256", "PS256", "ES256", "EdDSA"];

/// Who checks tokens of one kind with the keys that discovery leads to.
fn signed_tokens(provider: &OidcProvider, kind: &str) -> OAuth2Auth {
    let algorithms = KINDS.map(|kind| kind.parse::<Algorithm>().unwrap());
    OAuth2Auth::new(provider.issuer(), provider.audience(kind))
        .unwrap()
        .with_algorithms(algorithms)
        .unwrap()
}

#[tokio::test]
async fn signed_tokens_of_every_kind_are_accepted_through_discovery() {
    let Some(provider) = OidcProvider::start() else {
        return;
    };
    for kind in KINDS {
        let tokens = signed_tokens(&provider, kind);
        let context = accepted(&tokens, &provider.access_token(kind)).await;
        assert_eq!(context.user_id(), provider.client("agent").0, "{kind}");
        assert_eq!(context.method(), "oauth2");
        assert_eq!(context.issuer(), Some(provider.issuer()));
        assert!(context.scopes().contains("agents:run"));
    }
    assert_eq!(provider.seen("/jwks"), 4, "one fetch for each");
}

#[tokio::test]
async fn its_tokens_are_access_tokens_in_the_strict_sense_too() {
    let Some(provider) = OidcProvider::start() else {
        return;
    };
    let tokens = signed_tokens(&provider, "ES256").strict_at_jwt();
    accepted(&tokens, &provider.access_token("ES256")).await;
}

#[tokio::test]
async fn an_algorithm_that_is_not_listed_is_refused() {
    let Some(provider) = OidcProvider::start() else {
        return;
    };
    let tokens = OAuth2Auth::new(provider.issuer(), provider.audience("PS256")).unwrap();
    let why = reason(&tokens, &provider.access_token("PS256")).await;
    assert_eq!(why, "jwt_alg_mismatch");
}

#[tokio::test]
async fn a_signed_token_for_another_audience_is_refused() {
    let Some(provider) = OidcProvider::start() else {
        return;
    };
    let tokens = signed_tokens(&provider, "RS256");
    let elsewhere = provider.access_token("ES256");
    assert_eq!(reason(&tokens, &elsewhere).await, "jwt_aud_mismatch");
}

#[tokio::test]
async fn one_chain_takes_signed_and_opaque_tokens() {
    let Some(provider) = OidcProvider::start() else {
        return;
    };
    let tokens = CompositeAuth::new(signed_tokens(&provider, "ES256"))
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

/// Who introspects opaque tokens, and remembers nothing.
fn opaque_tokens(provider: &OidcProvider) -> IntrospectionAuth {
    let (id, secret) = provider.client("resource_server");
    IntrospectionAuth::new(&provider.url("/token/introspection"), id, secret)
        .unwrap()
        .with_audience(provider.audience("opaque"))
        .with_issuer(provider.issuer())
        .with_cache_time(Duration::ZERO)
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
        .with_cache_time(Duration::from_secs(30))
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
