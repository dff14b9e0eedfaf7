//! Credentials that expire.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::BodyExt;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::json;
use tower::{Layer, ServiceExt, service_fn};
use tower_auth::{
    AuthContext, AuthLayer, CredentialEnded,
    provider::{ApiKeyAuth, ApiKeyRecord, AuthProvider, JwtAuth, provider_fn},
    testing::ManualClock,
};

use crate::streams::open;

const SECRET: &str = "0123456789abcdef0123456789abcdef";
pub const BEARER: &str = "authorization";

/// A clock, and tokens that are judged by it.
pub fn tokens() -> (ManualClock, JwtAuth) {
    let clock = ManualClock::at_unix(1_800_000_000);
    let tokens = JwtAuth::hs256(SECRET).unwrap().with_clock(clock.clock());
    (clock, tokens)
}

/// A token that expires after so many seconds.
pub fn lasting(clock: &ManualClock, seconds: u64) -> String {
    let claims = json!({"sub": "ada", "exp": clock.unix() + seconds});
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    format!(
        "Bearer {}",
        jsonwebtoken::encode(&Header::default(), &claims, &key).unwrap()
    )
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[tokio::test]
async fn a_stream_ends_as_an_error_when_its_token_expires() {
    let (clock, tokens) = tokens();
    let layer = AuthLayer::new(tokens).end_streams(true);
    let mut stream = open(&layer, (BEARER, &lasting(&clock, 60))).await;
    stream.send("one");
    assert_eq!(stream.data().await, "one");
    clock.advance(seconds(59));
    assert!(stream.goes_on().await);
    clock.advance(seconds(1));
    stream.ends().await;
}

#[tokio::test]
async fn a_stream_that_waits_is_woken_when_its_token_expires() {
    let (clock, tokens) = tokens();
    let layer = AuthLayer::new(tokens).end_streams(true);
    let mut stream = open(&layer, (BEARER, &lasting(&clock, 60))).await;
    let waiting = tokio::spawn(async move { stream.ends().await });
    tokio::task::yield_now().await;
    clock.advance(seconds(60));
    waiting.await.unwrap();
}

#[tokio::test]
async fn no_frame_passes_after_the_end_though_it_is_there() {
    let (clock, tokens) = tokens();
    let layer = AuthLayer::new(tokens).end_streams(true);
    let mut stream = open(&layer, (BEARER, &lasting(&clock, 60))).await;
    stream.send("late");
    clock.advance(seconds(60));
    stream.ends().await;
}

#[tokio::test]
async fn streams_go_on_unless_the_layer_ends_them() {
    let (clock, tokens) = tokens();
    let mut stream = open(&AuthLayer::new(tokens), (BEARER, &lasting(&clock, 60))).await;
    clock.advance(seconds(600));
    stream.send("still here");
    assert_eq!(stream.data().await, "still here");
    assert!(stream.goes_on().await);
}

#[tokio::test]
async fn a_token_that_only_the_leeway_lets_in_has_no_stream() {
    let (clock, tokens) = tokens();
    let layer = AuthLayer::new(tokens).end_streams(true);
    let token = lasting(&clock, 5);
    clock.advance(seconds(10));
    open(&layer, (BEARER, &token)).await.ends().await;
}

#[tokio::test]
async fn a_remembered_token_ends_its_streams_too() {
    let (clock, tokens) = tokens();
    let layer = AuthLayer::new(tokens).end_streams(true);
    let token = lasting(&clock, 60);
    let mut first = open(&layer, (BEARER, &token)).await;
    let mut second = open(&layer, (BEARER, &token)).await;
    assert!(first.goes_on().await && second.goes_on().await);
    clock.advance(seconds(60));
    first.ends().await;
    second.ends().await;
}

#[tokio::test]
async fn a_clock_that_was_set_forward_and_back_rings_again() {
    let (clock, tokens) = tokens();
    let layer = AuthLayer::new(tokens).end_streams(true);
    let mut stream = open(&layer, (BEARER, &lasting(&clock, 60))).await;
    assert!(stream.goes_on().await);
    clock.advance(seconds(3_600));
    clock.set_unix(clock.unix() - 3_600);
    assert!(stream.goes_on().await);
    let waiting = tokio::spawn(async move { stream.ends().await });
    // Most often it waits by then.
    tokio::time::sleep(Duration::from_millis(40)).await;
    clock.advance(seconds(60));
    waiting.await.unwrap();
}

#[tokio::test]
async fn a_static_key_ends_its_streams_when_it_expires() {
    let clock = ManualClock::at_unix(1_800_000_000);
    let at = std::time::UNIX_EPOCH + seconds(1_800_000_060);
    let record = ApiKeyRecord::new("ci", "sk-live-9f3a51d8c702").unwrap();
    let keys = ApiKeyAuth::new([record.with_expires_at(at)]).unwrap();
    let layer = AuthLayer::new(keys.with_clock(clock.clock())).end_streams(true);
    let mut stream = open(&layer, ("x-api-key", "sk-live-9f3a51d8c702")).await;
    assert!(stream.goes_on().await);
    clock.advance(seconds(60));
    stream.ends().await;
}

#[tokio::test]
async fn a_caller_that_a_check_made_anew_ends_with_the_token() {
    let (clock, tokens) = tokens();
    let renamed = tokens.and_then(async |_, _| Ok(AuthContext::new("somebody else")));
    let layer = AuthLayer::new(renamed).end_streams(true);
    let mut stream = open(&layer, (BEARER, &lasting(&clock, 60))).await;
    assert_eq!(stream.caller.as_ref().unwrap().user_id(), "somebody else");
    assert!(stream.goes_on().await);
    clock.advance(seconds(60));
    stream.ends().await;
}

#[tokio::test]
async fn a_caller_without_an_end_streams_for_ever() {
    let own = provider_fn(|_| Ok(Some(AuthContext::new("ada"))));
    let layer = AuthLayer::new(own).end_streams(true);
    let mut stream = open(&layer, ("x-session", "1")).await;
    assert!(stream.goes_on().await);
    let caller = stream.caller.clone().unwrap();
    assert_eq!(caller.ended().now_or_never(), None);
}

#[tokio::test]
async fn ended_is_ready_from_the_end_on() {
    let (clock, tokens) = tokens();
    let layer = AuthLayer::new(tokens);
    let stream = open(&layer, (BEARER, &lasting(&clock, 60))).await;
    let caller = stream.caller.clone().unwrap();
    let mut ended = caller.ended();
    assert_eq!((&mut ended).now_or_never(), None);
    let waiting = tokio::spawn(caller.ended());
    tokio::task::yield_now().await;
    clock.advance(seconds(60));
    waiting.await.unwrap();
    assert_eq!((&mut ended).now_or_never(), Some(()));
    clock.set_unix(clock.unix() - 60);
    assert_eq!((&mut ended).now_or_never(), Some(()), "an end is for ever");
}

#[tokio::test]
async fn of_nested_layers_the_credential_that_ends_first_ends_the_stream() {
    for (of_key, of_token) in [(30, 60), (60, 30)] {
        let (clock, tokens) = tokens();
        let at = std::time::UNIX_EPOCH + seconds(clock.unix() + of_key);
        let record = ApiKeyRecord::new("ci", "sk-live-9f3a51d8c702").unwrap();
        let keys = ApiKeyAuth::new([record.with_expires_at(at)]).unwrap();
        let outer = AuthLayer::new(keys.with_clock(clock.clock())).end_streams(true);
        let inner = AuthLayer::new(tokens).end_streams(true);
        let request = Request::get("/run")
            .header("x-api-key", "sk-live-9f3a51d8c702")
            .header(BEARER, lasting(&clock, of_token));
        let service = outer.layer(inner.layer(service_fn(handle)));
        let response = service.oneshot(request.body(()).unwrap()).await.unwrap();
        let mut body = response.into_body();
        clock.advance(seconds(29));
        assert_eq!(body.frame().now_or_never().map(drop), None);
        clock.advance(seconds(1));
        let error = body.frame().await.unwrap().unwrap_err();
        assert!(error.is::<CredentialEnded>());
    }
}

async fn handle(_: Request<()>) -> Result<Response<Pending>, Infallible> {
    Ok(Response::new(Pending))
}

/// A body that never has anything to say.
struct Pending;

impl Body for Pending {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }
}
