//! Requests with more headers than anybody needs: nothing panics, and nobody chooses among them.

use crate::common;

use axum::{Router, body::Body, extract::Request, routing::any};
use common::answer::{guarded, request, send, witness};
use http::{HeaderName, HeaderValue};
use tower_auth::{
    AuthContext, AuthLayer, CredentialSource,
    provider::{ApiKeyAuth, ApiKeyRecord, provider_fn},
    webhook::WebhookLayer,
};

#[tokio::test]
async fn a_doubled_header_among_as_many_as_fit_into_a_request_is_no_panic() {
    let app = guarded(AuthLayer::new(keys()).public("/public"));
    let twice = full(
        "/public",
        &[
            ("authorization", "Bearer canary"),
            ("authorization", "canary"),
        ],
    );
    let answer = send(&app, twice).await;
    assert_eq!(answer.status, 200);
    let mut shown = answer.seen().headers.get_all("authorization").iter();
    assert!(shown.all(HeaderValue::is_sensitive));
}

#[tokio::test]
async fn a_credential_is_read_alike_however_many_headers_stand_before_or_behind_it() {
    let app = guarded(AuthLayer::new(keys()));
    let once = [("x-api-key", "sk-live-9f")];
    let wrong = [("x-api-key", "sk-live-9g")];
    let twice = [("x-api-key", "sk-live-9f"), ("x-api-key", "sk-live-9f")];
    let in_two_places = [("authorization", "Bearer "), ("x-api-key", "sk-live-9f")];
    for others in 0..=60 {
        for before in [0, others / 2, others] {
            let beside = |shown: &[(&'static str, &'static str)]| {
                let mut asked = request("GET", "/run", &[]);
                let other = |index| HeaderName::try_from(format!("x-{index}")).unwrap();
                let value = HeaderValue::from_static("v");
                for index in 0..before {
                    asked.headers_mut().append(other(index), value.clone());
                }
                for (name, value) in shown {
                    let value = HeaderValue::from_static(value);
                    asked.headers_mut().append(*name, value);
                }
                for index in before..others {
                    asked.headers_mut().append(other(index), value.clone());
                }
                asked
            };
            let accepted = send(&app, beside(&once)).await;
            accepted.accepted_as("ada");
            assert!(accepted.seen().headers["x-api-key"].is_sensitive());
            let empty_beside = send(&app, beside(&in_two_places)).await;
            assert_eq!(empty_beside.status, 200, "{before} of {others}");
            assert!(empty_beside.seen().headers["authorization"].is_sensitive());
            let doubled = send(&app, beside(&twice)).await;
            assert_eq!(doubled.status, 400, "{before} of {others}");
            let refused = send(&app, beside(&wrong)).await;
            assert_eq!(refused.status, 401, "{before} of {others}");
        }
    }
}

#[tokio::test]
async fn a_websocket_token_is_taken_out_of_as_many_headers_as_fit_into_a_request() {
    let socket = keys().with_credentials([CredentialSource::websocket_protocol()]);
    let app = guarded(AuthLayer::new(socket));
    let offer = full("/run", &[("sec-websocket-protocol", "bearer, sk-live-9f")]);
    let answer = send(&app, offer).await;
    answer.accepted_as("ada");
    assert_eq!(answer.seen().headers["sec-websocket-protocol"], "bearer");
}

#[tokio::test]
async fn a_websocket_token_is_taken_out_where_credentials_are_hidden_too() {
    let socket = keys().with_credentials([CredentialSource::websocket_protocol()]);
    let app = guarded(AuthLayer::new(socket).hide_credentials(true));
    let offer: &[u8] = b"bearer, sk-live-9f, chat";
    let answer = send(
        &app,
        request("GET", "/run", &[("sec-websocket-protocol", offer)]),
    )
    .await;
    answer.accepted_as("ada");
    assert_eq!(
        answer.seen().headers["sec-websocket-protocol"],
        "bearer, chat"
    );
}

#[tokio::test]
async fn a_cookie_is_hidden_among_as_many_headers_as_fit_into_a_request() {
    let cookie = keys().with_credentials([CredentialSource::cookie("key")]);
    let app = guarded(AuthLayer::new(cookie).hide_credentials(true));
    let answer = send(&app, full("/run", &[("cookie", "a=1; key=sk-live-9f")])).await;
    answer.accepted_as("ada");
    assert_eq!(answer.seen().headers["cookie"], "a=1");
}

#[tokio::test]
async fn a_webhook_takes_as_many_headers_as_fit_into_a_request() {
    const TOKEN: &str = "x-telegram-bot-api-secret-token";
    let webhook = WebhookLayer::telegram("tg_Secret-1234567").unwrap();
    let app = Router::new().route("/hook", any(witness)).layer(webhook);
    let delivery = |shown: &'static str| {
        let request = full("/hook", &[(TOKEN, shown)]);
        request.map(|_| Body::from(r#"{"update_id": 1}"#))
    };
    let refused = send(&app, delivery("guessed")).await;
    refused.refused_with(401, "invalid_credential");
    let answer = send(&app, delivery("tg_Secret-1234567")).await;
    assert_eq!(answer.status, 200);
    assert!(answer.seen().headers[TOKEN].is_sensitive());
}

#[tokio::test]
async fn two_cookies_of_one_provider_are_refused_before_it_is_asked() {
    let credulous = provider_fn(|_| Ok(Some(AuthContext::new("ada"))))
        .with_credentials([CredentialSource::cookie("a"), CredentialSource::cookie("b")]);
    let app = guarded(AuthLayer::new(credulous));
    let answer = send(&app, request("GET", "/run", &[("cookie", b"a=1; b=2")])).await;
    answer.refused_with(400, "invalid_request");
}

fn keys() -> ApiKeyAuth {
    let record = ApiKeyRecord::new("ada", "sk-live-9f").unwrap();
    ApiKeyAuth::new([record]).unwrap()
}

/// A request with those headers and as many others as a map takes.
fn full(path: &str, headers: &[(&'static str, &'static str)]) -> Request {
    let mut request = request("GET", path, &[]);
    let map = request.headers_mut();
    for (name, value) in headers {
        map.append(*name, HeaderValue::from_static(value));
    }
    for number in 0_u32.. {
        let name = HeaderName::try_from(format!("x-{number}")).unwrap();
        if map.try_append(name, HeaderValue::from_static("")).is_err() {
            return request;
        }
    }
    request
}
