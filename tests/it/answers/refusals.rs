//! What a refused caller reads: status, challenges, headers and body.

use crate::common;

use std::time::Duration;

use axum::{Router, routing::any};
use bytes::Bytes;
use common::{
    answer::{exchange, guarded, request, run, send, serve},
    log::Log,
};
use http::{HeaderName, HeaderValue, Response, header};
use serde_json::json;
use tower_auth::{
    AuthContext, AuthError, AuthLayer, AuthRequest, AuthResult,
    provider::{ApiKeyAuth, ApiKeyRecord, ProviderFn, provider_fn},
    testing::ManualClock,
};

const KEY: &str = "sk-live-9f";
const SHOWN: &[(&str, &[u8])] = &[("x-api-key", b"sk-live-9f")];

#[tokio::test]
async fn nothing_shown_is_401_with_a_challenge_that_names_no_error() {
    let answer = run(&guarded(AuthLayer::new(keys())), &[]).await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.challenges(), ["Bearer realm=\"api\""]);
    assert_eq!(
        answer.problem(),
        json!({
            "type": "about:blank",
            "title": "Unauthorized",
            "status": 401,
            "code": "missing_credential",
            "detail": "a credential is required",
        })
    );
    assert_eq!(answer.headers.len(), 3, "{:?}", answer.headers);
}

#[tokio::test]
async fn each_kind_of_error_has_its_status_challenge_and_body() {
    type Case = (
        AuthError,
        u16,
        &'static str,
        &'static str,
        &'static [&'static str],
    );
    let cases: Vec<Case> = vec![
        (
            AuthError::missing_credential(),
            401,
            "Unauthorized",
            "missing_credential",
            &["Bearer realm=\"api\""],
        ),
        (
            AuthError::invalid_request("twice"),
            400,
            "Bad Request",
            "invalid_request",
            &[
                "Bearer realm=\"api\", error=\"invalid_request\", error_description=\"the request \
               shows a credential in a way that is not accepted\"",
            ],
        ),
        (
            AuthError::invalid_credential("unknown"),
            401,
            "Unauthorized",
            "invalid_credential",
            &[
                "Bearer realm=\"api\", error=\"invalid_token\", error_description=\"the credential \
               is not valid\"",
            ],
        ),
        (
            AuthError::expired_credential("exp"),
            401,
            "Unauthorized",
            "expired_credential",
            &[
                "Bearer realm=\"api\", error=\"invalid_token\", error_description=\"the credential \
               has expired\"",
            ],
        ),
        (
            AuthError::insufficient_scope("graph:invoke files:read"),
            403,
            "Forbidden",
            "insufficient_scope",
            &[
                "Bearer realm=\"api\", error=\"insufficient_scope\", error_description=\"the \
               credential lacks a scope that this needs\", scope=\"graph:invoke files:read\"",
            ],
        ),
        (
            AuthError::forbidden("inactive"),
            403,
            "Forbidden",
            "forbidden",
            &[],
        ),
        (
            AuthError::throttled(Duration::from_secs(7)),
            429,
            "Too Many Requests",
            "throttled",
            &[],
        ),
        (
            AuthError::unavailable("connection refused"),
            503,
            "Service Unavailable",
            "unavailable",
            &[],
        ),
    ];
    for (error, status, title, code, challenges) in cases {
        let mut expected = json!({
            "type": "about:blank",
            "title": title,
            "status": status,
            "code": code,
            "detail": error.message(),
        });
        if let Some(scopes) = error.scopes() {
            expected["scope"] = scopes.into();
        }
        let answer = run(&guarded(AuthLayer::new(refusing(error))), SHOWN).await;
        answer.refused_with(status, code);
        assert_eq!(answer.problem(), expected);
        assert_eq!(answer.challenges(), challenges);
        let waits = matches!(status, 429 | 503);
        assert_eq!(answer.headers.contains_key("retry-after"), waits, "{code}");
    }
}

#[tokio::test]
async fn the_body_of_a_403_names_the_scope_that_its_challenge_names() {
    for scopes in ["graph:invoke files:read", "a\"b\\c\u{7}é d", ""] {
        let error = AuthError::insufficient_scope(scopes);
        let answer = run(&guarded(AuthLayer::new(refusing(error))), SHOWN).await;
        let problem = answer.problem();
        let named = problem["scope"].as_str().unwrap();
        let challenge = answer.challenges()[0];
        assert!(
            challenge.ends_with(&format!("scope=\"{named}\"")),
            "{challenge} {named}"
        );
    }
}

#[tokio::test]
async fn a_key_reads_the_same_refusal_whether_unknown_revoked_or_expired() {
    let clock = ManualClock::at_unix(2_000_000_000);
    let past = std::time::UNIX_EPOCH + Duration::from_secs(1_999_999_999);
    let keys = ApiKeyAuth::new([
        ApiKeyRecord::new("a", "revoked")
            .unwrap()
            .with_revoked(true),
        ApiKeyRecord::new("b", "expired")
            .unwrap()
            .with_expires_at(past),
    ])
    .unwrap()
    .with_clock(clock.clock());
    let app = guarded(AuthLayer::new(keys));
    let log = Log::start();
    let mut bodies = Vec::new();
    for (key, reason) in [
        ("unknown", "api_key_unknown"),
        ("revoked", "api_key_revoked"),
        ("expired", "api_key_expired"),
    ] {
        let answer = run(&app, &[("x-api-key", key.as_bytes())]).await;
        answer.refused_with(401, "invalid_credential");
        bodies.push((answer.body, answer.headers));
        assert_eq!(log.only().field("reason"), Some(reason));
    }
    assert_eq!(bodies[0], bodies[1]);
    assert_eq!(bodies[0], bodies[2]);
}

#[tokio::test]
async fn retry_after_is_in_whole_seconds_rounded_up() {
    for (after, shown) in [
        (Duration::ZERO, "0"),
        (Duration::from_millis(1), "1"),
        (Duration::from_secs(60), "60"),
        (Duration::from_millis(60_001), "61"),
        (Duration::MAX, "18446744073709551615"),
    ] {
        for error in [
            AuthError::throttled(after),
            AuthError::unavailable("down").with_retry_after(after),
        ] {
            let answer = run(&guarded(AuthLayer::new(refusing(error))), SHOWN).await;
            assert_eq!(answer.header("retry-after"), shown);
        }
    }
    let app = guarded(AuthLayer::new(refusing(AuthError::unavailable("down"))));
    assert_eq!(run(&app, SHOWN).await.header("retry-after"), "5");
}

#[tokio::test]
async fn nothing_internal_reaches_the_caller() {
    let error = AuthError::unavailable("connect to db-7.internal:5432 refused")
        .with_reason("pool at db-7.internal exhausted");
    let answer = run(&guarded(AuthLayer::new(refusing(error))), SHOWN).await;
    let shown = format!("{:?} {:?}", answer.headers, answer.body);
    assert!(!shown.contains("db-7"), "{shown}");
}

#[tokio::test]
async fn a_code_and_a_message_of_ones_own_are_shown() {
    let error = AuthError::forbidden("second_factor")
        .with_code("second_factor_required")
        .with_message("send a one-time code");
    let answer = run(&guarded(AuthLayer::new(refusing(error))), SHOWN).await;
    answer.refused_with(403, "second_factor_required");
    assert_eq!(answer.problem()["detail"], "send a one-time code");
}

#[tokio::test]
async fn appends_a_contexts_headers_to_the_response() {
    async fn handler() -> [(HeaderName, &'static str); 2] {
        [
            (header::SET_COOKIE, "theirs=1"),
            (HeaderName::from_static("x-inner"), "yes"),
        ]
    }
    let app = Router::new()
        .route("/run", any(handler))
        .layer(AuthLayer::new(refreshing()));
    let answer = run(&app, SHOWN).await;
    let cookies: Vec<_> = answer.headers.get_all(header::SET_COOKIE).iter().collect();
    assert_eq!(cookies, ["theirs=1", "session=2", "seen=1"]);
    assert_eq!(answer.header("x-inner"), "yes");
}

#[tokio::test]
async fn a_contexts_headers_reach_the_caller_also_where_an_inner_layer_refused() {
    async fn handler() -> AuthError {
        AuthError::insufficient_scope("admin")
    }
    let app = Router::new()
        .route("/run", any(handler))
        .layer(AuthLayer::new(refreshing()));
    let answer = run(&app, SHOWN).await;
    answer.refused_with(403, "insufficient_scope");
    let cookies: Vec<_> = answer.headers.get_all(header::SET_COOKIE).iter().collect();
    assert_eq!(cookies, ["session=2", "seen=1"]);
}

#[tokio::test]
async fn a_closure_replaces_the_whole_response() {
    let layer = AuthLayer::new(keys()).with_refusal(|error, _, would_be| {
        assert_eq!(would_be.status(), error.status());
        Response::builder()
            .status(418)
            .header("x-code", error.code())
            .body(Bytes::from_static(b"no entry"))
            .unwrap()
    });
    let app = guarded(layer);
    let answer = run(&app, &[]).await;
    assert_eq!(answer.status, 418);
    assert_eq!(answer.header("x-code"), "missing_credential");
    assert_eq!(answer.body, "no entry");
    assert!(!answer.headers.contains_key("www-authenticate"));
    let error: &AuthError = answer.extensions.get().unwrap();
    assert_eq!(error.code(), "missing_credential");

    let answer = run(&app, SHOWN).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn every_refusal_carries_its_error_with_its_cause() {
    let error = AuthError::unavailable(std::io::Error::other("disk on fire"));
    let answer = run(&guarded(AuthLayer::new(refusing(error))), SHOWN).await;
    let carried = answer.extensions.get::<AuthError>().unwrap().clone();
    let cause = std::error::Error::source(&carried).unwrap();
    assert!(cause.downcast_ref::<std::io::Error>().is_some());
    assert_eq!(cause.to_string(), "disk on fire");
    assert_eq!(carried.provider(), "custom");
}

#[tokio::test]
async fn a_head_request_reads_the_headers_of_a_refusal_and_no_body() {
    let address = serve(guarded(AuthLayer::new(keys()))).await;
    let (get, body) = wire(address, "GET", "").await;
    assert!(get[0].starts_with("HTTP/1.1 401 "));
    assert!(
        get.contains(&format!("content-length: {}", body.len())),
        "{get:?}"
    );
    assert!(body.starts_with(b"{\"type\":"));

    let (head, nothing) = wire(address, "HEAD", "").await;
    let without_date = |lines: &[String]| -> Vec<String> {
        lines
            .iter()
            .filter(|line| !line.starts_with("date"))
            .cloned()
            .collect()
    };
    assert_eq!(without_date(&head), without_date(&get));
    assert_eq!(nothing, b"");
}

#[tokio::test]
async fn a_refused_body_leaves_the_connection_in_order() {
    let address = serve(guarded(AuthLayer::new(keys()))).await;
    let pipelined = "POST /run HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello\
                     GET /run HTTP/1.1\r\nHost: a\r\nX-API-Key: sk-live-9f\r\nConnection: close\r\n\r\n";
    let (head, rest) = exchange(address, pipelined.as_bytes()).await;
    assert!(head[0].starts_with("HTTP/1.1 401 "));
    let rest = String::from_utf8(rest).unwrap();
    assert!(rest.contains("}HTTP/1.1 200 OK\r\n"), "{rest}");
}

#[tokio::test]
async fn an_accepted_answer_keeps_its_length() {
    let address = serve(guarded(AuthLayer::new(keys()))).await;
    let key = "X-API-Key: sk-live-9f\r\n";
    let (head, body) = wire(address, "GET", key).await;
    assert_eq!(body, b"passed as ada");
    assert!(head.contains(&"content-length: 13".to_owned()), "{head:?}");
    let (head, body) = wire(address, "HEAD", key).await;
    assert_eq!(body, b"");
    assert!(head.contains(&"content-length: 13".to_owned()), "{head:?}");
}

#[tokio::test]
async fn a_context_that_somebody_put_there_before_is_removed() {
    let layer = AuthLayer::new(keys()).public("/public");
    let app = guarded(layer);
    for (path, headers, user) in [
        ("/public", &[][..], None),
        ("/health", &[], None),
        ("/run", SHOWN, Some("ada")),
    ] {
        let mut request = request("GET", path, headers);
        let forged = AuthContext::new("root").with_scopes(["*"]);
        request.extensions_mut().insert(forged);
        let answer = send(&app, request).await;
        assert_eq!(
            (answer.status.as_u16(), answer.user()),
            (200, user),
            "{path}"
        );
    }
    let mut request = request("GET", "/run", &[]);
    request.extensions_mut().insert(AuthContext::new("root"));
    send(&app, request)
        .await
        .refused_with(401, "missing_credential");
}

fn keys() -> ApiKeyAuth {
    ApiKeyAuth::new([ApiKeyRecord::new("ada", KEY).unwrap()]).unwrap()
}

fn refusing(
    error: AuthError,
) -> ProviderFn<impl Fn(&AuthRequest<'_>) -> AuthResult + Send + Sync + 'static> {
    provider_fn(move |_: &AuthRequest<'_>| Err(error.clone()))
}

/// A provider that refreshes a session's cookie with its answer.
fn refreshing() -> ProviderFn<impl Fn(&AuthRequest<'_>) -> AuthResult + Send + Sync + 'static> {
    provider_fn(|_: &AuthRequest<'_>| {
        let cookie = HeaderValue::from_static;
        Ok(Some(
            AuthContext::new("ada")
                .add_response_header(header::SET_COOKIE, cookie("session=2"))
                .add_response_header(header::SET_COOKIE, cookie("seen=1")),
        ))
    })
}

async fn wire(
    address: std::net::SocketAddr,
    method: &str,
    headers: &str,
) -> (Vec<String>, Vec<u8>) {
    let request =
        format!("{method} /run HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{headers}\r\n");
    exchange(address, request.as_bytes()).await
}
