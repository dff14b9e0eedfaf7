//! Tokens that are revoked.

use std::time::Duration;

use serde_json::json;
use tower_auth::{AuthContext, AuthLayer, keys::Revocation, provider::AuthProvider};

use crate::{
    revocations::kit::{Mood, World, ada, of_token, token},
    streams::{Stream, open, tokens::BEARER},
};

async fn stream(layer: &AuthLayer, token: &str) -> Stream {
    open(layer, (BEARER, &format!("Bearer {token}"))).await
}

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_revoked_token_has_its_streams_broken_off_in_every_process_and_no_other_has() {
    let world = World::new();
    let (here, there) = (world.revocations(), world.revocations());
    let layers = [&here, &there].map(|revocations| {
        AuthLayer::new(world.tokens())
            .revocations(revocations)
            .end_streams(true)
    });
    let mut ends = Vec::new();
    let mut goes_on = Vec::new();
    for layer in &layers {
        ends.push(stream(layer, &token(json!({}))).await);
        goes_on.push(stream(layer, &token(json!({"jti": "t-2"}))).await);
    }
    let ended = ends[1].caller.as_ref().unwrap().ended();
    for stream in ends.iter_mut().chain(&mut goes_on) {
        assert!(stream.goes_on().await);
    }
    here.as_operator("root")
        .revoke(of_token("t-1"))
        .await
        .unwrap();
    for stream in &mut ends {
        stream.ends().await;
    }
    ended.await;
    for stream in &mut goes_on {
        assert!(stream.goes_on().await);
        stream.send("still here");
        assert_eq!(stream.data().await, "still here");
    }
}

#[tokio::test(start_paused = true)]
async fn everything_of_a_principal_ends_whatever_a_check_made_of_it() {
    let world = World::new();
    let revocations = world.revocations();
    let renamed = world
        .tokens()
        .and_then(async |_, _| Ok(AuthContext::new("somebody else")));
    let layer = AuthLayer::new(renamed)
        .revocations(&revocations)
        .end_streams(true);
    let mut of_ada = stream(&layer, &token(json!({}))).await;
    let mut of_eve = stream(&layer, &token(json!({"sub": "eve", "jti": "t-2"}))).await;
    assert!(of_ada.goes_on().await && of_eve.goes_on().await);
    let admin = revocations.as_operator("root");
    admin.revoke(Revocation::principal(ada())).await.unwrap();
    of_ada.ends().await;
    assert!(of_eve.goes_on().await);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_revoked_before_the_first_frame_has_no_stream() {
    let world = World::new();
    let revocations = world.revocations();
    let layer = AuthLayer::new(world.tokens())
        .revocations(&revocations)
        .end_streams(true);
    let mut stream = stream(&layer, &token(json!({}))).await;
    revocations
        .as_operator("root")
        .revoke(of_token("t-1"))
        .await
        .unwrap();
    stream.send("late");
    stream.ends().await;
}

#[tokio::test(start_paused = true)]
async fn streams_end_when_the_list_could_not_be_read_for_too_long() {
    let world = World::new();
    let revocations = world.revocations();
    let layer = AuthLayer::new(world.tokens())
        .revocations(&revocations)
        .end_streams(true);
    let mut stream = stream(&layer, &token(json!({}))).await;
    assert!(stream.goes_on().await);
    world.store.is(Mood::Failing);
    world.pass(SECOND * 58).await;
    assert!(stream.goes_on().await);
    world.pass(SECOND * 4).await;
    stream.ends().await;
}

#[tokio::test(start_paused = true)]
async fn a_storm_of_revocations_ends_those_that_it_names() {
    let world = World::new();
    let revocations = world.revocations();
    let layer = AuthLayer::new(world.tokens())
        .revocations(&revocations)
        .end_streams(true);
    let mut streams = Vec::new();
    for number in 0..500 {
        let token = token(json!({"jti": format!("t-{number}")}));
        let mut stream = stream(&layer, &token).await;
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let body = std::pin::Pin::new(&mut stream.body);
        assert!(http_body::Body::poll_frame(body, &mut context).is_pending());
        streams.push(stream);
    }
    let admin = revocations.as_operator("root");
    for number in (0..500).step_by(2) {
        admin
            .revoke(of_token(&format!("t-{number}")))
            .await
            .unwrap();
    }
    for (number, stream) in streams.iter_mut().enumerate() {
        match number % 2 {
            0 => stream.ends().await,
            _ => assert!(stream.goes_on().await),
        }
    }
}
