//! A credential in a query parameter.

use crate::common;

use common::answer::{Answer, guarded, request, send};
use tower_auth::{
    AuthLayer, CredentialSource,
    provider::{ApiKeyAuth, ApiKeyRecord},
};

const KEY: &str = "sk-live-9f";

#[tokio::test]
async fn reads_a_query_parameter_however_it_is_encoded() {
    for query in [
        "key=sk-live-9f",
        "a=1&key=sk-live-9f&b=2",
        "%6bey=sk-live-9f",
        "%6B%65%79=sk-live-9f",
        "key=sk%2Dlive%2d9f",
        "&&key=sk-live-9f&",
        "Key=x&keys=y&key=sk-live-9f",
    ] {
        asked(query).await.accepted_as("ada");
    }
}

#[tokio::test]
async fn a_plus_in_a_query_parameter_is_a_space() {
    let app = guarded(AuthLayer::new(
        ApiKeyAuth::new([ApiKeyRecord::new("ada", "two words").unwrap()])
            .unwrap()
            .with_credentials([CredentialSource::insecure_query("key")]),
    ));
    for query in ["key=two+words", "key=two%20words"] {
        let uri = format!("/run?{query}");
        send(&app, request("GET", &uri, &[]))
            .await
            .accepted_as("ada");
    }
    send(&app, request("GET", "/run?key=two%2Bwords", &[]))
        .await
        .refused_with(401, "invalid_credential");
}

#[tokio::test]
async fn an_empty_or_blank_query_parameter_shows_nothing() {
    for query in [
        "",
        "key",
        "key=",
        "key=+",
        "key=%20%09",
        "%6bey",
        "=sk-live-9f",
        "key%3Dsk-live-9f",
    ] {
        asked(query).await.refused_with(401, "missing_credential");
    }
}

#[tokio::test]
async fn a_query_parameter_named_twice_is_refused() {
    for query in [
        "key=sk-live-9f&key=sk-live-9f",
        "key=sk-live-9f&%6bey=x",
        "key=&key=sk-live-9f",
        "key&key=sk-live-9f",
    ] {
        asked(query).await.refused_with(400, "invalid_request");
    }
}

#[tokio::test]
async fn odd_encodings_of_a_query_parameter_are_wrong_keys_and_no_faults() {
    for query in [
        "key=%ff%fe",
        "key=%",
        "key=%zz",
        "key=%00",
        "key=%f0%9f",
        "key=sk-live-9f%00",
    ] {
        asked(query).await.refused_with(401, "invalid_credential");
    }
}

#[tokio::test]
async fn a_query_parameter_beyond_8_kib_is_refused() {
    asked(&format!("key={}", "k".repeat(8 * 1024 + 1)))
        .await
        .refused_with(400, "invalid_request");
    asked(&format!("{}=x&key=sk-live-9f", "k".repeat(16 * 1024)))
        .await
        .accepted_as("ada");
}

#[tokio::test]
async fn a_query_parameter_is_read_only_where_it_is_named() {
    let app = guarded(AuthLayer::new(keys()));
    for query in [
        "key=sk-live-9f",
        "x-api-key=sk-live-9f",
        "access_token=sk-live-9f",
    ] {
        send(&app, request("GET", &format!("/run?{query}"), &[]))
            .await
            .refused_with(401, "missing_credential");
    }
}

async fn asked(query: &str) -> Answer {
    let sources = [CredentialSource::insecure_query("key")];
    let app = guarded(AuthLayer::new(keys().with_credentials(sources)));
    send(&app, request("GET", &format!("/run?{query}"), &[])).await
}

fn keys() -> ApiKeyAuth {
    ApiKeyAuth::new([ApiKeyRecord::new("ada", KEY).unwrap()]).unwrap()
}
