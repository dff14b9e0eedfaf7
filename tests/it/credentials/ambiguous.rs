//! How an API key may stand in a header, and every way in which it may not.

use crate::common;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::Router;
use common::answer::{Answer, guarded, run};
use http::HeaderName;
use tower_auth::{
    AuthContext, AuthError, AuthLayer, AuthRequest, CredentialSource,
    provider::{ApiKeyAuth, ApiKeyRecord, CompositeAuth, provider_fn},
};

const KEY: &str = "sk-live-9f";

#[tokio::test]
async fn accepts_a_key_in_its_header_and_as_bearer() {
    for headers in [
        ("x-api-key", "sk-live-9f"),
        ("X-API-KEY", "sk-live-9f"),
        ("authorization", "Bearer sk-live-9f"),
    ] {
        shown(&[headers]).await.accepted_as("ada");
    }
}

#[tokio::test]
async fn compares_the_scheme_without_case() {
    for scheme in ["bearer", "BEARER", "bEaReR"] {
        let value = format!("{scheme} {KEY}");
        shown(&[("authorization", &value)]).await.accepted_as("ada");
    }
}

#[tokio::test]
async fn takes_one_or_more_spaces_after_the_scheme() {
    for spaces in [1, 2, 9, 4_000] {
        let value = format!("Bearer{}{KEY}", " ".repeat(spaces));
        shown(&[("authorization", &value)]).await.accepted_as("ada");
    }
}

#[tokio::test]
async fn ignores_white_space_around_a_header_value() {
    for (name, value) in [
        ("x-api-key", " sk-live-9f"),
        ("x-api-key", "\tsk-live-9f \t "),
        ("authorization", "Bearer sk-live-9f  "),
        ("authorization", "  Bearer sk-live-9f\t"),
    ] {
        shown(&[(name, value)]).await.accepted_as("ada");
    }
}

#[tokio::test]
async fn a_tab_after_the_scheme_is_no_separator() {
    for value in [
        "Bearer\tsk-live-9f",
        "Bearer\t sk-live-9f",
        "Bearer \tsk-live-9f",
    ] {
        let answer = shown(&[("authorization", value)]).await;
        assert_eq!(answer.status, 401, "{value:?}");
        assert!(!answer.ran());
    }
}

#[tokio::test]
async fn nothing_shown_is_missing_however_it_is_spelled() {
    let nothings: &[&[(&str, &str)]] = &[
        &[],
        &[("x-api-key", "")],
        &[("x-api-key", "   ")],
        &[("x-api-key", "\t")],
        &[("authorization", "")],
        &[("authorization", " ")],
        &[("authorization", "Bearer")],
        &[("authorization", "Bearer ")],
        &[("authorization", "Bearer    ")],
        &[("x-api-key", ""), ("authorization", "Bearer ")],
    ];
    for headers in nothings {
        let answer = shown(headers).await;
        answer.refused_with(401, "missing_credential");
        assert_eq!(answer.challenges(), ["Bearer realm=\"api\""], "{headers:?}");
    }
}

#[tokio::test]
async fn another_scheme_is_not_mine() {
    for value in [
        "Basic c2stbGl2ZS05Zg==",
        "Basic sk-live-9f",
        "BearerX sk-live-9f",
        "Bear er sk-live-9f",
        "Token sk-live-9f",
        "sk-live-9f",
        ": Bearer sk-live-9f",
    ] {
        shown(&[("authorization", value)])
            .await
            .refused_with(401, "missing_credential");
    }
}

#[tokio::test]
async fn a_wrong_key_is_refused_whatever_is_near_the_right_one() {
    for value in [
        "sk-live-9",
        "sk-live-9ff",
        "SK-LIVE-9F",
        "sk-live-9f,",
        "sk-live-9f, sk-live-9f",
        "sk-live-9f,sk-live-9f",
        "\"sk-live-9f\"",
        "Bearer sk-live-9f",
        "sk-live-9f sk-live-9f",
        "ada",
        "*",
        "0",
        "null",
    ] {
        shown(&[("x-api-key", value)])
            .await
            .refused_with(401, "invalid_credential");
    }
}

#[tokio::test]
async fn a_comma_joined_authorization_is_one_wrong_key() {
    for value in [
        "Bearer sk-live-9f, Bearer sk-live-9f",
        "Bearer sk-live-9f,",
        "Bearer sk-live-9f, Basic x",
    ] {
        shown(&[("authorization", value)])
            .await
            .refused_with(401, "invalid_credential");
    }
    shown(&[("authorization", "Basic x, Bearer sk-live-9f")])
        .await
        .refused_with(401, "missing_credential");
}

#[tokio::test]
async fn a_place_shown_twice_is_refused() {
    for name in ["x-api-key", "authorization"] {
        let (right, wrong) = match name {
            "authorization" => ("Bearer sk-live-9f", "Basic other"),
            _ => (KEY, "other"),
        };
        for values in [
            [right, right],
            [right, wrong],
            [wrong, right],
            [right, ""],
            ["", ""],
        ] {
            let answer = shown(&values.map(|value| (name, value))).await;
            answer.refused_with(400, "invalid_request");
            assert!(answer.challenges()[0].contains("error=\"invalid_request\""));
        }
    }
}

#[tokio::test]
async fn a_header_between_two_others_does_not_hide_the_double() {
    let many: Vec<(String, String)> = (0..50).map(|i| (format!("x-{i}"), "v".into())).collect();
    let mut headers: Vec<(&str, &str)> = vec![("x-api-key", KEY)];
    headers.extend(many.iter().map(|(name, value)| (&**name, &**value)));
    headers.push(("X-Api-Key", KEY));
    shown(&headers).await.refused_with(400, "invalid_request");
}

#[tokio::test]
async fn a_doubled_place_is_refused_before_any_provider_is_asked() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let counting = provider_fn(move |_: &AuthRequest<'_>| {
        counter.fetch_add(1, Ordering::Relaxed);
        Ok(Some(AuthContext::new("anybody")))
    });
    let app = guarded(AuthLayer::new(CompositeAuth::new(counting).or(keys())));
    let doubled: &[(&str, &[u8])] = &[("x-api-key", b"a"), ("x-api-key", b"a")];
    run(&app, doubled)
        .await
        .refused_with(400, "invalid_request");
    assert_eq!(asked.load(Ordering::Relaxed), 0);

    run(&app, &doubled[..1]).await.accepted_as("anybody");
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_wrong_key_in_its_header_does_not_fall_back_to_authorization() {
    shown(&[
        ("x-api-key", "wrong"),
        ("authorization", "Bearer sk-live-9f"),
    ])
    .await
    .refused_with(401, "invalid_credential");
}

#[tokio::test]
async fn a_right_key_in_its_header_is_taken_whatever_authorization_says() {
    for other in ["Bearer wrong", "Basic x", "Bearer sk-live-9f"] {
        shown(&[("x-api-key", KEY), ("authorization", other)])
            .await
            .accepted_as("ada");
    }
}

#[tokio::test]
async fn an_empty_key_header_falls_back_to_authorization() {
    for empty in ["", " ", "\t \t"] {
        shown(&[("x-api-key", empty), ("authorization", "Bearer sk-live-9f")])
            .await
            .accepted_as("ada");
    }
}

#[tokio::test]
async fn a_header_of_ones_own_takes_the_place_of_the_usual_one() {
    let provider = keys().with_header(HeaderName::from_static("x-agent-key"));
    let app = guarded(AuthLayer::new(provider));
    run(&app, &[("x-agent-key", KEY.as_bytes())])
        .await
        .accepted_as("ada");
    run(&app, &[("x-api-key", KEY.as_bytes())])
        .await
        .refused_with(401, "missing_credential");
}

#[tokio::test]
async fn one_providers_credential_in_two_places_is_refused() {
    let provider = keys().with_credentials([
        CredentialSource::header(HeaderName::from_static("x-api-key")),
        CredentialSource::bearer(),
    ]);
    let app = guarded(AuthLayer::new(provider));
    for (key, token) in [
        (KEY, "Bearer sk-live-9f"),
        (KEY, "Bearer x"),
        ("x", "Bearer y"),
    ] {
        let headers = [("x-api-key", key), ("authorization", token)];
        run(&app, &headers.map(|(name, value)| (name, value.as_bytes())))
            .await
            .refused_with(400, "invalid_request");
    }
    let with_other_scheme = [("x-api-key", KEY), ("authorization", "Basic x")];
    run(
        &app,
        &with_other_scheme.map(|(name, value)| (name, value.as_bytes())),
    )
    .await
    .accepted_as("ada");
}

#[tokio::test]
async fn two_providers_credentials_may_stand_side_by_side() {
    let signature = HeaderName::from_static("x-signature");
    let signed = provider_fn(
        |request: &AuthRequest<'_>| match request.header("x-signature") {
            None => Ok(None),
            Some("good") => Ok(Some(AuthContext::new("signer"))),
            Some(_) => Err(AuthError::invalid_credential("bad_signature")),
        },
    )
    .with_credentials([CredentialSource::header(signature)]);
    let app = guarded(AuthLayer::new(CompositeAuth::new(signed).or(keys())));
    for (signature, key, user) in [
        ("good", KEY, "signer"),
        ("bad", KEY, "ada"),
        ("good", "wrong", "signer"),
    ] {
        let headers = [("x-signature", signature), ("x-api-key", key)];
        run(&app, &headers.map(|(name, value)| (name, value.as_bytes())))
            .await
            .accepted_as(user);
    }
}

#[tokio::test]
async fn names_that_look_like_the_header_are_not_it() {
    for name in [
        "x_api_key",
        "x-api-keys",
        "x-api-key-",
        "api-key",
        "proxy-authorization",
    ] {
        shown(&[(name, KEY), (name, "Bearer sk-live-9f")])
            .await
            .refused_with(401, "missing_credential");
    }
}

fn keys() -> ApiKeyAuth {
    ApiKeyAuth::new([ApiKeyRecord::new("ada", KEY).unwrap()]).unwrap()
}

fn app() -> Router {
    guarded(AuthLayer::new(keys()))
}

async fn shown(headers: &[(&str, &str)]) -> Answer {
    let headers: Vec<_> = headers
        .iter()
        .map(|(name, value)| (*name, value.as_bytes()))
        .collect();
    run(&app(), &headers).await
}
