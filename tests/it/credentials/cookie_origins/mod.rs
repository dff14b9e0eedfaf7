//! From whose pages a cookie counts, where a method is unsafe or the connection is upgraded.

use crate::common;

mod configured;
mod order;
mod own;

use axum::Router;
use common::answer::{guarded, request, send};
use tower_auth::{
    AuthLayer, CredentialSource,
    provider::{ApiKeyAuth, ApiKeyRecord},
};

type Headers<'a> = &'a [(&'a str, &'a str)];

const APP: &str = "https://app.example.com";
const FROM_APP: (&str, &str) = ("origin", APP);
const OWN_HOST: (&str, &str) = ("host", "api.example.com");
const OWN: (&str, &str) = ("origin", "https://api.example.com");
const EVIL: (&str, &str) = ("origin", "https://evil.example");
const SAME_ORIGIN: (&str, &str) = ("sec-fetch-site", "same-origin");
const PASSED: bool = true;
const REFUSED: bool = false;

/// A `POST` with the right cookie and each of these sets of headers.
async fn each(origins: &[&str], passes: bool, sets: &[Headers<'_>]) {
    let app = with_origins(origins);
    for headers in sets {
        let mut shown = vec![("cookie", "session=sk-live-9f")];
        shown.extend(*headers);
        let answer = send(&app, post_with(&shown)).await;
        assert_eq!(answer.ran(), passes, "{origins:?} {headers:?}");
        if !passes {
            answer.refused_with(403, "cross_origin");
        }
    }
}

fn post_with(headers: Headers<'_>) -> axum::extract::Request {
    let headers: Vec<_> = headers
        .iter()
        .map(|(name, value)| (*name, value.as_bytes()))
        .collect();
    request("POST", "/run", &headers)
}

fn with_origins(origins: &[&str]) -> Router {
    guarded(AuthLayer::new(keys_with(origins)))
}

fn keys_with(origins: &[&str]) -> ApiKeyAuth {
    let session = CredentialSource::cookie("session")
        .with_origins(origins)
        .unwrap();
    keys().with_credentials([session])
}

fn keys() -> ApiKeyAuth {
    ApiKeyAuth::new([ApiKeyRecord::new("ada", "sk-live-9f").unwrap()]).unwrap()
}
