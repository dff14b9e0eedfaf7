//! Under hyper itself, without a router: the bytes on the wire.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tower::{Layer, service_fn};
use tower_auth::AuthContext;

use crate::services::layer;

async fn echo(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    assert!(request.extensions().get::<AuthContext>().is_some());
    let sent = request.into_body().collect().await.unwrap().to_bytes();
    Ok(Response::new(Full::new(sent)))
}

fn connect() -> DuplexStream {
    let (client, server) = tokio::io::duplex(64 * 1024);
    let service = TowerToHyperService::new(layer().layer(service_fn(echo)));
    tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(server), service));
    client
}

/// What a connection answers to those bytes, until it is closed.
async fn exchange(sent: &str) -> String {
    let mut client = connect();
    client.write_all(sent.as_bytes()).await.unwrap();
    let mut answered = String::new();
    client.read_to_string(&mut answered).await.unwrap();
    answered
}

#[tokio::test]
async fn an_accepted_request_is_served() {
    let answered = exchange(
        "POST /run HTTP/1.1\r\nhost: a\r\nx-api-key: sk-live-9f\r\ncontent-length: 5\r\n\
         connection: close\r\n\r\nhello",
    )
    .await;
    assert!(answered.starts_with("HTTP/1.1 200 OK\r\n"), "{answered}");
    assert!(answered.ends_with("\r\n\r\nhello"), "{answered}");
}

#[tokio::test]
async fn a_refusal_has_a_length_and_a_challenge() {
    let answered = exchange("GET /run HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    let (head, body) = answered.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 401 Unauthorized\r\n"), "{head}");
    let length = format!("content-length: {}", body.len());
    assert!(head.contains(&length), "{head}");
    assert!(
        head.contains("www-authenticate: Bearer realm=\"api\""),
        "{head}"
    );
    assert!(serde_json::from_str::<serde_json::Value>(body).is_ok());
}

#[tokio::test]
async fn a_refused_head_has_the_head_of_a_refusal_and_no_body() {
    let answered = exchange("HEAD /run HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    assert!(answered.starts_with("HTTP/1.1 401 "), "{answered}");
    assert!(answered.contains("content-length: "), "{answered}");
    assert!(answered.ends_with("\r\n\r\n"), "{answered}");
}

#[tokio::test]
async fn the_body_of_a_refused_request_is_not_taken_for_the_next_one() {
    let smuggled = "GET /run HTTP/1.1\r\nhost: a\r\nx-api-key: sk-live-9f\r\n\r\n";
    let answered = exchange(&format!(
        "POST /run HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n{smuggled}\
         GET /run HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
        smuggled.len()
    ))
    .await;
    assert_eq!(answered.matches("HTTP/1.1 401").count(), 2, "{answered}");
    assert_eq!(answered.matches("HTTP/1.1 200").count(), 0, "{answered}");
}
