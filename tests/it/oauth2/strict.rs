//! RFC 9068: access tokens and nothing else.

use serde_json::json;
use tower_auth::{provider::OAuth2Auth, testing::TestToken};

use crate::oauth2::world::*;

#[tokio::test]
async fn an_access_token_is_accepted() {
    let world = World::new();
    for typ in ["at+jwt", "AT+JWT", "application/at+jwt"] {
        let token = access_token(&world).with_header("typ", typ).mint();
        assert!(strict(&world).verify(&token).await.is_ok(), "{typ}");
    }
}

#[tokio::test]
async fn another_typ_or_none_is_refused() {
    let world = World::new();
    let provider = strict(&world);
    for typ in ["JWT", "id+jwt", "at+jwt2", ""] {
        let token = access_token(&world).with_header("typ", typ).mint();
        assert_eq!(refusal(&provider, &token).await, "jwt_typ", "{typ:?}");
    }
    let token = access_token(&world).without_header("typ").mint();
    assert_eq!(refusal(&provider, &token).await, "jwt_typ");
}

#[tokio::test]
async fn every_required_claim_is_required() {
    let world = World::new();
    let provider = strict(&world);
    for (claim, reason) in [
        ("iss", "jwt_iss_missing"),
        ("exp", "jwt_exp_missing"),
        ("aud", "jwt_aud_missing"),
        ("sub", "jwt_user_id_missing"),
        ("client_id", "at_jwt_client_id_missing"),
        ("iat", "at_jwt_iat_missing"),
        ("jti", "at_jwt_jti_missing"),
    ] {
        let token = access_token(&world).without_claim(claim).mint();
        assert_eq!(refusal(&provider, &token).await, reason, "{claim}");
    }
}

#[tokio::test]
async fn another_claim_does_not_stand_in_for_sub() {
    let world = World::new();
    let token = access_token(&world)
        .without_claim("sub")
        .with_claim("user_id", "ada")
        .mint();
    assert_eq!(refusal(&strict(&world), &token).await, "at_jwt_sub_missing");
}

#[tokio::test]
async fn a_client_id_must_be_a_text() {
    let world = World::new();
    for value in [json!(""), json!(7), json!(null), json!(["a"])] {
        let token = access_token(&world)
            .with_claim("client_id", value.clone())
            .mint();
        let reason = refusal(&strict(&world), &token).await;
        assert_eq!(reason, "at_jwt_client_id_missing", "{value}");
    }
}

#[tokio::test]
async fn what_is_refused_is_not_remembered() {
    let world = World::new();
    let provider = strict(&world);
    let token = access_token(&world).without_claim("jti").mint();
    for _ in 0..2 {
        assert_eq!(refusal(&provider, &token).await, "at_jwt_jti_missing");
    }
}

#[tokio::test]
async fn without_strictness_none_of_it_is_asked() {
    let world = World::new();
    let token = world
        .token()
        .without_claim("jti")
        .without_claim("iat")
        .mint();
    assert!(world.provider().verify(&token).await.is_ok());
}

fn strict(world: &World) -> OAuth2Auth {
    world.provider().strict_at_jwt()
}

fn access_token(world: &World) -> TestToken<'_> {
    world
        .token()
        .with_header("typ", "at+jwt")
        .with_claim("client_id", "app")
        .with_claim("iat", NOW)
        .with_claim("jti", "1")
}
