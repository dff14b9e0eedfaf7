//! Keys of a published set that are skipped, and why.

use serde_json::{Value, json};
use tower_auth::jose::{Algorithm, JwkSet};

use super::key_sets::{ALLOWED, bare, rsa, set, verdict, with_kid};
use crate::common::jose::b64;

/// The reason for which the one odd key beside a good one is skipped; the good one still serves.
fn skipped(odd: Value) -> &'static str {
    let set = set(json!([odd, rsa(Some("good"))]));
    assert_eq!(
        verdict(&set, &with_kid(Algorithm::RS256, r#""good""#)),
        Ok(())
    );
    assert_eq!(verdict(&set, &bare(Algorithm::RS256)), Ok(()));
    assert_eq!(set.skipped().len(), 1, "{odd}");
    set.skipped()[0].reason()
}

#[test]
fn one_odd_key_is_skipped_and_never_spoils_the_set() {
    let edit = |name: &str, value: Value| {
        let mut jwk = rsa(Some("odd"));
        jwk[name] = value;
        jwk
    };
    let weak = b64([vec![0xff; 127], vec![0xfd]].concat());
    let huge = b64([vec![0xff; 1099], vec![0xfd]].concat());
    for (odd, reason) in [
        (edit("kid", json!(7)), "jwk_bad_kid"),
        (edit("kid", json!(null)), "jwk_bad_kid"),
        (edit("kid", json!({"a": [1]})), "jwk_bad_kid"),
        (edit("use", json!("enc")), "jwk_use"),
        (edit("use", json!("SIG")), "jwk_use"),
        (edit("use", json!(null)), "jwk_use"),
        (edit("key_ops", json!(["encrypt"])), "jwk_key_ops"),
        (edit("key_ops", json!([])), "jwk_key_ops"),
        (edit("key_ops", json!("verify")), "jwk_key_ops"),
        (edit("alg", json!("RS384")), "jwk_other_alg"),
        (edit("alg", json!("RSA-OAEP")), "jwk_unknown_alg"),
        (edit("alg", json!("none")), "jwk_unknown_alg"),
        (edit("alg", json!(1)), "jwk_unknown_alg"),
        (edit("alg", json!("ES256")), "jwk_alg_type"),
        (edit("alg", json!("HS256")), "jwk_alg_type"),
        (edit("d", json!("AA")), "jwk_private"),
        (edit("n", json!(weak)), "jwk_weak"),
        (edit("n", json!(huge)), "jwk_too_large"),
        (edit("n", json!("a+b/")), "jwk_malformed"),
        (edit("n", json!("****")), "jwk_malformed"),
        (edit("n", json!(12)), "jwk_malformed"),
        (edit("n", json!(null)), "jwk_malformed"),
        (edit("e", json!("AQ")), "jwk_bad_exponent"),
        (edit("e", json!("")), "jwk_bad_exponent"),
        (json!({"kty": "RSA", "kid": "odd"}), "jwk_malformed"),
        (
            json!({"kty": "oct", "kid": "odd", "k": b64([1; 64])}),
            "jwk_symmetric",
        ),
        (
            json!({"kty": "oct", "kid": "odd", "alg": "HS256", "k": b64([1; 64])}),
            "jwk_symmetric",
        ),
        (
            json!({"kty": "AKP", "alg": "ML-DSA-65", "kid": "odd", "pub": "AA"}),
            "jwk_unknown_alg",
        ),
        (
            json!({"kty": "AKP", "kid": "odd", "pub": "AA"}),
            "jwk_unknown_kty",
        ),
        (
            json!({"kty": "OKP", "crv": "X25519", "kid": "odd", "x": b64([1; 32])}),
            "jwk_unknown_crv",
        ),
        (
            json!({"kty": "OKP", "crv": "Ed448", "kid": "odd", "x": b64([1; 57])}),
            "jwk_unknown_crv",
        ),
        (
            json!({"kty": "OKP", "crv": "Ed25519", "x": b64([1; 31])}),
            "jwk_malformed",
        ),
        (
            json!({"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA"}),
            "jwk_unknown_crv",
        ),
        (
            json!({"kty": "EC", "crv": "P-256", "x": b64([1; 32]), "y": b64([1; 32])}),
            "jwk_malformed",
        ),
        (
            json!({"kty": "EC", "crv": "P-256", "x": b64([1; 31]), "y": b64([1; 33])}),
            "jwk_malformed",
        ),
        (json!({"kty": 1}), "jwk_unknown_kty"),
        (json!({}), "jwk_unknown_kty"),
        (json!(null), "jwk_bad_json"),
        (json!("key"), "jwk_bad_json"),
        (json!([rsa(None)]), "jwk_bad_json"),
    ] {
        assert_eq!(skipped(odd.clone()), reason, "{odd}");
    }
}

#[test]
fn a_key_with_a_member_twice_is_skipped() {
    let good = rsa(Some("good")).to_string();
    let twice = good.replacen('{', r#"{"kty":"RSA","kt\u0079":"RSA","#, 1);
    let text = format!(r#"{{"keys":[{twice},{good}]}}"#);
    let set = JwkSet::parse(text.as_bytes(), ALLOWED).unwrap();
    assert_eq!(set.skipped()[0].reason(), "jwk_bad_json");
    assert_eq!(
        verdict(&set, &with_kid(Algorithm::RS256, r#""good""#)),
        Ok(())
    );
}
