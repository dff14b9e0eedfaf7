//! Independent vectors: Wycheproof, and the examples of RFC 7520, RFC 8037 and RFC 7797.

use crate::common::vectors;

use serde_json::{Value, json};
use tower_auth::jose::{Algorithm, JoseError, JwkSet, Jws, Key};

/// Valid by the file, and rightly refused: the key's `alg` differs from the header's (346, 350; RFC
/// 8725 §3.1) or is no registered name (347, 351: `ES521`), or a byte is outside base64url (372,
/// 373; RFC 7515 §2).
const REFUSED: [u64; 6] = [346, 347, 350, 351, 372, 373];

/// Invalid by the file, and byte for byte the valid case 357 under the same key: the padding that
/// their comments speak of is not there. No verdict can be right about both, so each is judged with
/// the padding put back (see the test).
const TWINS_OF_A_VALID_CASE: [u64; 2] = [367, 370];

/// Verifies as a request's token is verified: the key from a JWK, an asymmetric one by way of a set.
fn verify(jwk: &Value, token: &str) -> Result<Vec<u8>, String> {
    let name = |error: JoseError| error.code().to_owned();
    let jws = Jws::parse(token).map_err(name)?;
    if jwk["kty"] == "oct" {
        let key = Key::from_jwk(&jwk.to_string()).map_err(|error| error.to_string())?;
        return jws.verify(&key).map_err(name);
    }
    let set = json!({ "keys": [jwk] }).to_string();
    let set = JwkSet::parse(set.as_bytes(), Algorithm::ALL).map_err(|error| error.to_string())?;
    let key = set.key_for(&jws).map_err(name)?;
    jws.verify(key).map_err(name)
}

#[test]
fn accepts_no_invalid_wycheproof_case_and_forty_of_the_valid() {
    let Some(text) = vectors::read("wycheproof/json_web_signature_test.json") else {
        return;
    };
    let file: Value = serde_json::from_str(&text).unwrap();
    let (mut valid, mut invalid, mut refused) = (0, 0, Vec::new());
    let (mut accepted, mut twins) = (Vec::new(), Vec::new());
    for group in file["testGroups"].as_array().unwrap() {
        let jwk = group.get("public").unwrap_or(&group["private"]);
        for case in group["tests"].as_array().unwrap() {
            let id = case["tcId"].as_u64().unwrap();
            let verdict = match case["jws"].as_str() {
                Some(token) => verify(jwk, token),
                None => verify(jwk, &case["jws"].to_string()),
            };
            match (case["result"].as_str().unwrap(), verdict) {
                ("valid", Ok(_)) => {
                    valid += 1;
                    accepted.push((jwk, &case["jws"]));
                }
                ("valid", Err(_)) => refused.push(id),
                (_, Err(_)) => invalid += 1,
                (_, Ok(_)) => {
                    let same = accepted.contains(&(jwk, &case["jws"]));
                    assert!(same, "accepted the invalid case {case}");
                    let token = case["jws"].as_str().unwrap();
                    for padded in [format!("{token}="), token.replacen('.', "=.", 1)] {
                        assert_eq!(verify(jwk, &padded).unwrap_err(), "jwt_bad_base64");
                    }
                    twins.push(id);
                }
            }
        }
    }
    assert_eq!((valid, invalid), (40, 353));
    assert_eq!(twins, TWINS_OF_A_VALID_CASE);
    assert_eq!(refused, REFUSED);
}

/// The key of an example, without its private part: whoever verifies must not hold it.
fn public(example: &Value) -> Value {
    let mut jwk = example["input"]["key"].clone();
    let members = jwk.as_object_mut().unwrap();
    for private in ["d", "p", "q", "dp", "dq", "qi"] {
        members.remove(private);
    }
    members.insert("alg".into(), example["input"]["alg"].clone());
    jwk
}

#[test]
fn verifies_every_compact_token_of_the_cookbook() {
    for path in [
        "jose-cookbook/jws/4_1.rsa_v15_signature.json",
        "jose-cookbook/jws/4_2.rsa-pss_signature.json",
        "jose-cookbook/jws/4_3.ecdsa_signature.json",
        "jose-cookbook/jws/4_4.hmac-sha2_integrity_protection.json",
        "jose-cookbook/curve25519/jws.json",
    ] {
        let Some(text) = vectors::read(path) else {
            return;
        };
        let example: Value = serde_json::from_str(&text).unwrap();
        let token = example["output"]["compact"].as_str().unwrap();
        let payload = verify(&public(&example), token).unwrap();
        let expected = example["input"]["payload"].as_str().unwrap();
        assert_eq!(String::from_utf8(payload).unwrap(), expected, "{path}");
    }
}

#[test]
fn refuses_a_detached_payload() {
    let Some(text) = vectors::read("jose-cookbook/jws/4_5.signature_with_detached_content.json")
    else {
        return;
    };
    let example: Value = serde_json::from_str(&text).unwrap();
    let token = example["output"]["compact"].as_str().unwrap();
    assert!(token.contains(".."));
    assert_eq!(
        verify(&public(&example), token).unwrap_err(),
        "jwt_bad_signature"
    );
}

#[test]
fn refuses_unencoded_payloads() {
    let Some(text) = vectors::read("jose-cookbook/rfc7797/4.2.hmac-sha2_b64_false.json") else {
        return;
    };
    let Some(other) = vectors::read("jose-cookbook/rfc7797/hmac-sha2_b64_false.json") else {
        return;
    };
    for text in [text, other] {
        let example: Value = serde_json::from_str(&text).unwrap();
        // As the file has it, and with the payload encoded, so that only the header speaks.
        if let Some(token) = example["output"]["compact"].as_str() {
            assert!(verify(&public(&example), token).is_err());
        }
        let flat = &example["output"]["json_flat"];
        let part = |name: &str| flat[name].as_str().unwrap();
        let token = format!("{}.JC4wMg.{}", part("protected"), part("signature"));
        let code = verify(&public(&example), &token).unwrap_err();
        assert!(["jwt_b64", "jwt_crit"].contains(&code.as_str()), "{code}");
    }
}
