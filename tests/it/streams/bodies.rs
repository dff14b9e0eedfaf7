//! The form of the end, and bodies that are no streams.

use std::{convert::Infallible, time::Duration};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response, Version};
use http_body::{Body, SizeHint};
use http_body_util::{BodyExt, Full};
use tower::{Layer, ServiceExt, service_fn};
use tower_auth::{AuthLayer, CredentialEnded, throttle::Requests};

use crate::streams::{
    Stream, grpc, is_of_kind, open_with,
    tokens::{BEARER, lasting, tokens},
};

/// A stream of that request whose token has expired.
async fn ended(version: Version, asked: &'static str, answered: &'static str) -> Stream {
    let (clock, tokens) = tokens();
    let layer = AuthLayer::new(tokens).end_streams(true);
    let request = grpc(version, asked, (BEARER, &lasting(&clock, 60)));
    let mut stream = open_with(&layer, request, is_of_kind(answered)).await;
    assert!(stream.goes_on().await);
    clock.advance(Duration::from_secs(60));
    stream
}

#[tokio::test]
async fn a_grpc_stream_ends_with_the_status_of_who_is_not_authenticated() {
    for kind in ["application/grpc", "application/grpc+proto"] {
        let mut stream = ended(Version::HTTP_2, kind, kind).await;
        let trailers = stream.body.frame().await.unwrap().unwrap();
        let trailers = trailers.into_trailers().unwrap();
        assert_eq!(trailers["grpc-status"], "16");
        assert!(stream.body.frame().await.is_none() && stream.body.is_end_stream());
    }
}

#[tokio::test]
async fn where_nobody_reads_trailers_a_stream_ends_as_an_error() {
    let (grpc, web) = ("application/grpc", "application/grpc-web+proto");
    for (version, asked, answered) in [
        (Version::HTTP_11, grpc, grpc),
        (Version::HTTP_2, web, web),
        // A caller who says gRPC to a handler that does not speak it.
        (Version::HTTP_2, grpc, "text/event-stream"),
        (Version::HTTP_2, "application/json", grpc),
    ] {
        ended(version, asked, answered).await.ends().await;
    }
}

/// A body of that length whose token has expired before it was read.
async fn of_known_length() -> Stream {
    let (clock, tokens) = tokens();
    let layer = AuthLayer::new(tokens).end_streams(true);
    let request = Request::get("/run").header(BEARER, lasting(&clock, 60));
    let stream = open_with(&layer, request.body(()).unwrap(), |response| {
        response.body_mut().hint = SizeHint::with_exact(6);
    })
    .await;
    clock.advance(Duration::from_secs(60));
    stream
}

#[tokio::test]
async fn the_first_frame_of_a_body_of_known_length_passes() {
    let mut stream = of_known_length().await;
    assert_eq!(stream.body.size_hint().exact(), Some(6));
    stream.send("answer");
    assert_eq!(stream.data().await, "answer");
}

#[tokio::test]
async fn a_body_of_known_length_that_goes_on_ends_all_the_same() {
    let mut stream = of_known_length().await;
    stream.send("ans");
    stream.send("wer");
    assert_eq!(stream.data().await, "ans");
    stream.ends().await;
    // One that waits for its first frame is no answer that is there.
    of_known_length().await.ends().await;
}

#[tokio::test]
async fn a_whole_answer_stays_whole_for_whoever_reads_to_its_end() {
    let (clock, tokens) = tokens();
    let limits = Requests::new([]).unwrap().with_max_running(1);
    let plain = AuthLayer::new(tokens).end_streams(true);
    for layer in [plain.clone(), plain.throttle_requests(limits)] {
        let inner = service_fn(async |_: Request<()>| {
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("the whole answer")))
        });
        let request = Request::get("/run").header(BEARER, lasting(&clock, 5));
        let request = request.body(()).unwrap();
        // The leeway lets it in, and nothing of it is left for a stream.
        clock.advance(Duration::from_secs(10));
        let response = layer.layer(inner).oneshot(request).await.unwrap();
        let body = response.into_body().collect().await.unwrap();
        assert_eq!(body.to_bytes(), "the whole answer");
    }
}

#[tokio::test]
async fn a_body_that_ends_by_itself_ends_as_it_would() {
    let (clock, tokens) = tokens();
    let layer = AuthLayer::new(tokens).end_streams(true);
    let request = Request::get("/run").header(BEARER, lasting(&clock, 60));
    let mut stream = open_with(&layer, request.body(()).unwrap(), |_| {}).await;
    assert!(stream.goes_on().await);
    drop(std::mem::replace(
        &mut stream.handler,
        tokio::sync::mpsc::unbounded_channel().0,
    ));
    assert!(stream.body.frame().await.is_none());
}

#[tokio::test]
async fn a_stream_that_ends_gives_back_its_place_among_running_requests() {
    let (clock, tokens) = tokens();
    let limits = Requests::new([]).unwrap().with_max_running(1);
    let layer = AuthLayer::new(tokens)
        .throttle_requests(limits)
        .end_streams(true);
    let token = lasting(&clock, 60);
    let request = || {
        Request::get("/run")
            .header(BEARER, &token)
            .body(())
            .unwrap()
    };
    let mut stream = open_with(&layer, request(), |_| {}).await;
    assert!(stream.goes_on().await);
    clock.advance(Duration::from_secs(60));
    stream.ends().await;
    // The leeway lets its token in once more.
    drop(open_with(&layer, request(), |_| {}).await);
}

#[tokio::test]
async fn a_stream_tells_its_end_once_to_whoever_polls_it() {
    let mut stream = ended(Version::HTTP_11, "text/plain", "text/event-stream").await;
    let error = stream
        .body
        .frame()
        .now_or_never()
        .unwrap()
        .unwrap()
        .unwrap_err();
    assert!(error.is::<CredentialEnded>());
    assert_eq!(error.to_string(), "the credential of the caller has ended");
    for _ in 0..3 {
        assert!(stream.body.frame().now_or_never().unwrap().is_none());
    }
    assert_eq!(stream.body.size_hint().exact(), Some(0));
}
