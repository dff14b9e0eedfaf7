//! A credential is seen by nobody but the provider that judges it.
#![cfg(test)]

mod common;

use std::{
    fmt::Debug,
    sync::{Arc, Mutex},
    time::UNIX_EPOCH,
};

use axum::{Router, routing::any};
use bytes::Bytes;
use common::{
    answer::{Answer, request, send, witness},
    log::Log,
};
use http::{HeaderName, Response};
use tower_auth::{
    Access, AuthError, AuthLayer, AuthRequest, AuthRequestBuf, CredentialSource,
    provider::{ApiKeyAuth, ApiKeyRecord, CompositeAuth, async_provider_fn, provider_fn},
};
use tower_http::{
    sensitive_headers::SetSensitiveRequestHeadersLayer,
    trace::{DefaultMakeSpan, DefaultOnRequest, DefaultOnResponse, TraceLayer},
};
use tracing::Level;

/// Every credential of these tests begins so, and nothing else does.
const CANARY: &str = "c4nary";

#[tokio::test]
async fn no_path_through_the_layer_shows_a_credential() {
    let logs = Arc::new(Mutex::new(String::new()));
    install_panic_log(&logs);
    let mut statuses = Vec::new();
    for hide in [false, true] {
        let app = stack(everything().hide_credentials(hide));
        let log = Log::start();
        for (path, headers) in attempts() {
            let mut headers: Vec<(&str, &[u8])> = headers
                .iter()
                .map(|(name, value)| (*name, value.as_bytes()))
                .collect();
            headers.push(("x-plain", b"7"));
            for method in ["GET", "POST"] {
                let answer = send(&app, request(method, path, &headers)).await;
                statuses.push(answer.status.as_u16());
                shows_nothing(&answer, path);
            }
        }
        // The trace layer did print headers, so their absence says something.
        let text = log.text();
        assert!(
            text.contains("x-plain") && text.contains("Sensitive"),
            "{text}"
        );
        assert!(!text.contains(CANARY), "{}", around(&text));
    }
    assert!(!logs.lock().unwrap().contains(CANARY));
    assert!(logs.lock().unwrap().contains("the panicking provider"));
    for status in [200, 400, 401, 403, 503] {
        assert!(statuses.contains(&status), "no attempt ended with {status}");
    }
}

#[tokio::test]
async fn a_query_parameter_shows_only_where_urls_are_logged() {
    let sources = [CredentialSource::insecure_query("key")];
    let keys = ApiKeyAuth::new([ApiKeyRecord::new("ada", "c4nary-good").unwrap()]).unwrap();
    let layer = AuthLayer::new(keys.with_credentials(sources)).public("/public");
    // No trace layer: tower-http's logs the URL, which is why the source is called insecure.
    let app = routes().layer(layer);
    let log = Log::start();
    for (uri, status) in [
        ("/run?key=c4nary-good", 200),
        ("/run?key=c4nary-bad", 401),
        ("/run?key=c4nary-good&key=c4nary-good", 400),
        ("/public?key=c4nary-good", 200),
    ] {
        let answer = send(&app, request("GET", uri, &[])).await;
        assert_eq!(answer.status, status);
        shows_nothing(&answer, uri);
    }
    assert!(!log.text().contains(CANARY), "{}", around(&log.text()));
}

#[tokio::test]
async fn a_closure_that_replaces_a_refusal_is_handed_no_credential() {
    let layer = everything().with_refusal(|error, request, response| {
        let head = (request.uri(), request.headers(), request);
        let shown = format!("{error} {error:?} {response:?} {head:?}");
        assert!(!shown.contains(CANARY), "{shown}");
        Response::new(Bytes::from(shown))
    });
    let app = routes().layer(layer);
    for (path, headers) in attempts() {
        let headers: Vec<(&str, &[u8])> = headers
            .iter()
            .map(|(name, value)| (*name, value.as_bytes()))
            .collect();
        shows_nothing(&send(&app, request("GET", path, &headers)).await, path);
    }
}

type Attempt = (&'static str, Vec<(&'static str, String)>);

/// Every way to show a canary: accepted, refused for each reason, ambiguous, not even asked for.
fn attempts() -> Vec<Attempt> {
    let long = format!("{CANARY}-{}", "x".repeat(9_000));
    let mut attempts: Vec<Attempt> = Vec::new();
    for path in [
        "/run",
        "/optional",
        "/public",
        "/health",
        "/nowhere",
        "/partner",
    ] {
        for value in [
            "good",
            "unknown",
            "revoked",
            "expired",
            "outage",
            "panic",
            "late-panic",
        ] {
            let value = format!("{CANARY}-{value}");
            attempts.extend([
                (path, vec![("x-api-key", value.clone())]),
                (path, vec![("authorization", format!("Bearer {value}"))]),
                (path, vec![("authorization", format!("Bearer\t{value}"))]),
                (path, vec![("cookie", format!("a=1; session={value}"))]),
                (
                    path,
                    vec![("sec-websocket-protocol", format!("bearer, {value}"))],
                ),
            ]);
        }
        let token = format!("Bearer {CANARY}");
        attempts.extend([
            (path, vec![("x-api-key", long.clone())]),
            (path, vec![("authorization", format!("Bearer {long}"))]),
            (
                path,
                vec![("x-api-key", CANARY.into()), ("x-api-key", CANARY.into())],
            ),
            (
                path,
                vec![
                    ("authorization", token.clone()),
                    ("authorization", token.clone()),
                ],
            ),
            (
                path,
                vec![("x-api-key", CANARY.into()), ("authorization", token)],
            ),
            (path, vec![("x-partner", CANARY.into())]),
        ]);
    }
    attempts
}

/// Keys in every place, behind providers that fail and panic where the key says so.
fn everything() -> AuthLayer {
    let sources = [
        CredentialSource::header(HeaderName::from_static("x-api-key")),
        CredentialSource::bearer().fallback(),
        CredentialSource::cookie("session"),
        CredentialSource::websocket_protocol().fallback(),
    ];
    let record = |name: &str| ApiKeyRecord::new(name, format!("{CANARY}-{name}")).unwrap();
    let keys = ApiKeyAuth::new([
        record("good"),
        record("revoked").with_revoked(true),
        record("expired").with_expires_at(UNIX_EPOCH),
    ])
    .unwrap()
    .with_credentials(sources.clone());
    let at_once = sources.clone();
    let failing = provider_fn(move |request: &AuthRequest<'_>| {
        let Some(shown) = request.credential(&at_once)? else {
            return Ok(None);
        };
        match shown.as_str() {
            Some("c4nary-panic") => panic!("the panicking provider saw {shown:?}"),
            Some("c4nary-outage") => Err(AuthError::unavailable("the database is away")),
            _ => Ok(None),
        }
    })
    .with_credentials(sources.clone());
    let later = sources.clone();
    let late = async_provider_fn(move |request: AuthRequestBuf| {
        let shown = request.credential(&later);
        let panics = shown
            .is_ok_and(|shown| shown.is_some_and(|shown| shown.as_bytes() == b"c4nary-late-panic"));
        async move {
            assert!(!panics, "the panicking provider had {request:?}");
            Ok(None)
        }
    })
    .with_credentials(sources)
    .with_source("late")
    .unwrap();
    let partner = ApiKeyAuth::new(["c4nary-partner"])
        .unwrap()
        .with_header(HeaderName::from_static("x-partner"))
        .with_source("partners")
        .unwrap();
    AuthLayer::new(CompositeAuth::new(failing).or(late).or(keys))
        .public("/public")
        .access("/optional", Access::Optional)
        .access("/partner", Access::provider(partner))
}

fn routes() -> Router {
    Router::new()
        .route("/run", any(witness))
        .route("/optional", any(witness))
        .route("/public", any(witness))
        .route("/partner", any(witness))
        .route("/health", any(witness))
}

/// The example's stack: a trace layer that prints headers, behind one that marks them.
fn stack(layer: AuthLayer) -> Router {
    let headers = layer.credential_headers();
    let trace = TraceLayer::new_for_http()
        .make_span_with(
            DefaultMakeSpan::new()
                .level(Level::ERROR)
                .include_headers(true),
        )
        .on_request(DefaultOnRequest::new().level(Level::TRACE))
        .on_response(
            DefaultOnResponse::new()
                .level(Level::TRACE)
                .include_headers(true),
        );
    let inner = TraceLayer::new_for_http().make_span_with(
        DefaultMakeSpan::new()
            .level(Level::ERROR)
            .include_headers(true),
    );
    routes()
        .layer(inner)
        .layer(layer)
        .layer(trace)
        .layer(SetSensitiveRequestHeadersLayer::from_shared(headers))
}

/// Keeps what panics say; they still fail the tests that they belong to.
fn install_panic_log(logs: &Arc<Mutex<String>>) {
    let logs = Arc::clone(logs);
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        logs.lock().unwrap().push_str(&info.to_string());
        before(info);
    }));
}

#[track_caller]
fn shows_nothing(answer: &Answer, path: &str) {
    let shown = format!("{:?} {:?}", answer.headers, answer.body);
    assert!(!shown.contains(CANARY), "{path}: {shown}");
    if let Some(error) = answer.extensions.get::<AuthError>() {
        silent(error);
    }
}

#[track_caller]
fn silent(value: &impl Debug) {
    let shown = format!("{value:?} {value:#?}");
    assert!(!shown.contains(CANARY), "{shown}");
}

fn around(text: &str) -> &str {
    let at = text.find(CANARY).unwrap_or_default();
    let start = text[..at].rfind('\n').unwrap_or_default();
    &text[start..(at + 80).min(text.len())]
}
