//! The body: its limit, and what the handler gets of it, over real connections.

use axum::{Router, body::Body, extract::Request, response::Response, routing::post};
use http_body_util::BodyExt;
use tower_auth::webhook::WebhookLayer;

use crate::webhook::{
    common::wire::{Server, status},
    kit::{Delivery, hex, mac},
    schemes::SECRET,
};

const MIB: usize = 1024 * 1024;

/// Answers with what it got: length, digest, and trailers.
async fn digest(request: Request) -> String {
    let collected = request.into_body().collect().await.unwrap();
    let trailers = collected.trailers().map(|trailers| {
        let one = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
            format!("{name}={}", value.to_str().unwrap())
        };
        trailers.iter().map(one).collect::<Vec<_>>().join(",")
    });
    let bytes = collected.to_bytes();
    format!("{} {} {trailers:?}", bytes.len(), sum(&bytes))
}

fn sum(bytes: &[u8]) -> String {
    hex(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref())
}

fn layer() -> WebhookLayer {
    WebhookLayer::github(SECRET).unwrap()
}

async fn server(layer: WebhookLayer) -> Server {
    Server::start(Router::new().route("/hook", post(digest).layer(layer))).await
}

fn signature(body: &[u8]) -> String {
    let tag = mac(aws_lc_rs::hmac::HMAC_SHA256, SECRET.as_bytes(), &[body]);
    format!("sha256={}", hex(&tag))
}

fn head(body: &[u8], more: &str) -> Vec<u8> {
    let signature = signature(body);
    format!(
        "POST /hook HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         X-Hub-Signature-256: {signature}\r\n{more}\r\n"
    )
    .into_bytes()
}

fn sized(body: &[u8]) -> Vec<u8> {
    let mut request = head(body, &format!("Content-Length: {}\r\n", body.len()));
    request.extend_from_slice(body);
    request
}

fn chunked(body: &[u8], piece: usize, trailer: &str) -> Vec<u8> {
    let mut request = head(body, "Transfer-Encoding: chunked\r\nTrailer: x-sum\r\n");
    for chunk in body.chunks(piece) {
        request.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        request.extend_from_slice(chunk);
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(format!("0\r\n{trailer}\r\n").as_bytes());
    request
}

fn sample(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at % 251) as u8).collect()
}

#[track_caller]
fn got(answer: &str, body: &[u8], trailers: Option<&str>) {
    let expected = format!("{} {} {trailers:?}", body.len(), sum(body));
    assert_eq!(status(answer), 200, "{answer}");
    assert!(answer.ends_with(&expected), "{answer} is not {expected}");
}

#[tokio::test]
async fn a_body_of_any_bytes_reaches_the_handler_untouched() {
    let server = server(layer()).await;
    for len in [1, 2, 250, 4096, 70_000] {
        let body = sample(len);
        got(&server.send(&sized(&body)).await, &body, None);
    }
}

#[tokio::test]
async fn an_empty_body_can_be_signed_too() {
    let server = server(layer()).await;
    got(&server.send(&sized(b"")).await, b"", None);
    let server = self::server(layer()).await;
    got(&server.send(&head(b"", "")).await, b"", None);
}

#[tokio::test]
async fn a_body_in_chunks_of_any_size_arrives_whole() {
    let body = sample(5000);
    for piece in [1, 7, 4096, 5000] {
        let server = server(layer()).await;
        got(&server.send(&chunked(&body, piece, "")).await, &body, None);
    }
}

#[tokio::test]
async fn trailers_are_handed_on() {
    let server = server(layer()).await;
    let request = chunked(b"hello", 2, "x-sum: 17\r\n");
    got(&server.send(&request).await, b"hello", Some("x-sum=17"));
}

#[tokio::test]
async fn a_body_of_exactly_the_limit_is_read() {
    let body = sample(MIB);
    let server = server(layer()).await;
    got(&server.send(&sized(&body)).await, &body, None);
    let server = self::server(layer()).await;
    got(&server.send(&chunked(&body, 65_536, "")).await, &body, None);
}

#[tokio::test]
async fn a_body_of_one_byte_more_is_too_large() {
    let body = sample(MIB + 1);
    let server = server(layer()).await;
    let answer = server
        .head(&head(&body, &format!("Content-Length: {}\r\n", MIB + 1)))
        .await;
    assert_eq!(status(&answer), 413, "{answer}");
    assert!(answer.contains("application/problem+json"), "{answer}");
    let answer = server.head(&chunked(&body, 65_536, "")).await;
    assert_eq!(status(&answer), 413, "{answer}");
}

#[tokio::test]
async fn the_size_is_judged_before_the_signature() {
    let server = server(layer().with_max_body_len(4)).await;
    let unsigned = "POST /hook HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
    let answer = server
        .send(format!("{unsigned}Content-Length: 5\r\n\r\nhello").as_bytes())
        .await;
    assert_eq!(status(&answer), 413, "{answer}");
    let answer = server
        .send(format!("{unsigned}Content-Length: 4\r\n\r\nhell").as_bytes())
        .await;
    assert_eq!(status(&answer), 401, "{answer}");
}

#[tokio::test]
async fn a_client_that_waits_to_continue_is_told_so_only_where_the_body_may_come() {
    let server = server(layer()).await;
    let expecting = |len: usize| {
        let more = format!("Expect: 100-continue\r\nContent-Length: {len}\r\n");
        head(&sample(len), &more)
    };
    let answer = server.head(&expecting(MIB)).await;
    assert!(answer.starts_with("HTTP/1.1 100 Continue"), "{answer}");
    let answer = server.head(&expecting(MIB + 1)).await;
    assert_eq!(status(&answer), 413, "{answer}");
}

#[tokio::test]
async fn a_client_that_waits_to_continue_is_not_told_so_where_no_signature_is_shown() {
    let server = server(layer()).await;
    let unsigned = "POST /hook HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
                    Expect: 100-continue\r\nContent-Length: 5\r\n\r\n";
    let answer = server.head(unsigned.as_bytes()).await;
    assert_eq!(status(&answer), 401, "{answer}");
}

#[tokio::test]
async fn a_client_that_stops_half_way_reaches_no_handler() {
    use tokio::{io::AsyncWriteExt, net::TcpStream, sync::mpsc};

    let (ran, mut runs) = mpsc::unbounded_channel();
    let handler = move |body: String| {
        ran.send(body).unwrap();
        std::future::ready(())
    };
    let app = Router::new().route("/hook", post(handler).layer(layer()));
    let address = crate::common::answer::serve(app).await;
    for more in ["Content-Length: 100\r\n", "Transfer-Encoding: chunked\r\n"] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(&head(b"he", more)).await.unwrap();
        stream.write_all(b"2\r\nhe\r\n").await.unwrap();
        drop(stream);
    }
    // The next one does reach it, and is the first.
    crate::common::answer::exchange(address, &sized(b"whole")).await;
    assert_eq!(runs.recv().await.unwrap(), "whole");
}

#[tokio::test]
async fn the_layer_sits_on_a_route_a_router_and_a_plain_service() {
    async fn length(request: Request) -> String {
        request
            .into_body()
            .collect()
            .await
            .unwrap()
            .to_bytes()
            .len()
            .to_string()
    }
    use tower::{Layer, ServiceExt};

    let delivery = || {
        let delivery = Delivery::new("hello").with("x-hub-signature-256", signature(b"hello"));
        delivery.request()
    };
    let on_route = Router::new().route("/hook", post(length).layer(layer()));
    let on_router = Router::new().route("/hook", post(length)).layer(layer());
    let under_route_layer = Router::new()
        .route("/hook", post(length))
        .route_layer(layer());
    for app in [on_route, on_router, under_route_layer] {
        assert_eq!(app.oneshot(delivery()).await.unwrap().status(), 200);
    }
    let plain = layer().layer(tower::service_fn(
        async |request: http::Request<tower_auth::webhook::RestoredBody>| {
            assert_eq!(request.body().as_bytes().as_ref(), b"hello");
            Ok::<Response, std::convert::Infallible>(Response::new(Body::empty()))
        },
    ));
    assert_eq!(plain.oneshot(delivery()).await.unwrap().status(), 200);
}
