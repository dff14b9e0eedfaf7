//! What a provider of opaque tokens can require of every token, and checking one without a request.

use tower_auth::{
    provider::UserinfoAuth,
    testing::{IssuerEndpoint, TestIssuer},
};

use crate::common::{
    bearer::{accepted, reason},
    opaque::{issuer, tokens, told},
};

#[tokio::test]
async fn a_further_audience_is_accepted_beside_the_first() {
    let issuer = issuer();
    let provider = tokens(&issuer).with_audience("a").add_audience("b");
    for audience in ["a", "b"] {
        told(
            &issuer,
            &format!(r#"{{"active":true,"sub":"ada","aud":"{audience}"}}"#),
        );
        assert_eq!(accepted(&provider, "t").await.user_id(), "ada");
    }
    told(&issuer, r#"{"active":true,"sub":"ada","aud":"c"}"#);
    assert_eq!(reason(&provider, "t").await, "token_aud_mismatch");
}

#[tokio::test]
async fn a_required_claim_must_be_there_and_be_equal() {
    let issuer = issuer();
    let provider = tokens(&issuer)
        .require_claim("tenant", "acme")
        .require_claim("account.active", true);
    told(
        &issuer,
        r#"{"active":true,"sub":"ada","tenant":"acme","account":{"active":true}}"#,
    );
    assert_eq!(accepted(&provider, "t").await.user_id(), "ada");
    for (body, expected) in [
        (
            r#"{"active":true,"sub":"ada","account":{"active":true}}"#,
            "token_claim_missing",
        ),
        (
            r#"{"active":true,"sub":"ada","tenant":"other","account":{"active":true}}"#,
            "token_claim_mismatch",
        ),
        (
            r#"{"active":true,"sub":"ada","tenant":["acme"],"account":{"active":true}}"#,
            "token_claim_mismatch",
        ),
    ] {
        told(&issuer, body);
        assert_eq!(reason(&provider, "t").await, expected, "{body}");
    }
}

#[tokio::test]
async fn a_token_without_a_required_scope_is_403_and_names_the_scope() {
    let issuer = issuer();
    let provider = tokens(&issuer).require_scope("read").require_scope("write");
    told(
        &issuer,
        r#"{"active":true,"sub":"ada","scope":"write read"}"#,
    );
    assert_eq!(accepted(&provider, "t").await.user_id(), "ada");
    for scope in ["read", "", "*"] {
        told(
            &issuer,
            &format!(r#"{{"active":true,"sub":"ada","scope":"{scope}"}}"#),
        );
        let error = provider.verify("t").await.unwrap_err();
        assert_eq!(
            (error.status().as_u16(), error.code()),
            (403, "insufficient_scope"),
            "{scope}"
        );
        assert_eq!(error.reason(), "token_scope_missing");
    }
}

#[tokio::test]
async fn a_token_that_lacks_a_scope_is_remembered_as_refused() {
    let issuer = issuer();
    let endpoint = issuer.endpoint(IssuerEndpoint::Introspection);
    let provider = tower_auth::provider::IntrospectionAuth::new(
        &endpoint,
        TestIssuer::CLIENT_ID,
        TestIssuer::CLIENT_SECRET,
    )
    .unwrap()
    .require_scope("write");
    told(&issuer, r#"{"active":true,"sub":"ada","scope":"read"}"#);
    for _ in 0..3 {
        assert!(provider.verify("t").await.is_err());
    }
    assert_eq!(issuer.requests(IssuerEndpoint::Introspection), 1);
}

#[tokio::test]
async fn a_token_is_checked_without_a_request() {
    let issuer = issuer();
    let token = issuer.token().with_subject("ada").mint_opaque();
    let introspected = tokens(&issuer).verify(&token).await.unwrap();
    assert_eq!(introspected.user_id(), "ada");
    let userinfo = UserinfoAuth::new(&issuer.endpoint(IssuerEndpoint::Userinfo)).unwrap();
    assert_eq!(userinfo.verify(&token).await.unwrap().user_id(), "ada");
    let error = userinfo.verify("guess").await.unwrap_err();
    assert_eq!(error.code(), "invalid_credential");
}

#[tokio::test]
async fn a_token_that_is_left_to_another_provider_is_not_accepted_without_a_request() {
    let issuer = issuer();
    let provider = tokens(&issuer).ignore_jwts();
    let error = provider.verify(&issuer.token().mint()).await.unwrap_err();
    assert_eq!(error.reason(), "token_not_accepted");
    assert_eq!(
        provider.verify("line\nbreak").await.unwrap_err().reason(),
        "token_malformed"
    );
}
