//! Bodies of another type, too long, too slow, or broken off.

use std::{convert::Infallible, time::Duration};

use axum::body::{Body, Bytes};
use serde_json::Value;

use super::kit::{self, JSON, Server, at};

#[tokio::test]
async fn what_a_form_of_a_web_page_can_send_is_refused() {
    let server = Server::new();
    let root = server.root().await;
    let key = root.creates_named("x").await;
    let paths = ["/keys".to_owned(), format!("{}/revoke", at(&key))];
    for path in paths {
        for headers in [
            &[][..],
            &[("content-type", "text/plain")],
            &[("content-type", "application/x-www-form-urlencoded")],
            &[("content-type", "multipart/form-data; boundary=x")],
            &[("content-type", "text/plain; application/json")],
            &[
                ("content-type", "application/json"),
                ("content-type", "text/plain"),
            ],
            &[("content-type", "application/json, text/plain")],
            &[("content-type", "application/jsonp")],
            &[
                ("content-type", "application/json"),
                ("content-encoding", "gzip"),
            ],
        ] {
            let body = Body::from(r#"{"name": "x"}"#);
            let answer = root.send("POST", &path, headers, body).await;
            answer.refused_with(415, "unsupported_media_type");
            assert_eq!(answer.header("accept"), "application/json");
        }
    }
    let empty = root
        .send("POST", &format!("{}/revoke", at(&key)), &[], Body::empty())
        .await;
    empty.refused_with(415, "unsupported_media_type");
    assert_eq!(
        kit::body(&root.get(&at(&key)).await)["revoked"],
        Value::Null
    );
}

#[tokio::test]
async fn a_content_type_may_name_its_charset() {
    let server = Server::new();
    let root = server.root().await;
    let headers = [("content-type", "Application/JSON; charset=utf-8")];
    let body = Body::from(r#"{"name": "x"}"#);
    assert_eq!(root.send("POST", "/keys", &headers, body).await.status, 201);
}

#[tokio::test]
async fn a_long_body_is_refused_announced_or_not() {
    let server = Server::new();
    let root = server.root().await;
    let long = format!(r#"{{"name": "{}"}}"#, "x".repeat(64 * 1024));
    root.post_text("/keys", &long)
        .await
        .refused_with(413, "payload_too_large");

    let chunk = Bytes::from(vec![b' '; 1024]);
    let endless = futures_util::stream::repeat_with(move || Ok::<_, Infallible>(chunk.clone()));
    let answer = root
        .send("POST", "/keys", &[JSON], Body::from_stream(endless))
        .await;
    answer.refused_with(413, "payload_too_large");

    let padded = format!(r#"{{"name": "x"}}{}"#, " ".repeat(64 * 1024 - 13));
    assert_eq!(padded.len(), 64 * 1024);
    assert_eq!(root.post_text("/keys", &padded).await.status, 201);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_refused_after_ten_seconds() {
    let server = Server::new();
    let root = server.root().await;
    let started = tokio::time::Instant::now();
    let never = Body::from_stream(futures_util::stream::pending::<Result<Bytes, Infallible>>());
    let answer = root.send("POST", "/keys", &[JSON], never).await;
    answer.refused_with(408, "request_timeout");
    let took = started.elapsed();
    assert!(
        (Duration::from_secs(10)..Duration::from_secs(11)).contains(&took),
        "{took:?}"
    );
}

#[tokio::test]
async fn a_body_that_breaks_off_is_refused() {
    let server = Server::new();
    let root = server.root().await;
    let broken = futures_util::stream::iter([
        Ok(Bytes::from_static(b"{\"name\": \"x\"}")),
        Err(std::io::Error::other("broken")),
    ]);
    let answer = root
        .send("POST", "/keys", &[JSON], Body::from_stream(broken))
        .await;
    answer.refused_with(400, "invalid_request");
}
