//! A claim that stands for `aud`: Amazon Cognito.

use std::time::Duration;

use serde_json::{Value, json};
use tower_auth::{
    AuthLayer,
    provider::{CompositeAuth, JwtAuth, OAuth2Auth, OAuth2Issuers},
    testing::{Fault, IssuerEndpoint::Jwks, TestToken},
};
use tracing::Level;

use crate::oauth2::{common::log::Log, world::*};

const CLIENT: &str = "1example23456789";

/// An access token as Cognito makes it.
fn cognito(world: &World) -> TestToken<'_> {
    world
        .token()
        .without_claim("aud")
        .without_header("typ")
        .with_claim("client_id", CLIENT)
        .with_claim("token_use", "access")
        .with_claim("version", 2)
        .with_claim("origin_jti", "5b9f50a3-05da-454a-8b99-b79c2349de77")
        .with_claim("auth_time", NOW - 60)
        .with_claim("iat", NOW - 60)
        .with_claim("cognito:groups", json!(["agents"]))
        .with_claim("username", "ada")
        .with_scope("agents/run")
}

/// An ID token of the same user pool for the same client.
fn id_token(world: &World) -> TestToken<'_> {
    world
        .token()
        .with_audience(CLIENT)
        .with_claim("token_use", "id")
        .with_claim("cognito:username", "ada")
}

fn provider(world: &World) -> OAuth2Auth {
    OAuth2Auth::new(world.issuer.url(), CLIENT)
        .unwrap()
        .with_clock(world.clock.clock())
        .with_audience_claim("client_id")
        .require_claim("token_use", "access")
}

#[tokio::test]
async fn cognitos_access_token_is_accepted() {
    let world = World::new();
    let caller = provider(&world)
        .verify(&cognito(&world).mint())
        .await
        .unwrap();
    assert_eq!(caller.user_id(), "test-user");
    assert!(caller.scopes().contains("agents/run"));
    let groups: Option<Vec<String>> = caller.claim_at("cognito:groups").unwrap();
    assert_eq!(groups.unwrap(), ["agents"]);
}

#[tokio::test]
async fn cognitos_id_token_is_refused() {
    let world = World::new();
    let token = id_token(&world).mint();
    assert_eq!(refusal(&provider(&world), &token).await, "jwt_aud_missing");
    let token = id_token(&world).with_claim("client_id", CLIENT).mint();
    assert_eq!(
        refusal(&provider(&world), &token).await,
        "jwt_claim_mismatch"
    );
}

#[tokio::test]
async fn the_claim_holds_the_audience_as_aud_would() {
    let world = World::new();
    let provider = provider(&world);
    for (value, verdict) in [
        (json!(CLIENT), None),
        (json!(["x", CLIENT]), None),
        (json!("x"), Some("jwt_aud_mismatch")),
        (json!(CLIENT.to_uppercase()), Some("jwt_aud_mismatch")),
        (json!([]), Some("jwt_bad_aud")),
        (json!([CLIENT, 7]), Some("jwt_bad_aud")),
        (json!({ CLIENT: true }), Some("jwt_bad_aud")),
        (json!(null), Some("jwt_bad_aud")),
    ] {
        let token = cognito(&world)
            .with_claim("client_id", value.clone())
            .mint();
        let answer = provider.verify(&token).await;
        let reason = answer.as_ref().err().map(|error| error.reason());
        assert_eq!(reason, verdict, "{value}");
    }
    // At the top level alone.
    let nested = cognito(&world).without_claim("client_id");
    let nested = nested
        .with_claim("a", json!({ "client_id": CLIENT }))
        .mint();
    assert_eq!(refusal(&provider, &nested).await, "jwt_aud_missing");
}

#[tokio::test]
async fn a_token_that_has_aud_too_holds_the_audience_there_as_well() {
    let world = World::new();
    let provider = provider(&world).add_audience("second").unwrap();
    let verdict = async |client: Value, aud: Value| {
        let token = cognito(&world).with_claim("client_id", client);
        let answer = provider.verify(&token.with_claim("aud", aud).mint()).await;
        answer.err().map(|error| error.reason().to_owned())
    };
    assert_eq!(verdict(json!(CLIENT), json!(["x", CLIENT])).await, None);
    assert_eq!(verdict(json!("second"), json!("second")).await, None);
    for aud in [json!("x"), json!("second"), json!(["x", "second"])] {
        let reason = verdict(json!(CLIENT), aud.clone()).await;
        assert_eq!(reason.as_deref(), Some("jwt_aud_mismatch"), "{aud}");
    }
    let reason = verdict(json!(CLIENT), json!([])).await;
    assert_eq!(reason.as_deref(), Some("jwt_bad_aud"));
}

#[tokio::test]
async fn without_the_setting_no_other_claim_stands_for_aud() {
    let world = World::new();
    let provider = OAuth2Auth::new(world.issuer.url(), CLIENT).unwrap();
    let provider = provider.with_clock(world.clock.clock());
    assert_eq!(
        refusal(&provider, &cognito(&world).mint()).await,
        "jwt_aud_missing"
    );
}

#[tokio::test]
async fn cognitos_tokens_are_remembered_survive_a_rotation_and_an_outage() {
    let world = World::new();
    let provider = provider(&world);
    let token = cognito(&world).mint();
    provider.verify(&token).await.unwrap();
    assert_eq!(accepted(at_once(&provider, &token)).user_id(), "test-user");
    assert_eq!(world.fetches(), 1);

    world.issuer.rotate();
    let rotated = cognito(&world).mint();
    assert!(provider.verify(&rotated).await.is_ok());
    assert_eq!(world.fetches(), 2);

    world.issuer.fail(Jwks, Fault::Status(503));
    world.pass(2 * HOUR);
    let token = cognito(&world).mint();
    assert!(provider.verify(&token).await.is_ok());
    // A stranger's token is none of ours, and causes nothing.
    let fetches = world.fetches();
    let stranger = cognito(&world)
        .with_claim("client_id", "x")
        .with_header("kid", "new");
    let token = stranger.mint();
    assert_eq!(refusal(&provider, &token).await, "jwt_aud_mismatch");
    assert!(world.fetches() <= fetches + 1);
}

#[test]
fn an_audience_claim_alone_warns_when_the_layer_is_built() {
    let lone = || {
        let provider = OAuth2Auth::new("https://issuer.example", CLIENT).unwrap();
        provider.with_audience_claim("client_id")
    };
    let secret = "an example secret of 32 bytes …";
    let fixed = JwtAuth::hs256(secret)
        .unwrap()
        .with_audience_claim("client_id");
    let layers: [&dyn Fn() -> AuthLayer; 5] = [
        &|| AuthLayer::new(lone()),
        &|| AuthLayer::new(CompositeAuth::new(lone())),
        &|| AuthLayer::new(OAuth2Issuers::new([lone()]).unwrap()),
        &|| AuthLayer::new(lone().require_claim("token_use", "id")),
        &|| AuthLayer::new(fixed.clone()),
    ];
    for layer in layers {
        let log = Log::start();
        let _layer = layer();
        let event = log.only();
        assert_eq!(event.level, Level::WARN);
        let message = event.field("message").unwrap();
        assert!(
            message.contains("require_claim(\"token_use\", \"access\")"),
            "{message}"
        );
    }
    let log = Log::start();
    let _layers = [
        AuthLayer::new(lone().require_claim("token_use", "access")),
        AuthLayer::new(lone().require_scope("agents/run")),
        AuthLayer::new(fixed.require_scope("agents/run")),
    ];
    assert_eq!(log.events().len(), 0, "{:?}", log.events());
}

#[tokio::test]
async fn the_times_of_a_cognito_token_are_judged_from_memory_too() {
    let world = World::new();
    let provider = provider(&world);
    let token = cognito(&world).with_lifetime(MINUTE).mint();
    provider.verify(&token).await.unwrap();
    world.pass(MINUTE + Duration::from_secs(30));
    assert_eq!(refusal(&provider, &token).await, "jwt_expired");
}
