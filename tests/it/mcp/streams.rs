//! What goes in and out beside messages of one piece: slow bodies, broken ones, answers that go on.

use std::{convert::Infallible, time::Duration};

use axum::{Router, body::Body, extract::Request, response::Response, routing::any};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use tokio::sync::mpsc;
use tower::ServiceExt;
use tower_auth::AuthLayer;

use super::{
    common::{answer::send, log::Log},
    kit::{app, call, keys, layer, post},
};

fn frames(
    receiver: mpsc::Receiver<Result<Frame<Bytes>, Infallible>>,
) -> StreamBody<impl futures_util::Stream<Item = Result<Frame<Bytes>, Infallible>>> {
    StreamBody::new(futures_util::stream::unfold(
        receiver,
        async |mut receiver| {
            let frame = receiver.recv().await?;
            Some((frame, receiver))
        },
    ))
}

#[tokio::test]
async fn an_answer_of_events_is_handed_on_event_by_event() {
    let (sender, receiver) = mpsc::channel(4);
    let receiver = std::sync::Mutex::new(Some(receiver));
    let receiver = std::sync::Arc::new(receiver);
    let server = move |_: Request| {
        let receiver = receiver.lock().unwrap().take().unwrap();
        async move {
            let mut response = Response::new(Body::new(frames(receiver)));
            let kind = http::HeaderValue::from_static("text/event-stream");
            response.headers_mut().insert("content-type", kind);
            response
        }
    };
    let app = Router::new()
        .route("/mcp", any(server))
        .layer(layer())
        .layer(AuthLayer::new(keys()));
    let response = app.oneshot(post("", call("echo")).request()).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut body = response.into_body();
    for event in ["data: 1\n\n", "data: 2\n\n"] {
        let event = Bytes::from(event);
        sender.send(Ok(Frame::data(event.clone()))).await.unwrap();
        let frame = body.frame().await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), event);
    }
    drop(sender);
    assert!(body.frame().await.is_none());
}

#[tokio::test]
async fn trailers_are_handed_on() {
    let server = async |request: Request| {
        let collected = request.into_body().collect().await.unwrap();
        format!("{:?}", collected.trailers())
    };
    let app = Router::new()
        .route("/mcp", any(server))
        .layer(layer())
        .layer(AuthLayer::new(keys()));
    let (sender, receiver) = mpsc::channel(4);
    let mut trailers = HeaderMap::new();
    trailers.insert("x-digest", http::HeaderValue::from_static("7f"));
    for frame in [
        Frame::data(Bytes::from(call("echo"))),
        Frame::trailers(trailers),
    ] {
        sender.send(Ok(frame)).await.unwrap();
    }
    drop(sender);
    let request = post("", "").request().map(|_| Body::new(frames(receiver)));
    let answer = send(&app, request).await;
    assert!(
        String::from_utf8_lossy(&answer.body).contains("7f"),
        "{answer:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_refused_and_gives_its_room_back() {
    let app = app(layer()
        .with_max_bodies(1)
        .with_body_time_limit(Duration::from_secs(3)));
    let (sender, receiver) = mpsc::channel(4);
    sender
        .send(Ok(Frame::data(Bytes::from_static(b"{"))))
        .await
        .unwrap();
    let slow = post("", "").request().map(|_| Body::new(frames(receiver)));
    let slow = tokio::spawn({
        let app = app.clone();
        async move { send(&app, slow).await }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    // Its room is taken meanwhile.
    assert_eq!(
        post("", call("echo")).status(&app).await,
        StatusCode::SERVICE_UNAVAILABLE
    );
    let answer = slow.await.unwrap();
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers.contains_key("retry-after"));
    assert_eq!(post("", call("echo")).status(&app).await, StatusCode::OK);
    drop(sender);
}

#[tokio::test]
async fn an_empty_stream_opens_the_stream_of_a_session() {
    let app = app(layer());
    let (sender, receiver) = mpsc::channel::<Result<Frame<Bytes>, Infallible>>(1);
    drop(sender);
    let sent = post("", "").to("GET", "/mcp").without("content-type");
    let request = sent.request().map(|_| Body::new(frames(receiver)));
    assert_eq!(send(&app, request).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_refusal_is_one_line_and_no_text_of_the_caller_breaks_it() {
    let log = Log::start();
    let app = app(layer());
    let long = "x".repeat(300);
    for body in [
        call("a\\nb\\u001b[31m"),
        call(&long),
        super::kit::message("evil\\r\\nmethod", "{}"),
        "{".to_owned(),
        call("deploy"),
    ] {
        post("", body).ask(&app).await;
    }
    let refused: Vec<_> = log
        .events()
        .into_iter()
        .filter(|event| event.field("outcome") == Some("refused"))
        .collect();
    let told = |name: &str| -> Vec<String> {
        let fields = refused.iter();
        fields
            .map(|event| event.field(name).unwrap_or("-").to_owned())
            .collect()
    };
    assert_eq!(
        told("reason"),
        [
            "unknown_tool",
            "unknown_tool",
            "unknown_method",
            "not_json",
            "insufficient_scope"
        ]
    );
    for event in &refused {
        for text in event.fields.values() {
            assert!(
                !text.contains(['\n', '\r', '\u{1b}']) && text.chars().count() < 80,
                "{text}"
            );
        }
        assert_eq!(event.field("provider"), Some("mcp"));
    }
    assert_eq!(refused[4].field("resource"), Some("deploy"));
    assert_eq!(refused[4].field("action"), Some("tools/call"));
    assert_eq!(refused[4].field("scopes"), Some("agents:deploy"));
}

#[tokio::test]
async fn the_log_names_every_thing_that_a_batch_is_about_and_no_call_that_was_refused_as_allowed() {
    let log = Log::start();
    let by_nobody = tower_auth::authorize::deny_all();
    let app = app(layer().tool_by("restart", by_nobody));
    let told = |outcome: &str| -> Vec<String> {
        let events = log.events();
        let told = events
            .iter()
            .filter(|event| event.field("outcome") == Some(outcome));
        told.filter_map(|event| event.field("resource"))
            .map(str::to_owned)
            .collect()
    };
    let batch = format!("[{},{},{}]", call("echo"), call("deploy"), call("echo"));
    assert_eq!(post("agents:deploy", batch.clone()).status(&app).await, 200);
    assert_eq!(told("allowed"), ["echo", "deploy"]);
    assert_eq!(post("", batch).status(&app).await, 403);
    assert_eq!(told("refused"), ["deploy"]);
    assert_eq!(post("", call("restart")).status(&app).await, 403);
    assert_eq!(told("refused"), ["deploy", "tool:restart"]);
    assert_eq!(told("allowed"), ["echo", "deploy"]);
}
