//! What else stands in real key sets: one odd key never spoils the others.

use http::Response;
use serde_json::{Value, json};
use tower_auth::testing::{Fault, IssuerEndpoint::Jwks};

use crate::oauth2::world::*;

#[tokio::test]
async fn one_odd_key_does_not_spoil_the_set() {
    for odd in odd_keys() {
        let world = World::new();
        world.issuer.publish_jwk(odd.clone());
        let answer = world.provider().verify(&world.token().mint()).await;
        assert!(answer.is_ok(), "{odd} {answer:?}");
    }
}

#[tokio::test]
async fn all_odd_keys_together_do_not_spoil_the_set() {
    let world = World::new();
    for odd in odd_keys() {
        world.issuer.publish_jwk(odd);
    }
    assert!(world.provider().verify(&world.token().mint()).await.is_ok());
}

#[tokio::test]
async fn an_odd_key_alone_is_no_set() {
    for odd in odd_keys() {
        let world = World::new();
        let set = json!({"keys": [odd]}).to_string();
        world.issuer.fail(Jwks, Fault::Answer(Response::new(set)));
        let answer = world.provider().verify(&world.token().mint()).await;
        assert_eq!(unavailable(answer).0, "jwks_unavailable");
    }
}

#[tokio::test]
async fn sixty_four_keys_are_a_set_and_sixty_five_are_not() {
    let world = World::new();
    let set = |count: usize| {
        let mut keys = vec![json!({"kty": "x"}); count - 1];
        keys.push(world.issuer.jwk(&world.kid()));
        Fault::Answer(Response::new(json!({ "keys": keys }).to_string()))
    };
    world.issuer.fail(Jwks, set(64));
    assert!(world.provider().verify(&world.token().mint()).await.is_ok());
    world.issuer.fail(Jwks, set(65));
    let error = world
        .provider()
        .verify(&world.token().mint())
        .await
        .unwrap_err();
    assert!(causes(&error).contains("64"), "{}", causes(&error));
}

#[tokio::test]
async fn a_set_may_hold_other_members_and_spaces() {
    let world = World::new();
    let jwk = world.issuer.jwk(&world.kid());
    let set = format!("\n {{ \"cache\": [1, {{}}], \"keys\" :\t[ {jwk} ], \"n\": null }}\r\n");
    world.issuer.fail(Jwks, Fault::Answer(Response::new(set)));
    assert!(world.provider().verify(&world.token().mint()).await.is_ok());
}

#[tokio::test]
async fn what_is_no_set_brings_no_keys() {
    let world = World::new();
    let jwk = world.issuer.jwk(&world.kid());
    for body in [
        String::new(),
        "null".into(),
        "[]".into(),
        "{}".into(),
        r#"{"keys":null}"#.into(),
        r#"{"keys":{}}"#.into(),
        r#"{"keys":[]}"#.into(),
        r#"{"keys":[[]]}"#.into(),
        jwk.to_string(),
        format!(r#"{{"keys":[{jwk}]"#),
        format!(r#"{{"keys":[{jwk}]}} x"#),
        format!(r#"{{"keys":[],"keys":[{jwk}]}}"#),
        format!(r#"{{"keys":[{}{}]}}"#, "[".repeat(5000), "]".repeat(5000)),
    ] {
        world
            .issuer
            .fail(Jwks, Fault::Answer(Response::new(body.clone())));
        let answer = world.provider().verify(&world.token().mint()).await;
        assert_eq!(unavailable(answer).0, "jwks_unavailable", "{body:.80}");
    }
}

/// Keys that peers were seen to choke on.
fn odd_keys() -> Vec<Value> {
    let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    let rsa_1024 = "s".repeat(170) + "w";
    vec![
        json!(null),
        json!("key"),
        json!(7),
        json!([]),
        json!({}),
        json!({"kty": "EC"}),
        json!({"kty": 7, "kid": "type"}),
        json!({"kty": "OKP", "crv": "Ed25519", "x": x, "kid": 42}),
        json!({"kty": "OKP", "crv": "Ed25519", "x": x, "kid": {"a": 1}}),
        json!({"kty": "OKP", "crv": "X25519", "x": x, "kid": "dh"}),
        json!({"kty": "OKP", "crv": "Ed448", "x": x, "kid": "448"}),
        json!({"kty": "AKP", "alg": "ML-DSA-44", "pub": x, "kid": "pq"}),
        json!({"kty": "RSA", "n": "!!", "e": "AQAB", "kid": "malformed"}),
        json!({"kty": "RSA", "n": "", "e": "", "kid": "empty"}),
        json!({"kty": "RSA", "n": x, "e": 65537, "kid": "number"}),
        json!({"kty": "RSA", "n": rsa_1024, "e": "AQAB", "alg": "RS256", "kid": "weak"}),
        json!({"kty": "RSA", "n": "AQ", "e": "AQAB", "use": "enc", "kid": "enc"}),
        json!({"kty": "EC", "crv": "P-256", "x": x, "y": x, "kid": "off the curve"}),
        json!({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "short"}),
        json!({"kty": "EC", "crv": "secp256k1", "x": x, "y": x, "kid": "bitcoin"}),
        json!({"kty": "oct", "k": x, "alg": "HS256", "kid": "secret"}),
        json!({"kty": "OKP", "crv": "Ed25519", "x": x, "d": x, "kid": "private"}),
        json!({"kty": "OKP", "crv": "Ed25519", "x": x, "alg": "none", "kid": "none"}),
    ]
}
