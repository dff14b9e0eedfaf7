//! Which key is for a token: sets given by code, and published JWK Sets.

use crate::common::jose;

use jose::{CLAIMS, b64, der_file, key, token};
use serde_json::{Value, json};
use tower_auth::{
    ConfigErrorKind,
    jose::{Algorithm, JoseError, JwkSet, JwkSetError, Jws, Key, KeySet},
};

pub(super) const ALLOWED: &[Algorithm] = &[Algorithm::RS256, Algorithm::PS256, Algorithm::ES256];

pub(super) fn with_kid(algorithm: Algorithm, kid: &str) -> String {
    token(
        algorithm,
        format!(r#"{{"alg":"{algorithm}","kid":{kid}}}"#),
        CLAIMS,
    )
}

pub(super) fn bare(algorithm: Algorithm) -> String {
    jose::good(algorithm)
}

pub(super) fn rsa(kid: Option<&str>) -> Value {
    let der = der_file("rsa.pub.pem");
    let end = der.len() - 5;
    let mut jwk = json!({"kty": "RSA", "e": "AQAB", "n": b64(&der[end - 256..end])});
    if let Some(kid) = kid {
        jwk["kid"] = kid.into();
    }
    jwk
}

/// Another key than [`rsa`]; nothing is signed with it.
fn other_rsa(kid: Option<&str>) -> Value {
    let mut jwk = rsa(kid);
    let n = jwk["n"].as_str().unwrap().replace('A', "B");
    assert_ne!(jwk["n"], n.as_str());
    jwk["n"] = n.into();
    jwk
}

/// The JWK without its `alg`, or with that one.
fn with_alg(mut jwk: Value, alg: &str) -> Value {
    jwk["alg"] = alg.into();
    jwk
}

fn p256(kid: &str) -> Value {
    let der = der_file("p256.pub.pem");
    let point = &der[der.len() - 64..];
    json!({"kty": "EC", "crv": "P-256", "kid": kid, "x": b64(&point[..32]), "y": b64(&point[32..])})
}

pub(super) fn set(keys: Value) -> JwkSet {
    JwkSet::parse(json!({ "keys": keys }).to_string().as_bytes(), ALLOWED).unwrap()
}

pub(super) fn verdict(set: &JwkSet, token: &str) -> Result<(), &'static str> {
    let judge = |token: &str| -> Result<(), JoseError> {
        let jws = Jws::parse(token)?;
        let key = set.key_for(&jws)?;
        let json = jws.verify_claims(key)?;
        jose::rules().check(&json, jose::NOW).map(|_| ())
    };
    judge(token).map_err(JoseError::code)
}

#[test]
fn a_single_key_without_id_ignores_what_a_token_names() {
    let keys = KeySet::from(key(Algorithm::HS256));
    assert_eq!(jose::code(&bare(Algorithm::HS256), &keys), None);
    assert_eq!(
        jose::code(&with_kid(Algorithm::HS256, r#""any""#), &keys),
        None
    );
    let keys = KeySet::new([key(Algorithm::HS256)]).unwrap();
    assert_eq!(
        jose::code(&with_kid(Algorithm::HS256, r#""any""#), &keys),
        None
    );
}

#[test]
fn a_single_key_with_an_id_is_only_for_tokens_that_name_it_or_nothing() {
    let keys = KeySet::from(key(Algorithm::HS256).with_id("a"));
    assert_eq!(jose::code(&bare(Algorithm::HS256), &keys), None);
    assert_eq!(
        jose::code(&with_kid(Algorithm::HS256, r#""a""#), &keys),
        None
    );
    for other in [r#""b""#, r#""A""#, r#""""#, r#""a\u0000""#] {
        let token = with_kid(Algorithm::HS256, other);
        assert_eq!(
            jose::code(&token, &keys),
            Some("jwt_kid_unknown"),
            "{other}"
        );
    }
}

#[test]
fn several_keys_are_chosen_by_kid() {
    let other = Key::hmac(Algorithm::HS256, [7; 32]).unwrap();
    let keys = KeySet::new([
        key(Algorithm::HS256).with_id("a"),
        other.with_id("b"),
        key(Algorithm::ES256).with_id("a"),
    ])
    .unwrap();
    let code = |token: &str| jose::code(token, &keys);
    assert_eq!(code(&with_kid(Algorithm::HS256, r#""a""#)), None);
    assert_eq!(code(&with_kid(Algorithm::HS256, r#""\u0061""#)), None);
    assert_eq!(code(&with_kid(Algorithm::ES256, r#""a""#)), None);
    let wrong = with_kid(Algorithm::HS256, r#""b""#);
    assert_eq!(code(&wrong), Some("jwt_bad_signature"));
    let unknown = with_kid(Algorithm::HS256, r#""c""#);
    assert_eq!(code(&unknown), Some("jwt_kid_unknown"));
    let mismatch = with_kid(Algorithm::ES256, r#""b""#);
    assert_eq!(code(&mismatch), Some("jwt_alg_mismatch"));
    // Without a kid: two HS256 keys fit, one ES256 key does.
    assert_eq!(code(&bare(Algorithm::HS256)), Some("jwt_kid_missing"));
    assert_eq!(code(&bare(Algorithm::ES256)), None);
    assert_eq!(code(&bare(Algorithm::RS256)), Some("jwt_alg_mismatch"));
}

#[test]
fn refuses_sets_that_cannot_be_chosen_from() {
    let one = key(Algorithm::HS256);
    let kind = |keys: Vec<Key>| KeySet::new(keys).unwrap_err().kind();
    assert_eq!(kind(vec![]), ConfigErrorKind::Empty);
    let nameless = vec![one.clone().with_id("a"), key(Algorithm::ES256)];
    assert_eq!(kind(nameless), ConfigErrorKind::Conflict);
    let twins = vec![one.clone().with_id("a"), one.with_id("a")];
    assert_eq!(kind(twins), ConfigErrorKind::Duplicate);
}

#[test]
fn a_published_key_serves_every_allowed_algorithm_of_its_type() {
    let set = set(json!([rsa(Some("r")), p256("e")]));
    for algorithm in [Algorithm::RS256, Algorithm::PS256] {
        assert_eq!(verdict(&set, &with_kid(algorithm, r#""r""#)), Ok(()));
        assert_eq!(verdict(&set, &bare(algorithm)), Ok(()));
    }
    assert_eq!(verdict(&set, &with_kid(Algorithm::ES256, r#""e""#)), Ok(()));
    for (algorithm, kid) in [
        (Algorithm::RS512, r#""r""#),
        (Algorithm::ES256, r#""r""#),
        (Algorithm::RS256, r#""e""#),
    ] {
        let refused = verdict(&set, &with_kid(algorithm, kid));
        assert_eq!(refused, Err("jwt_alg_mismatch"), "{algorithm} {kid}");
    }
    assert_eq!(set.keys().count(), 3);
    assert!(set.skipped().is_empty());
}

#[test]
fn a_published_key_that_names_its_algorithm_serves_no_other() {
    let mut jwk = rsa(Some("r"));
    jwk["alg"] = "PS256".into();
    let set = set(json!([jwk]));
    assert_eq!(verdict(&set, &with_kid(Algorithm::PS256, r#""r""#)), Ok(()));
    let refused = verdict(&set, &with_kid(Algorithm::RS256, r#""r""#));
    assert_eq!(refused, Err("jwt_alg_mismatch"));
}

#[test]
fn an_unknown_kid_never_falls_to_another_key() {
    let named = with_alg(rsa(Some("r")), "RS256");
    for keys in [
        json!([named]),
        // The key without an id is of another algorithm.
        json!([named, with_alg(rsa(None), "PS256")]),
        // The same key with an id and without: it has one.
        json!([named, rsa(None)]),
        json!([rsa(None), named]),
    ] {
        let set = set(keys);
        let refused = verdict(&set, &with_kid(Algorithm::RS256, r#""x""#));
        assert_eq!(refused, Err("jwt_kid_unknown"));
        assert_eq!(verdict(&set, &bare(Algorithm::RS256)), Ok(()));
    }
    for keys in [
        json!([named, other_rsa(None)]),
        json!([rsa(None), other_rsa(Some("r"))]),
        json!([rsa(None), other_rsa(None)]),
    ] {
        let refused = verdict(&set(keys), &with_kid(Algorithm::RS256, r#""x""#));
        assert_eq!(refused, Err("jwt_kid_unknown"), "two keys fit");
    }
}

#[test]
fn the_only_key_that_fits_and_has_no_id_is_for_a_token_with_one() {
    let mut unusable = other_rsa(None);
    unusable["use"] = "enc".into();
    for keys in [
        json!([rsa(None)]),
        json!([rsa(None), rsa(None)]),
        json!([rsa(None), p256("e"), unusable]),
        json!([
            with_alg(rsa(None), "RS256"),
            with_alg(other_rsa(Some("p")), "PS256")
        ]),
    ] {
        let set = set(keys);
        let token = with_kid(Algorithm::RS256, r#""x""#);
        assert_eq!(verdict(&set, &token), Ok(()));
        let forged = format!("{}AAAA", &token[..token.len() - 4]);
        assert_eq!(verdict(&set, &forged), Err("jwt_bad_signature"));
    }
}

#[test]
fn a_kid_that_is_in_the_set_falls_to_no_key_without_an_id() {
    let mut enc = other_rsa(Some("enc"));
    enc["use"] = "enc".into();
    let twin = other_rsa(Some("twin"));
    let mut twin_of_it = twin.clone();
    twin_of_it["e"] = "Aw".into();
    let set = set(json!([rsa(None), p256("e"), enc, twin, twin_of_it]));
    for (kid, reason) in [
        (r#""e""#, "jwt_alg_mismatch"),
        (r#""enc""#, "jwt_key_unusable"),
        (r#""twin""#, "jwt_key_unusable"),
    ] {
        let refused = verdict(&set, &with_kid(Algorithm::RS256, kid));
        assert_eq!(refused, Err(reason), "{kid}");
    }
}

#[test]
fn the_same_key_twice_is_one_key() {
    let shuffled = r#"{"e":"AAEAAQ","kid":"\u0061","x5t":"AA","kty":"RSA"}"#;
    let mut shuffled: Value = serde_json::from_str(shuffled).unwrap();
    shuffled["n"] = rsa(None)["n"].clone();
    for keys in [
        json!([rsa(Some("a")), rsa(Some("a"))]),
        json!([rsa(Some("a")), shuffled]),
        json!([rsa(Some("a")), with_alg(rsa(Some("a")), "RS256")]),
        json!([with_alg(rsa(Some("a")), "RS256"), rsa(Some("a")), p256("a")]),
        json!([rsa(Some("a")), rsa(Some("b")), rsa(None)]),
    ] {
        let set = set(keys.clone());
        for token in [with_kid(Algorithm::RS256, r#""a""#), bare(Algorithm::RS256)] {
            assert_eq!(verdict(&set, &token), Ok(()), "{keys}");
        }
        assert!(set.skipped().is_empty(), "{keys}");
    }
    let one = set(json!([rsa(Some("a")), with_alg(rsa(Some("a")), "RS256")]));
    assert_eq!(one.keys().count(), 2, "RS256 and PS256");
}

#[test]
fn a_copy_that_may_not_verify_spoils_nothing() {
    let mut enc = rsa(Some("a"));
    enc["use"] = "enc".into();
    let set = set(json!([
        enc,
        rsa(Some("a")),
        with_alg(rsa(Some("a")), "RS512")
    ]));
    assert_eq!(verdict(&set, &with_kid(Algorithm::RS256, r#""a""#)), Ok(()));
}

#[test]
fn a_token_that_names_a_skipped_key_is_told_apart_from_an_unknown_one() {
    let mut enc = rsa(Some("enc"));
    enc["use"] = "enc".into();
    let set = set(json!([enc, rsa(Some("sig"))]));
    let refused = verdict(&set, &with_kid(Algorithm::RS256, r#""enc""#));
    assert_eq!(refused, Err("jwt_key_unusable"));
}

#[test]
fn two_different_keys_of_one_id_and_algorithm_are_both_unusable() {
    let set = set(json!([
        rsa(Some("a")),
        p256("a"),
        other_rsa(Some("a")),
        rsa(Some("a")),
        rsa(Some("b"))
    ]));
    let verdict = |token: &str| verdict(&set, token);
    assert_eq!(
        verdict(&with_kid(Algorithm::RS256, r#""a""#)),
        Err("jwt_key_unusable")
    );
    // The same id under another algorithm means one key.
    assert_eq!(verdict(&with_kid(Algorithm::ES256, r#""a""#)), Ok(()));
    assert_eq!(verdict(&with_kid(Algorithm::RS256, r#""b""#)), Ok(()));
    let duplicates = set
        .skipped()
        .iter()
        .filter(|one| one.reason() == "jwk_duplicate");
    assert_eq!(duplicates.count(), 4);
}

#[test]
fn keys_without_an_id_serve_only_while_one_fits() {
    let set = set(json!([rsa(None), other_rsa(None), p256("e")]));
    assert_eq!(
        verdict(&set, &bare(Algorithm::RS256)),
        Err("jwt_kid_missing")
    );
    assert_eq!(verdict(&set, &bare(Algorithm::ES256)), Ok(()));
}

#[test]
fn an_empty_set_refuses_everything() {
    let set = set(json!([]));
    assert!(set.is_empty());
    assert_eq!(
        verdict(&set, &bare(Algorithm::RS256)),
        Err("jwt_alg_mismatch")
    );
    let named = with_kid(Algorithm::RS256, r#""a""#);
    assert_eq!(verdict(&set, &named), Err("jwt_kid_unknown"));
}

#[test]
fn bounds_the_set() {
    let parse = |bytes: &[u8]| JwkSet::parse(bytes, ALLOWED).unwrap_err();
    let key = rsa(Some("a"));
    let many = |count: usize| json!({ "keys": vec![&key; count] }).to_string();
    assert!(JwkSet::parse(many(64).as_bytes(), ALLOWED).is_ok());
    assert_eq!(parse(many(65).as_bytes()), JwkSetError::TooManyKeys);
    let long = format!(r#"{{"keys":[],"x":"{}"}}"#, "x".repeat(256 * 1024));
    assert_eq!(parse(long.as_bytes()), JwkSetError::TooLong);
}

#[test]
fn a_byte_order_mark_in_front_is_read_past() {
    let text = format!("\u{feff}{}", json!({"keys": [rsa(Some("a"))]}));
    let set = JwkSet::parse(text.as_bytes(), ALLOWED).unwrap();
    assert_eq!(verdict(&set, &bare(Algorithm::RS256)), Ok(()));
    for text in [
        "\u{feff}",
        "\u{feff}\u{feff}{\"keys\":[]}",
        "{\"keys\":\u{feff}[]}",
    ] {
        let error = JwkSet::parse(text.as_bytes(), ALLOWED).unwrap_err();
        assert_eq!(error, JwkSetError::BadJson, "{text:?}");
    }
}

#[test]
fn refuses_what_is_no_set() {
    for (text, error) in [
        ("", JwkSetError::BadJson),
        ("<html>", JwkSetError::BadJson),
        ("[]", JwkSetError::BadJson),
        ("null", JwkSetError::BadJson),
        (r#"{"keys":[]"#, JwkSetError::BadJson),
        (r#"{"keys":[],"keys":[]}"#, JwkSetError::BadJson),
        (r#"{"keys":[{]}"#, JwkSetError::BadJson),
        ("{}", JwkSetError::NoKeys),
        (r#"{"keys":{}}"#, JwkSetError::NoKeys),
        (r#"{"keys":null}"#, JwkSetError::NoKeys),
    ] {
        assert_eq!(
            JwkSet::parse(text.as_bytes(), ALLOWED).unwrap_err(),
            error,
            "{text}"
        );
    }
    let bytes = b"{\"keys\":[],\"x\":\"\xff\"}";
    assert_eq!(
        JwkSet::parse(bytes, ALLOWED).unwrap_err(),
        JwkSetError::BadJson
    );
    assert_eq!(JwkSetError::NoKeys.code(), "jwks_no_keys");
}
