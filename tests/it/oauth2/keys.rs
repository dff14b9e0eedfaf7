//! Which key of a set a token is checked with.

use std::{net::TcpListener, time::Duration};

use http::Response;
use serde_json::{Value, json};
use tower_auth::{
    jose::Algorithm,
    testing::{Fault, IssuerEndpoint::Jwks, TestIssuer},
};

use crate::oauth2::world::*;

#[tokio::test]
async fn a_kid_that_is_shown_and_unknown_never_falls_to_another_key() {
    let world = World::new();
    for kid in ["", "other", "../../etc/passwd", "' OR 1=1 --", "\0"] {
        let token = world.token().with_header("kid", kid).mint();
        let error = world.provider().verify(&token).await.unwrap_err();
        assert_eq!(
            (error.status().as_u16(), error.reason()),
            (401, "jwt_kid_unknown"),
            "{kid:?}"
        );
    }
}

#[tokio::test]
async fn without_kid_the_single_key_that_fits_is_used() {
    let issuer = TestIssuer::builder()
        .with_algorithms([Algorithm::RS256, Algorithm::ES256])
        .start();
    let provider = tower_auth::provider::OAuth2Auth::new(issuer.url(), AUDIENCE).unwrap();
    for algorithm in [Algorithm::RS256, Algorithm::ES256] {
        let token = issuer
            .token()
            .with_algorithm(algorithm)
            .without_header("kid")
            .mint();
        assert!(provider.verify(&token).await.is_ok(), "{algorithm}");
    }
}

#[tokio::test]
async fn without_kid_and_with_two_keys_that_fit_it_is_refused() {
    let world = World::new();
    world.issuer.rotate();
    let token = world.token().without_header("kid").mint();
    assert_eq!(refusal(&world.provider(), &token).await, "jwt_kid_missing");
}

#[tokio::test]
async fn the_only_key_without_a_kid_is_for_a_token_with_one() {
    let world = World::new();
    publish_nameless(&world);
    let provider = world.warm().await;
    accepted(at_once(&provider, &world.token().mint()));
    assert_eq!(world.fetches(), 1);
}

#[tokio::test]
async fn a_rotation_of_a_key_without_a_kid_is_followed() {
    let world = World::new();
    publish_nameless(&world);
    let provider = world.warm().await;
    let old = world.token().mint();
    accepted(at_once(&provider, &old));
    world.issuer.rotate();
    publish_nameless(&world);
    assert!(provider.verify(&world.token().mint()).await.is_ok());
    assert_eq!(world.fetches(), 2);
    // Of the key before nothing is known but that no key there is verifies it.
    let error = at_once(&provider, &old).unwrap_err();
    assert_eq!(
        (error.status().as_u16(), error.code()),
        (503, "unknown_key")
    );
    world.pass(Duration::from_secs(30));
    assert_eq!(refusal(&provider, &old).await, "jwt_kid_unknown");
}

#[tokio::test]
async fn what_the_only_key_without_a_kid_does_not_verify_is_of_an_unknown_key() {
    let world = World::new();
    publish_nameless(&world);
    let provider = world.warm().await;
    let token = world.token().mint();
    let (signed, _) = token.rsplit_once('.').unwrap();
    let forged = format!("{signed}.{}", "A".repeat(86));
    assert_eq!(refusal(&provider, &forged).await, "jwt_kid_unknown");
    assert_eq!(world.fetches(), 2);
    assert_eq!(
        at_once(&provider, &forged).unwrap_err().code(),
        "unknown_key"
    );
    let nameless = world.token().without_header("kid").mint();
    let (signed, _) = nameless.rsplit_once('.').unwrap();
    let forged = format!("{signed}.{}", "A".repeat(86));
    assert_eq!(refusal(&provider, &forged).await, "jwt_bad_signature");
}

#[tokio::test]
async fn the_same_key_twice_is_one_key() {
    let world = World::new();
    let jwk = world.issuer.jwk(&world.kid());
    let mut bare = jwk.clone();
    bare.as_object_mut().unwrap().remove("alg");
    world.issuer.publish_jwk(jwk);
    world.issuer.publish_jwk(bare);
    let provider = world.warm().await;
    accepted(at_once(&provider, &world.token().mint()));
    accepted(at_once(
        &provider,
        &world.token().without_header("kid").mint(),
    ));
}

#[tokio::test]
async fn a_kid_is_not_guessed_from_the_algorithm() {
    let issuer = TestIssuer::builder()
        .with_algorithms([Algorithm::RS256, Algorithm::ES256])
        .start();
    let provider = tower_auth::provider::OAuth2Auth::new(issuer.url(), AUDIENCE).unwrap();
    let token = issuer
        .token()
        .with_algorithm(Algorithm::ES256)
        .with_header("kid", issuer.key_id(Algorithm::RS256))
        .mint();
    assert_eq!(refusal(&provider, &token).await, "jwt_alg_mismatch");
}

#[tokio::test]
async fn none_and_symmetric_algorithms_need_no_key_to_be_refused() {
    let world = World::new();
    let provider = world.provider();
    for (alg, reason) in [
        ("none", "jwt_alg_none"),
        ("nOnE", "jwt_alg_none"),
        ("HS256", "jwt_alg_mismatch"),
        ("HS512", "jwt_alg_mismatch"),
        ("XX", "jwt_alg_unknown"),
    ] {
        let token = world.token().with_header("alg", alg).mint();
        assert_eq!(refusal(&provider, &token).await, reason, "{alg}");
    }
    assert_eq!(
        world.fetches(),
        0,
        "what no key can mend is no reason to fetch any"
    );
}

#[tokio::test]
async fn two_keys_with_one_kid_and_algorithm_are_both_unusable() {
    let world = World::new();
    let shared = world.kid();
    world.issuer.rotate();
    let mut twin = world.issuer.jwk(&world.kid());
    twin["kid"] = json!(shared);
    world.issuer.publish_jwk(twin);
    let provider = world.provider();
    let token = world.token().with_key(&shared).mint();
    assert_eq!(refusal(&provider, &token).await, "jwt_key_unusable");
    let token = world.token().with_header("kid", shared).mint();
    assert_eq!(refusal(&provider, &token).await, "jwt_key_unusable");
    assert!(
        provider.verify(&world.token().mint()).await.is_ok(),
        "the third is not touched"
    );
}

#[tokio::test]
async fn a_key_that_may_not_verify_is_not_used() {
    for (member, value) in [
        ("use", json!("enc")),
        ("use", json!("Sig")),
        ("use", json!(7)),
        ("key_ops", json!([])),
        ("key_ops", json!(["sign"])),
        ("key_ops", json!("verify")),
        ("alg", json!("ES384")),
        ("alg", json!("RS256")),
        ("alg", json!("none")),
        ("d", json!("AAAA")),
        ("crv", json!("P-384")),
        ("crv", json!("secp256k1")),
        ("kty", json!("RSA")),
        ("kty", json!("oct")),
        ("x", json!("AAAA")),
    ] {
        let (world, spoilt) = with_spoilt_key(member, value.clone());
        let token = world.token().with_key(&spoilt).mint();
        let provider = world.provider();
        assert_eq!(
            refusal(&provider, &token).await,
            "jwt_key_unusable",
            "{member} {value}"
        );
        assert!(
            provider.verify(&world.token().mint()).await.is_ok(),
            "{member} {value}"
        );
        assert_eq!(world.fetches(), 1, "fetching it again would not help");
    }
}

#[tokio::test]
async fn a_key_that_says_what_it_is_for_is_used() {
    for (member, value) in [
        ("use", json!("sig")),
        ("key_ops", json!(["verify"])),
        ("key_ops", json!(["sign", "verify"])),
        ("alg", json!("ES256")),
        ("x5c", json!(["not looked at"])),
    ] {
        let (world, changed) = with_spoilt_key(member, value.clone());
        let token = world.token().with_key(&changed).mint();
        assert!(
            world.provider().verify(&token).await.is_ok(),
            "{member} {value}"
        );
    }
}

#[tokio::test]
async fn keys_in_a_token_are_never_followed() {
    let world = World::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let lure = format!("http://{}/jwks", listener.local_addr().unwrap());
    let provider = world.warm().await;
    for name in ["jku", "x5u"] {
        for kid in [world.kid(), "attacker".to_owned()] {
            let token = world
                .token()
                .with_header("kid", kid)
                .with_header(name, lure.as_str());
            let _ = provider.verify(&token.mint()).await;
        }
    }
    // The attacker's own key, in the header itself.
    let attacker = World::new();
    let token = attacker
        .token()
        .with_claim("iss", world.issuer.url())
        .with_header("jwk", attacker.issuer.jwk(&attacker.kid()))
        .with_header("kid", world.kid())
        .mint();
    assert_eq!(refusal(&provider, &token).await, "jwt_bad_signature");
    let error = listener.accept().unwrap_err();
    assert_eq!(
        error.kind(),
        std::io::ErrorKind::WouldBlock,
        "nobody called"
    );
}

/// Publishes the newest key alone, and without a `kid`.
fn publish_nameless(world: &World) {
    let mut jwk = world.issuer.jwk(&world.kid());
    jwk.as_object_mut().unwrap().remove("kid");
    let set = json!({ "keys": [jwk] }).to_string();
    world.issuer.fail(Jwks, Fault::Answer(Response::new(set)));
}

/// An issuer with a sound key, and an older one of which a member was changed.
fn with_spoilt_key(member: &str, value: Value) -> (World, String) {
    let world = World::new();
    let spoilt = world.kid();
    let mut jwk = world.issuer.jwk(&spoilt);
    jwk[member] = value;
    world.issuer.replace_keys();
    world.issuer.publish_jwk(jwk);
    (world, spoilt)
}
