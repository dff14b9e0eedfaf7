//! What a stranger costs before anything is proven: not one byte of a body.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use axum::body::{Body, Bytes};
use http::Request;
use http_body::{Body as HttpBody, Frame};

use crate::webhook::{
    common::answer::{Answer, send},
    kit::{Delivery, Hook, NOW, refused},
    schemes::{ALL, OTHER, SECRET, Scheme, named},
};

/// A body that counts the bytes it was asked for.
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
        let len = self.left.len().min(7);
        let piece = self.left.split_to(len);
        self.polled.fetch_add(piece.len(), Ordering::SeqCst);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }
}

/// The answer to a delivery, and how many bytes of its body were read.
async fn counted(hook: &Hook, delivery: &Delivery) -> (Answer, usize) {
    let polled = Arc::new(AtomicUsize::new(0));
    let body = Counting {
        left: delivery.body.clone().into(),
        polled: Arc::clone(&polled),
    };
    let (head, _) = delivery.request().into_parts();
    let request = Request::from_parts(head, Body::new(body));
    let answer = send(&hook.app, request).await;
    (answer, polled.load(Ordering::SeqCst))
}

async fn unread(scheme: &Scheme, delivery: &Delivery, status: u16, code: &str) {
    let hook = Hook::new((scheme.layer)(SECRET));
    let (answer, polled) = counted(&hook, delivery).await;
    assert_eq!(polled, 0, "{}: {answer:?}", scheme.name);
    refused(&answer, status, code);
}

#[tokio::test]
async fn a_right_delivery_is_read_whole() {
    for scheme in &ALL {
        let hook = Hook::new((scheme.layer)(SECRET));
        let delivery = scheme.valid(NOW);
        let (answer, polled) = counted(&hook, &delivery).await;
        assert_eq!((answer.status.as_u16(), polled), (200, delivery.body.len()));
    }
}

#[tokio::test]
async fn no_byte_is_read_where_no_signature_is_shown() {
    for scheme in &ALL {
        let without = scheme.valid(NOW).without(scheme.signature);
        unread(scheme, &without, 401, "missing_credential").await;
        let blank = without.with(scheme.signature, " ");
        unread(scheme, &blank, 401, "missing_credential").await;
    }
}

#[tokio::test]
async fn no_byte_is_read_where_a_signed_header_is_missing() {
    for (name, header) in [
        ("standard v1", "webhook-id"),
        ("standard v1", "webhook-timestamp"),
        ("slack", "x-slack-request-timestamp"),
        ("discord", "x-signature-timestamp"),
        ("hmac", "x-acme-id"),
        ("hmac", "x-acme-time"),
    ] {
        let scheme = named(name);
        let without = scheme.valid(NOW).without(header);
        unread(&scheme, &without, 401, "missing_credential").await;
    }
}

#[tokio::test]
async fn no_byte_is_read_where_the_signature_has_not_the_form_of_one() {
    for scheme in &ALL {
        let valid = scheme.valid(NOW);
        let shown = valid.header(scheme.signature).to_owned();
        for wrong in [
            // Two digits more or less are hexadecimal and base64 too, or nearly so.
            shown[..shown.len() - 4].to_owned(),
            format!("{shown}0000"),
            format!("{shown}0"),
            shown.replacen('=', "", 1).replacen(',', "", 1) + "!",
            ",".to_owned(),
            "undefined".to_owned(),
        ] {
            let malformed = valid.clone().replacing(scheme.signature, wrong);
            unread(scheme, &malformed, 401, "invalid_credential").await;
        }
    }
}

#[tokio::test]
async fn no_byte_is_read_where_only_signatures_of_another_kind_are_shown() {
    for (name, from, to) in [
        ("standard v1", "v1,", "v1a,"),
        ("standard v1", "v1,", "v2,"),
        ("standard v1a", "v1a,", "v1,"),
        ("stripe", "v1=", "v0="),
    ] {
        let scheme = named(name);
        let valid = scheme.valid(NOW);
        let other = valid.header(scheme.signature).replace(from, to);
        let delivery = valid.clone().replacing(scheme.signature, other);
        unread(&scheme, &delivery, 401, "invalid_credential").await;
    }
}

#[tokio::test]
async fn no_byte_is_read_where_a_header_stands_there_twice() {
    for scheme in &ALL {
        let valid = scheme.valid(NOW);
        let tag = valid.header(scheme.signature).to_owned();
        let twice = valid.with(scheme.signature, tag);
        unread(scheme, &twice, 400, "invalid_request").await;
    }
}

#[tokio::test]
async fn no_byte_is_read_where_the_signed_time_in_a_header_is_stale() {
    for scheme in ALL.iter().filter(|scheme| scheme.name != "linear") {
        let Some(window) = scheme.window else {
            continue;
        };
        for time in [NOW - window - 1, NOW + window + 1, 1] {
            let stale = scheme.valid(time);
            unread(scheme, &stale, 401, "invalid_credential").await;
        }
    }
}

#[tokio::test]
async fn no_byte_is_read_where_the_secret_itself_is_shown_and_wrong() {
    let scheme = named("telegram");
    let wrong = scheme.valid(NOW).replacing(scheme.signature, OTHER);
    unread(&scheme, &wrong, 401, "invalid_credential").await;
}

#[tokio::test]
async fn no_byte_is_read_of_a_compressed_body() {
    for scheme in &ALL {
        for coding in [
            "gzip",
            "br",
            "zstd",
            "identity, gzip",
            "GZIP",
            "x",
            "\u{fc}",
        ] {
            let compressed = scheme.valid(NOW).with("content-encoding", coding);
            unread(scheme, &compressed, 400, "invalid_request").await;
        }
    }
}

#[tokio::test]
async fn a_flood_of_signatures_is_refused_before_the_body_is_read() {
    let scheme = named("standard v1");
    let valid = scheme.valid(NOW);
    let flood = vec![valid.header(scheme.signature); 17].join(" ");
    let delivery = valid.clone().replacing(scheme.signature, flood);
    unread(&scheme, &delivery, 400, "invalid_request").await;
}
