//! Bodies that were compressed on the way: refused, unless a layer outside has inflated them.

use std::{
    io::Write,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use aws_lc_rs::hmac::HMAC_SHA256;
use axum::{
    Router,
    body::{Body, Bytes},
    extract::Request,
    routing::post,
};
use flate2::{Compression, write::GzEncoder};
use http_body::{Body as HttpBody, Frame};
use tower_auth::webhook::WebhookLayer;
use tower_http::decompression::RequestDecompressionLayer;

use crate::webhook::{
    common::answer::{Answer, send},
    kit::{Delivery, Hook, NOW, hex, mac, refused},
    schemes::{ALL, SECRET, body},
};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn signed(over: &[u8], sent: &[u8]) -> Delivery {
    let tag = mac(HMAC_SHA256, SECRET.as_bytes(), &[over]);
    Delivery::new(sent).with("x-hub-signature-256", format!("sha256={}", hex(&tag)))
}

fn layer() -> WebhookLayer {
    WebhookLayer::github(SECRET).unwrap()
}

#[tokio::test]
async fn a_compressed_body_is_refused_and_told_why() {
    let plain = body(NOW);
    let hook = Hook::new(layer());
    let answer = hook
        .send(&signed(&plain, &gzip(&plain)).with("content-encoding", "gzip"))
        .await;
    refused(&answer, 400, "invalid_request");
    let told = String::from_utf8_lossy(&answer.body).into_owned();
    assert!(told.contains("Content-Encoding"), "{told}");
}

#[tokio::test]
async fn a_signature_over_the_compressed_bytes_is_refused_too() {
    let compressed = gzip(&body(NOW));
    let hook = Hook::new(layer());
    let delivery = signed(&compressed, &compressed);
    let answer = hook
        .send(&delivery.clone().with("content-encoding", "gzip"))
        .await;
    refused(&answer, 400, "invalid_request");
    // Without the header they are bytes like any others.
    assert_eq!(hook.send(&delivery).await.status, 200);
}

#[tokio::test]
async fn every_coding_but_identity_is_refused_however_it_is_written() {
    for scheme in &ALL {
        for codings in [
            &["gzip"][..],
            &["Gzip"],
            &["x-gzip"],
            &["br"],
            &["unknown"],
            &["gzip, gzip"],
            &["identity, gzip"],
            &["identity", "gzip"],
            &["gzip", "gzip"],
            &["identity;q=1"],
            &["\u{1f5dc}"],
        ] {
            let coded =
                |delivery: Delivery, coding: &&str| delivery.with("content-encoding", coding);
            let delivery = codings.iter().fold(scheme.valid(NOW), coded);
            let answer = Hook::new((scheme.layer)(SECRET)).send(&delivery).await;
            refused(&answer, 400, "invalid_request");
        }
        for codings in [
            &["identity"][..],
            &["Identity"],
            &[""],
            &["identity, identity"],
        ] {
            let coded =
                |delivery: Delivery, coding: &&str| delivery.with("content-encoding", coding);
            let delivery = codings.iter().fold(scheme.valid(NOW), coded);
            let answer = Hook::new((scheme.layer)(SECRET)).send(&delivery).await;
            assert_eq!(answer.status, 200, "{} {codings:?}", scheme.name);
        }
    }
}

/// A body in pieces of a kibibyte that counts how much of it was asked for.
struct Counting {
    left: Bytes,
    polled: Arc<AtomicUsize>,
}

impl HttpBody for Counting {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.left.is_empty() {
            return Poll::Ready(None);
        }
        let len = self.left.len().min(1024);
        let piece = self.left.split_to(len);
        self.polled.fetch_add(len, Ordering::SeqCst);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }
}

/// The answer behind a layer that inflates, and how many compressed bytes were read for it.
async fn inflated(delivery: Delivery) -> (Answer, usize) {
    let app = Router::new()
        .route("/hook", post(async |body: Bytes| body.len().to_string()))
        .layer(layer())
        .layer(RequestDecompressionLayer::new());
    let polled = Arc::new(AtomicUsize::new(0));
    let counting = Counting {
        left: delivery.body.clone().into(),
        polled: Arc::clone(&polled),
    };
    let (head, _) = delivery
        .with("content-encoding", "gzip")
        .request()
        .into_parts();
    let answer = send(&app, Request::from_parts(head, Body::new(counting))).await;
    (answer, polled.load(Ordering::SeqCst))
}

#[tokio::test]
async fn behind_a_layer_that_inflates_the_signature_over_the_plain_bytes_fits() {
    let plain = body(NOW);
    let (answer, _) = inflated(signed(&plain, &gzip(&plain))).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.body, plain.len().to_string());
    let compressed = gzip(&plain);
    let (answer, _) = inflated(signed(&compressed, &compressed)).await;
    assert_eq!(
        (answer.status.as_u16(), &*answer.code()),
        (401, "invalid_credential")
    );
}

#[tokio::test]
async fn behind_a_layer_that_inflates_a_bomb_is_read_no_further_than_the_limit() {
    let bomb = gzip(&vec![0; 32 * 1024 * 1024]);
    assert!(bomb.len() > 30 * 1024, "{}", bomb.len());
    let (answer, polled) = inflated(signed(b"", &bomb)).await;
    assert_eq!(
        (answer.status.as_u16(), &*answer.code()),
        (413, "payload_too_large")
    );
    assert!(polled < 16 * 1024, "{polled} of {}", bomb.len());
}

#[tokio::test]
async fn behind_a_layer_that_inflates_what_is_no_gzip_is_refused() {
    let plain = body(NOW);
    let mut cut = gzip(&plain);
    cut.truncate(cut.len() - 9);
    for broken in [plain.clone(), cut] {
        let (answer, _) = inflated(signed(&plain, &broken)).await;
        assert_eq!(
            (answer.status.as_u16(), &*answer.code()),
            (400, "invalid_request")
        );
    }
}

#[tokio::test]
async fn behind_a_layer_that_inflates_nothing_is_read_where_no_signature_is_shown() {
    let bomb = gzip(&vec![0; 1024 * 1024]);
    let (answer, polled) = inflated(Delivery::new(&bomb)).await;
    assert_eq!((answer.status.as_u16(), polled), (401, 0));
}
