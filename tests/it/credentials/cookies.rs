//! A credential in a cookie, and the origin it needs.

use crate::common;

use axum::Router;
use common::answer::{guarded, request, run, send};
use http::HeaderName;
use tower_auth::{
    AuthLayer, CredentialSource,
    provider::{ApiKeyAuth, ApiKeyRecord},
};

const KEY: &str = "sk-live-9f";

#[tokio::test]
async fn reads_a_cookie_among_others() {
    for cookie in [
        "session=sk-live-9f",
        "a=1; session=sk-live-9f; b=2",
        "a=1;session=sk-live-9f;b=2",
        " session = sk-live-9f ",
        "session=\"sk-live-9f\"",
        "flag; session=sk-live-9f; =x; ;",
        "Session=wrong; xsession=wrong; session=sk-live-9f",
        "b=\"x; session=sk-live-9f",
    ] {
        let answer = run(&with_cookie(), &[("cookie", cookie.as_bytes())]).await;
        answer.accepted_as("ada");
    }
}

#[tokio::test]
async fn reads_a_cookie_from_any_cookie_header() {
    let crumbs: &[(&str, &[u8])] = &[("cookie", b"a=1"), ("cookie", b"session=sk-live-9f")];
    run(&with_cookie(), crumbs).await.accepted_as("ada");
}

#[tokio::test]
async fn an_empty_or_blank_cookie_shows_nothing() {
    for cookie in [
        "session=",
        "session",
        "session=\"\"",
        "session=\"  \"",
        "=session",
    ] {
        run(&with_cookie(), &[("cookie", cookie.as_bytes())])
            .await
            .refused_with(401, "missing_credential");
    }
}

#[tokio::test]
async fn a_cookie_named_twice_is_refused() {
    let doubles: &[&[&str]] = &[
        &["session=sk-live-9f; session=sk-live-9f"],
        &["session=sk-live-9f; session=x"],
        &["session=; a=1; session=sk-live-9f"],
        &["session=sk-live-9f", "session=sk-live-9f"],
    ];
    for values in doubles {
        let headers: Vec<_> = values.iter().map(|v| ("cookie", v.as_bytes())).collect();
        run(&with_cookie(), &headers)
            .await
            .refused_with(400, "invalid_request");
    }
}

#[tokio::test]
async fn a_cookie_yields_to_a_header() {
    let headers: &[(&str, &[u8])] = &[("x-api-key", b"sk-live-9f"), ("cookie", b"session=wrong")];
    run(&with_cookie(), headers).await.accepted_as("ada");

    let headers: &[(&str, &[u8])] = &[("x-api-key", b"wrong"), ("cookie", b"session=sk-live-9f")];
    run(&with_cookie(), headers)
        .await
        .refused_with(401, "invalid_credential");
}

#[tokio::test]
async fn a_cookie_yields_to_a_fallback_header_in_whatever_order_they_are_named() {
    let cookie = CredentialSource::cookie("session");
    let bearer = CredentialSource::bearer().fallback();
    for sources in [[cookie.clone(), bearer.clone()], [bearer, cookie]] {
        let app = guarded(AuthLayer::new(keys().with_credentials(sources)));
        let headers: &[(&str, &[u8])] = &[
            ("authorization", b"Bearer sk-live-9f"),
            ("cookie", b"session=wrong"),
        ];
        run(&app, headers).await.accepted_as("ada");
    }
}

#[tokio::test]
async fn one_providers_two_cookies_at_once_are_refused() {
    let sources = [CredentialSource::cookie("a"), CredentialSource::cookie("b")];
    let app = guarded(AuthLayer::new(keys().with_credentials(sources)));
    run(&app, &[("cookie", b"a=sk-live-9f; b=sk-live-9f")])
        .await
        .refused_with(400, "invalid_request");
    run(&app, &[("cookie", b"b=sk-live-9f")])
        .await
        .accepted_as("ada");
}

#[tokio::test]
async fn a_safe_method_needs_no_origin_for_its_cookie() {
    for method in ["GET", "HEAD", "OPTIONS"] {
        let headers: &[(&str, &[u8])] = &[
            ("cookie", b"session=sk-live-9f"),
            ("sec-fetch-site", b"cross-site"),
        ];
        let answer = send(&with_cookie(), request(method, "/run", headers)).await;
        answer.accepted_as("ada");
    }
}

#[tokio::test]
async fn an_unsafe_method_with_a_cookie_needs_an_origin() {
    for headers in [&[][..], &[("host", "agent.example")]] {
        assert_eq!(cookie_post(headers, "/run").await, REFUSED, "{headers:?}");
    }
}

#[tokio::test]
async fn every_unsafe_method_and_every_upgrade_needs_the_same_origin() {
    for method in [
        "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PURGE", "get",
    ] {
        let cookie: &[(&str, &[u8])] = &[("cookie", b"session=sk-live-9f")];
        send(&with_cookie(), request(method, "/run", cookie))
            .await
            .refused_with(403, "cross_origin");
    }
    let upgrade: &[(&str, &[u8])] = &[
        ("cookie", b"session=sk-live-9f"),
        ("upgrade", b"websocket"),
        ("origin", b"https://evil.example"),
        ("host", b"agent.example"),
    ];
    run(&with_cookie(), upgrade)
        .await
        .refused_with(403, "cross_origin");
}

#[tokio::test]
async fn a_header_needs_no_origin() {
    let headers: &[(&str, &[u8])] = &[
        ("x-api-key", b"sk-live-9f"),
        ("origin", b"https://evil.example"),
        ("sec-fetch-site", b"cross-site"),
    ];
    send(&with_cookie(), request("POST", "/run", headers))
        .await
        .accepted_as("ada");
}

#[tokio::test]
async fn a_wrong_cookie_from_elsewhere_tells_nothing_about_itself() {
    for cookie in [&b"session=sk-live-9f"[..], b"session=wrong"] {
        send(
            &with_cookie(),
            request("POST", "/run", &[("cookie", cookie)]),
        )
        .await
        .refused_with(403, "cross_origin");
    }
}

/// A `POST` with the right cookie: its status, and whether the inner service ran.
async fn cookie_post(headers: &[(&str, &str)], uri: &str) -> (u16, bool) {
    let mut shown: Vec<(&str, &[u8])> = vec![("cookie", b"session=sk-live-9f")];
    let headers = headers.iter();
    shown.extend(headers.map(|(name, value)| (*name, value.as_bytes())));
    let answer = send(&with_cookie(), request("POST", uri, &shown)).await;
    if !answer.ran() {
        answer.refused_with(403, "cross_origin");
    }
    (answer.status.as_u16(), answer.ran())
}

const REFUSED: (u16, bool) = (403, false);

fn with_cookie() -> Router {
    guarded(AuthLayer::new(keys().with_credentials([
        CredentialSource::header(HeaderName::from_static("x-api-key")),
        CredentialSource::cookie("session"),
    ])))
}

fn keys() -> ApiKeyAuth {
    ApiKeyAuth::new([ApiKeyRecord::new("ada", KEY).unwrap()]).unwrap()
}
