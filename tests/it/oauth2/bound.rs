//! Tokens that are bound to a key: shown plainly, they are refused.

use serde_json::{Value, json};
use tower_auth::provider::JwtAuth;

use crate::oauth2::world::*;

/// What issuers write into `cnf`, and what nobody should.
fn bindings() -> Vec<Value> {
    vec![
        json!({ "jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" }),
        json!({ "x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2" }),
        json!({ "jwk": {} }),
        json!({ "kid": null }),
        json!({ "": false }),
        json!({ "unknown": [] }),
        json!([]),
        json!("jkt"),
        json!(""),
        json!(0),
        json!(false),
        json!(null),
    ]
}

#[tokio::test]
async fn a_token_with_any_binding_is_refused() {
    let world = World::new();
    let provider = world.warm().await;
    for binding in bindings() {
        let token = world.token().with_claim("cnf", binding.clone()).mint();
        // The second time from what is remembered, if it were.
        for _ in 0..2 {
            assert_eq!(
                refusal(&provider, &token).await,
                "jwt_sender_constrained",
                "{binding}"
            );
        }
    }
}

#[tokio::test]
async fn a_binding_without_a_member_binds_to_nothing() {
    let world = World::new();
    let token = world.token().with_claim("cnf", json!({})).mint();
    assert!(world.provider().verify(&token).await.is_ok());
}

#[tokio::test]
async fn a_binding_may_be_ignored_on_purpose() {
    let world = World::new();
    let strict = world.warm().await;
    let lax = strict.clone().insecure_ignore_confirmation();
    for binding in bindings() {
        let token = world.token().with_claim("cnf", binding).mint();
        assert!(lax.verify(&token).await.is_ok());
        // What one provider remembers, another never sees.
        assert_eq!(refusal(&strict, &token).await, "jwt_sender_constrained");
        let copy = lax.clone().with_remembered_tokens(10);
        assert!(copy.verify(&token).await.is_ok());
    }
}

#[test]
fn a_fixed_keys_token_with_any_binding_is_refused() {
    let secret = "an example secret of 32 bytes …";
    let key = jsonwebtoken::EncodingKey::from_secret(secret.as_bytes());
    let strict = JwtAuth::hs256(secret).unwrap();
    let lax = strict.clone().insecure_ignore_confirmation();
    for binding in bindings() {
        let claims = json!({ "sub": "ada", "exp": 4_000_000_000_u64, "cnf": binding });
        let header = jsonwebtoken::Header::default();
        let token = jsonwebtoken::encode(&header, &claims, &key).unwrap();
        for _ in 0..2 {
            assert!(lax.verify(&token).is_ok());
            let error = strict.verify(&token).unwrap_err();
            assert_eq!(error.reason(), "jwt_sender_constrained", "{binding}");
        }
    }
}

#[tokio::test]
async fn a_binding_that_is_spelled_with_escapes_binds_all_the_same() {
    let world = World::new();
    let claims = format!(
        r#"{{"iss":"{}","aud":"{AUDIENCE}","sub":"ada","exp":{},"c\u006ef":{{"jkt":"x"}}}}"#,
        world.issuer.url(),
        NOW + 600
    );
    let token = world.token().with_raw_claims(claims).mint();
    assert_eq!(
        refusal(&world.provider(), &token).await,
        "jwt_sender_constrained"
    );
}
