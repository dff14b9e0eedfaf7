//! Origins that a cookie is told of.

use axum::{Router, routing::post};
use http::{HeaderName, Method, header};
use tower_auth::{
    AuthLayer, ConfigErrorKind, CredentialSource,
    provider::{ApiKeyAuth, ApiKeyRecord, CompositeAuth},
};
use tower_http::cors::CorsLayer;

use super::{
    APP, FROM_APP, Headers, OWN_HOST, PASSED, REFUSED,
    common::answer::{guarded, send, witness},
    each, keys, keys_with, post_with,
};

#[tokio::test]
async fn a_configured_origin_passes_whatever_the_fetch_site_is() {
    for site in [
        "same-site",
        "cross-site",
        "same-origin",
        "none",
        "",
        "nonsense",
    ] {
        each(
            &[APP],
            PASSED,
            &[
                &[FROM_APP, ("sec-fetch-site", site)],
                &[FROM_APP, OWN_HOST, ("sec-fetch-site", site)],
            ],
        )
        .await;
    }
    each(&["https://b.example", APP], PASSED, &[&[FROM_APP]]).await;
}

#[tokio::test]
async fn a_page_of_the_app_calls_the_api_on_another_host() {
    let layer = AuthLayer::new(keys_with(&[APP]));
    let cors = CorsLayer::new()
        .allow_origin([APP.parse().unwrap()])
        .allow_methods([Method::POST])
        .allow_headers([header::CONTENT_TYPE])
        .allow_credentials(true);
    let app = Router::new()
        .route("/run", post(witness))
        .layer(layer)
        .layer(cors);
    let as_browsers_do: Headers = &[
        ("host", "api.example.com"),
        FROM_APP,
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-mode", "cors"),
        ("sec-fetch-dest", "empty"),
        ("cookie", "session=sk-live-9f"),
    ];
    let answer = send(&app, post_with(as_browsers_do)).await;
    answer.accepted_as("ada");
    assert_eq!(answer.header("access-control-allow-origin"), APP);
}

#[tokio::test]
async fn an_origin_that_only_looks_like_a_configured_one_is_refused() {
    for origin in [
        "http://app.example.com",
        "https://app.example.com:8443",
        "https://app.example.com.evil.example",
        "https://xapp.example.com",
        "https://example.com",
        "https://app.example.com/",
        "https://app.example.com/x",
        "https://x@app.example.com",
        "https://app.example.com, https://evil.example",
        "https://app.example.com https://evil.example",
        "https://app.example.com:",
        "https://app.example.com:+443",
        "https://app.example.com:0x1bb",
        "app.example.com",
        "//app.example.com",
        "null",
        "*",
        "",
    ] {
        each(
            &[APP],
            REFUSED,
            &[&[("origin", origin)], &[("origin", origin), OWN_HOST]],
        )
        .await;
    }
}

#[tokio::test]
async fn a_configured_origin_is_compared_without_case_and_default_port() {
    for (configured, shown) in [
        ("https://App.Example.com", APP),
        ("HTTPS://app.example.com:443", APP),
        (APP, "https://app.example.com:443"),
        ("http://intranet:80", "http://intranet"),
        ("http://192.168.1.5:3000", "http://192.168.1.5:3000"),
        ("http://[fe80::1]:3000", "http://[fe80::1]:3000"),
        ("chrome-extension://abcdefgh", "chrome-extension://abcdefgh"),
    ] {
        each(&[configured], PASSED, &[&[("origin", shown)]]).await;
    }
}

#[tokio::test]
async fn each_cookie_has_origins_of_its_own() {
    let of = |name: &'static str, origin: &str| {
        let cookie = CredentialSource::cookie(name)
            .with_origins([origin])
            .unwrap();
        let record = ApiKeyRecord::new(name, format!("sk-live-{name}")).unwrap();
        let keys = ApiKeyAuth::new([record]).and_then(|keys| keys.with_source(name));
        keys.unwrap().with_credentials([cookie])
    };
    let chain =
        CompositeAuth::new(of("ada", "https://a.example")).or(of("bob", "https://b.example"));
    let app = guarded(AuthLayer::new(chain));
    for (cookie, origin, passes) in [
        ("ada=sk-live-ada", "https://a.example", true),
        ("ada=sk-live-ada", "https://b.example", false),
        ("bob=sk-live-bob", "https://b.example", true),
        ("bob=sk-live-bob", "https://a.example", false),
    ] {
        let answer = send(&app, post_with(&[("cookie", cookie), ("origin", origin)])).await;
        assert_eq!(answer.ran(), passes, "{cookie} {origin}");
    }
}

#[test]
fn what_is_no_origin_is_a_fault_that_says_what_to_write() {
    for origin in [
        "*",
        "null",
        "",
        "app.example.com",
        "https://",
        "https://app.example.com/",
        "https://app.example.com/login",
        "https://*.example.com",
        "https://user@app.example.com",
        "https://app.example.com:https",
        "https://bücher.example",
        " https://app.example.com",
    ] {
        let error = CredentialSource::cookie("session")
            .with_origins([origin])
            .unwrap_err();
        assert_eq!(error.kind(), ConfigErrorKind::Malformed, "{origin}");
        assert!(
            error.to_string().contains("https://app.example.com"),
            "{error}"
        );
    }
}

#[test]
fn origins_for_what_is_no_cookie_are_a_fault() {
    for source in [
        CredentialSource::bearer(),
        CredentialSource::websocket_protocol(),
        CredentialSource::insecure_query("key"),
        CredentialSource::header(HeaderName::from_static("x-api-key")),
    ] {
        let error = source.with_origins([APP]).unwrap_err();
        assert_eq!(error.kind(), ConfigErrorKind::Conflict);
    }
}

#[tokio::test]
async fn origins_that_are_set_again_replace_those_before() {
    let session = CredentialSource::cookie("session");
    let session = session
        .with_origins([APP])
        .unwrap()
        .with_origins(["https://b.example"])
        .unwrap();
    let app = guarded(AuthLayer::new(keys().with_credentials([session])));
    for (origin, passes) in [(APP, false), ("https://b.example", true)] {
        let shown = [("cookie", "session=sk-live-9f"), ("origin", origin)];
        assert_eq!(
            send(&app, post_with(&shown)).await.ran(),
            passes,
            "{origin}"
        );
    }
}
