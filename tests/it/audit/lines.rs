//! What a line holds, whatever callers send.

use tower_auth::{
    AuthContext, AuthError, AuthLayer,
    audit::{AuditEvents, AuditSettings},
    observe::Observers,
    provider::provider_fn,
};

use super::{Disk, KEY, flushed, keys};
use crate::common::oneshot::{app, ask};

#[tokio::test]
async fn a_decision_is_one_line_with_its_ids() {
    let disk = Disk::default();
    let sink = disk.start(AuditSettings::new());
    let app = app(["/agents/{id}"], keys(&sink));
    let ids = [
        ("x-api-key", KEY),
        ("x-request-id", "r-\"7\\"),
        (
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ),
    ];
    ask(&app, "PUT /agents/7", &ids).await;
    flushed(&sink);
    let lines = disk.lines();
    assert_eq!(lines.len(), 1);
    for (member, value) in [
        ("event", "decision"),
        ("outcome", "accepted"),
        ("method", "PUT"),
        ("path", "/agents/{id}"),
        ("auth_method", "api_key"),
        ("user_id", "ada"),
        ("key", "ada"),
        ("provider", "api_key"),
        ("request_id", "r-\"7\\"),
        ("trace_id", "0af7651916cd43dd8448eb211c80319c"),
    ] {
        assert_eq!(lines[0][member], value, "{member}");
    }
    assert!(lines[0]["at"].as_str().unwrap().ends_with('Z') && lines[0]["duration_us"].is_u64());
    assert!(!disk.text().contains(KEY));
}

#[tokio::test]
async fn no_text_of_a_caller_breaks_a_line_or_steers_a_terminal() {
    let disk = Disk::default();
    let sink = disk.start(AuditSettings::new());
    let odd = "a\n{\"event\":\"decision\"}\r\u{1b}[2J\0\u{7f}\u{9b}31m\u{2028}\u{202e}\"\\";
    let anybody = provider_fn(move |request| {
        let reason = request.header("x-why").map(|_| odd.to_owned());
        match reason {
            Some(reason) => Err(AuthError::invalid_credential(reason)),
            None => Ok(Some(AuthContext::new(odd).with_token_id(odd))),
        }
    });
    let layer = AuthLayer::new(anybody.with_credentials([])).observers(sink.observers());
    let app = app(["/run"], layer);
    ask(&app, "GET /run", &[]).await;
    ask(&app, "GET /run", &[("x-why", "")]).await;
    flushed(&sink);
    let lines = disk.lines();
    assert_eq!(lines.len(), 2, "{}", disk.text());
    assert_eq!(lines[0]["user_id"], odd);
    assert_eq!(lines[0]["token_id"], odd);
    assert_eq!(lines[1]["reason"], odd);
    let is_plain =
        |char: char| char == '\n' || (!char.is_control() && !"\u{2028}\u{202e}".contains(char));
    assert!(disk.text().chars().all(is_plain));
}

#[tokio::test]
async fn what_is_long_or_no_text_leaves_a_short_line() {
    let disk = Disk::default();
    let sink = disk.start(AuditSettings::new());
    let long = "x".repeat(50_000);
    let anybody = provider_fn({
        let long = long.clone();
        move |_| Ok(Some(AuthContext::new(long.clone())))
    });
    let layer = AuthLayer::new(anybody.with_credentials([])).observers(sink.observers());
    let app = app(["/{*rest}"], layer);
    let line = format!("{} /{}", "M".repeat(40), "p".repeat(9_000));
    ask(
        &app,
        &line,
        &[
            ("user-agent", &long),
            ("x-request-id", &long),
            ("traceparent", &long),
        ],
    )
    .await;
    let mut request = http::Request::new(axum::body::Body::empty());
    let bytes = http::HeaderValue::from_bytes(b"\xff\xfe\x80").unwrap();
    request.headers_mut().insert("x-request-id", bytes);
    *request.uri_mut() = "/%ff%00".parse().unwrap();
    tower::ServiceExt::oneshot(app, request).await.unwrap();
    flushed(&sink);
    assert_eq!(disk.lines().len(), 2);
    assert!(disk.text().len() < 2_000, "{}", disk.text());
    let lines = disk.lines();
    assert_eq!(lines[0]["request_id"], "x".repeat(64));
    assert!(lines[1].get("request_id").is_none());
}

#[tokio::test]
async fn only_refusals_have_lines_where_that_is_set() {
    let disk = Disk::default();
    let sink = disk.start(AuditSettings::new().with_events(AuditEvents::Refusals));
    let app = app(["/run", "/open"], keys(&sink).public("/open"));
    ask(&app, "GET /run", &[("x-api-key", KEY)]).await;
    ask(&app, "GET /open", &[]).await;
    ask(&app, "GET /run", &[]).await;
    flushed(&sink);
    let lines = disk.lines();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["code"], "missing_credential");
}

#[tokio::test]
async fn one_sink_in_two_layers_writes_one_line() {
    let disk = Disk::default();
    let sink = disk.start(AuditSettings::new());
    let more: Observers = sink.observers();
    let app = app(["/run"], keys(&sink).observers(more));
    ask(&app, "GET /run", &[]).await;
    flushed(&sink);
    assert_eq!(disk.lines().len(), 1);
}
