//! The bytes and the length of a key.

use crate::common;

use std::collections::BTreeSet;

use axum::Router;
use common::answer::{Answer, exchange, guarded, request, run, send, serve};
use http::{HeaderName, HeaderValue};
use tower_auth::{
    AuthLayer, CredentialSource,
    provider::{ApiKeyAuth, ApiKeyRecord},
};

const KEY: &str = "sk-live-9f";

#[tokio::test]
async fn a_utf8_key_sent_as_utf8_is_accepted() {
    let app = guarded(AuthLayer::new(
        ApiKeyAuth::new([ApiKeyRecord::new("ada", "schlüssel-鍵-🔑").unwrap()]).unwrap(),
    ));
    let bearer = "Bearer schlüssel-鍵-🔑".as_bytes();
    run(&app, &[("x-api-key", &bearer[7..])])
        .await
        .accepted_as("ada");
    run(&app, &[("authorization", bearer)])
        .await
        .accepted_as("ada");
    let latin1: &[u8] = b"schl\xfcssel";
    run(&app, &[("x-api-key", latin1)])
        .await
        .refused_with(401, "invalid_credential");
}

#[tokio::test]
async fn bytes_that_are_no_text_are_a_wrong_key() {
    for bytes in [
        &b"\xff"[..],
        b"sk-live-9f\xff",
        b"\xc3",
        b"\x80\x80",
        b"\xed\xa0\x80",
    ] {
        run(&app(), &[("x-api-key", bytes)])
            .await
            .refused_with(401, "invalid_credential");
        let bearer = [b"Bearer ", bytes].concat();
        run(&app(), &[("authorization", &bearer)])
            .await
            .refused_with(401, "invalid_credential");
    }
}

#[tokio::test]
async fn a_key_of_exactly_8_kib_is_judged_and_a_longer_one_is_not() {
    let longest = "k".repeat(8 * 1024);
    let longer = "k".repeat(8 * 1024 + 1);
    let app = guarded(AuthLayer::new(
        ApiKeyAuth::new([
            ApiKeyRecord::new("long", longest.clone()).unwrap(),
            ApiKeyRecord::new("longer", longer.clone()).unwrap(),
        ])
        .unwrap(),
    ));
    for (name, prefix) in [("x-api-key", ""), ("authorization", "Bearer ")] {
        let fits = format!("{prefix}{longest}");
        run(&app, &[(name, fits.as_bytes())])
            .await
            .accepted_as("long");
        let too_long = format!("{prefix}{longer}");
        run(&app, &[(name, too_long.as_bytes())])
            .await
            .refused_with(400, "invalid_request");
    }
}

#[tokio::test]
async fn the_longest_credential_is_a_setting() {
    let app = guarded(AuthLayer::new(keys()).with_max_credential_len(KEY.len()));
    run(&app, &[("x-api-key", KEY.as_bytes())])
        .await
        .accepted_as("ada");
    run(&app, &[("authorization", b"Bearer sk-live-9f")])
        .await
        .accepted_as("ada");
    run(&app, &[("x-api-key", b"sk-live-9f0")])
        .await
        .refused_with(400, "invalid_request");
}

#[tokio::test]
async fn another_schemes_long_credential_is_not_mine() {
    let kerberos = format!("Negotiate {}", "A".repeat(12 * 1024));
    shown(&[("authorization", &kerberos), ("x-api-key", KEY)])
        .await
        .accepted_as("ada");
}

#[tokio::test]
async fn a_key_of_a_megabyte_is_a_bad_request() {
    let huge = "k".repeat(1024 * 1024);
    for (name, prefix) in [("x-api-key", ""), ("authorization", "Bearer ")] {
        shown(&[(name, &format!("{prefix}{huge}"))])
            .await
            .refused_with(400, "invalid_request");
    }
}

#[tokio::test]
async fn a_key_among_8000_other_headers_is_found() {
    let app = app();
    for (key, status) in [(Some(KEY), 200), (Some("wrong"), 401), (None, 401)] {
        let mut request = request("GET", "/run", &[]);
        for index in 0..8_000 {
            let name = HeaderName::try_from(format!("x-filler-{index}")).unwrap();
            request
                .headers_mut()
                .append(name, HeaderValue::from_static("sk-live-9f"));
        }
        if let Some(key) = key {
            let value = HeaderValue::from_static(key);
            request.headers_mut().append("x-api-key", value);
        }
        assert_eq!(send(&app, request).await.status, status, "{key:?}");
    }
}

#[tokio::test]
async fn judges_the_bytes_of_a_real_connection() {
    let address = serve(app()).await;
    for (headers, status) in [
        (&b""[..], 401),
        (b"X-API-Key: sk-live-9f\r\n", 200),
        (b"x-api-key:sk-live-9f\r\n", 200),
        (b"X-API-Key:   sk-live-9f \t\r\n", 200),
        (b"X-API-Key: sk-live-9f\r\nx-api-key: sk-live-9f\r\n", 400),
        (b"X-API-Key:\r\nAuthorization: bearer  sk-live-9f\r\n", 200),
        (b"Authorization: Bearer\tsk-live-9f\r\n", 401),
        (
            b"Authorization: Bearer sk-live-9f\r\nAuthorization: Bearer sk-live-9f\r\n",
            400,
        ),
        (
            b"Authorization: Bearer sk-live-9f\r\nAuthorization: Basic eA==\r\n",
            400,
        ),
        (b"Authorization: Bearer \xff\xfe\r\n", 401),
        (b"X-API-Key: sk-live-9\r\n f\r\n", 400),
        (b"X-API-Key : sk-live-9f\r\n", 400),
        (b"X-API-Key: sk-live\0-9f\r\n", 400),
        (b"X_API_Key: sk-live-9f\r\n", 401),
    ] {
        let request = [
            b"GET /run HTTP/1.1\r\nHost: a\r\nConnection: close\r\n",
            headers,
            b"\r\n",
        ];
        let (head, _) = exchange(address, &request.concat()).await;
        let expected = format!("HTTP/1.1 {status} ");
        let shown = String::from_utf8_lossy(headers);
        assert!(head[0].starts_with(&expected), "{shown:?}: {}", head[0]);
    }
}

#[tokio::test]
async fn a_utf8_key_survives_a_real_connection() {
    let keys = ApiKeyAuth::new(["schlüssel-鍵"]).unwrap();
    let address = serve(guarded(AuthLayer::new(keys))).await;
    let request =
        "GET /run HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-API-Key: schlüssel-鍵\r\n\r\n";
    let (head, _) = exchange(address, request.as_bytes()).await;
    assert!(head[0].starts_with("HTTP/1.1 200 "), "{}", head[0]);
}

#[tokio::test]
async fn no_combination_of_places_is_a_server_error_or_lets_a_wrong_key_in() {
    let sources = [
        CredentialSource::header(HeaderName::from_static("x-api-key")),
        CredentialSource::bearer().fallback(),
        CredentialSource::websocket_protocol(),
        CredentialSource::cookie("session"),
        CredentialSource::insecure_query("key"),
    ];
    let app = guarded(AuthLayer::new(keys().with_credentials(sources)));
    let mut statuses = BTreeSet::new();
    for key in ["-", "", " ", "wrong", KEY, "\u{e9}"] {
        for bearer in [
            "-",
            "",
            "Bearer",
            "Bearer\tx",
            "bearer  sk-live-9f",
            "Basic x",
        ] {
            for offer in [
                "-",
                "",
                "bearer",
                "bearer, sk-live-9f",
                "bearer, a, bearer, b",
            ] {
                for cookie in ["-", "session", "session=sk-live-9f", "session=a; session=b"] {
                    for query in ["", "?key=sk-live-9f", "?key=&%6bey=x", "?key=%ff"] {
                        let shown = [
                            ("x-api-key", key),
                            ("authorization", bearer),
                            ("sec-websocket-protocol", offer),
                            ("cookie", cookie),
                        ];
                        let headers: Vec<_> = shown
                            .iter()
                            .filter(|(_, value)| *value != "-")
                            .map(|(name, value)| (*name, value.as_bytes()))
                            .collect();
                        let uri = format!("/run{query}");
                        for method in ["GET", "POST"] {
                            let answer = send(&app, request(method, &uri, &headers)).await;
                            let has_key = shown.iter().any(|(_, value)| value.contains(KEY))
                                || query.contains(KEY);
                            assert!(!answer.ran() || has_key, "{method} {uri} {shown:?}");
                            statuses.insert(answer.status.as_u16());
                        }
                    }
                }
            }
        }
    }
    assert_eq!(Vec::from_iter(statuses), [200, 400, 401, 403]);
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
