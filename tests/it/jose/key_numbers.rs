//! The numbers of keys: how long they may be, and how they may be written.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;
use tower_auth::{
    ConfigErrorKind,
    jose::{Algorithm, Key},
};

use super::keys::{fault, jwk, pem_fault};
use crate::common::jose::{self, SECRET, der_file, good};

#[test]
fn refuses_a_weak_rsa_key() {
    let (kind, text) = pem_fault(Algorithm::RS256, "rsa1024.pub.pem");
    assert_eq!(kind, ConfigErrorKind::WeakKey);
    assert!(text.contains("rsa_keygen_bits:3072"), "{text}");
}

#[test]
fn refuses_rsa_numbers_that_make_no_sound_key() {
    let modulus = |bytes: usize| jose::b64([vec![0xff; bytes - 1], vec![0xfd]].concat());
    let rsa = |n: &str, e: &str| {
        let jwk = json!({"kty": "RSA", "alg": "RS256", "n": n, "e": e});
        fault(Key::from_jwk(&jwk.to_string()))
    };
    let good = jwk("rsa")["n"].as_str().unwrap().to_owned();
    for (n, e, text) in [
        (modulus(255), "AQAB", "fewer than 2048"),
        (modulus(1025), "AQAB", "more than 8192"),
        (good.clone(), "AQ", "exponent"),
        (good.clone(), "", "exponent"),
        (good.clone(), "AA", "exponent"),
        (good.clone(), "Ag", "exponent"),
        (good.clone(), "AQAAAAAB", "exponent"),
        (zeros(&modulus(255), 1), "AQAB", "fewer than 2048"),
        (zeros(&modulus(255), 700), "AQAB", "fewer than 2048"),
        (zeros(&modulus(1025), 1), "AQAB", "more than 8192"),
        (good.clone(), "AAAAAQ", "exponent"),
    ] {
        let (kind, found) = rsa(&n, e);
        assert_eq!(kind, ConfigErrorKind::WeakKey, "{e}");
        assert!(found.contains(text), "{found}");
    }
    let even = jose::b64(vec![0xfe; 256]);
    for n in ["", "AA", "AAAA", even.as_str(), "!!", "AB"] {
        assert_eq!(rsa(n, "AQAB").0, ConfigErrorKind::Malformed, "{n}");
    }
}

/// A token that code of the test signs.
fn assemble(header: &str, claims: &str, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let input = format!("{}.{}", jose::b64(header), jose::b64(claims));
    let signature = sign(input.as_bytes());
    format!("{input}.{}", jose::b64(signature))
}

/// A number as some issuers write it: with zero octets in front.
fn zeros(number: &str, count: usize) -> String {
    let number = URL_SAFE_NO_PAD.decode(number).unwrap();
    jose::b64([vec![0; count], number].concat())
}

#[test]
fn a_number_with_zeros_in_front_is_the_number_it_is() {
    for (algorithm, name, members) in [
        (Algorithm::RS256, "rsa", ["n", "e"]),
        (Algorithm::PS256, "rsa", ["n", "e"]),
        (Algorithm::ES256, "p256", ["x", "y"]),
        (Algorithm::ES384, "p384", ["x", "y"]),
        (Algorithm::ES512, "p521", ["x", "y"]),
    ] {
        for count in [1, 2, 100, 10_000] {
            for changed in [&members[..1], &members[1..], &members[..]] {
                let mut jwk = jwk(name);
                for member in changed {
                    jwk[member] = zeros(jwk[member].as_str().unwrap(), count).into();
                }
                let key = Key::from_jwk_with(algorithm, &jwk.to_string()).unwrap();
                assert_eq!(jose::code(&good(algorithm), &key.into()), None, "{jwk}");
            }
        }
    }
}

#[test]
fn a_coordinate_in_its_shortest_form_is_the_number_it_is() {
    let random = SystemRandom::new();
    let pair = loop {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        if pair.public_key().as_ref()[1] == 0 {
            break pair;
        }
    };
    let point = pair.public_key().as_ref();
    let (x, y) = (&point[2..33], &point[33..]);
    let jwk = |x: &[u8], y: &[u8]| {
        json!({"kty": "EC", "crv": "P-256", "x": jose::b64(x), "y": jose::b64(y)}).to_string()
    };
    let key = Key::from_jwk_with(Algorithm::ES256, &jwk(x, y)).unwrap();
    let token = assemble(r#"{"alg":"ES256"}"#, jose::CLAIMS, |input| {
        pair.sign(&random, input).unwrap().as_ref().to_vec()
    });
    assert_eq!(jose::code(&token, &key.into()), None);
    // Digits that are missing at the end, or none at all, make no number of it.
    for (x, y) in [(&x[..30], y), (x, &y[..31]), (&[][..], y), (x, &[][..])] {
        let (kind, _) = fault(Key::from_jwk_with(Algorithm::ES256, &jwk(x, y)));
        assert_eq!(kind, ConfigErrorKind::Malformed);
    }
}

#[test]
fn what_is_no_number_is_taken_octet_by_octet() {
    // RFC 8037 §2: the octets of RFC 8032, the lowest first.
    for x in [
        zeros(jwk("ed25519")["x"].as_str().unwrap(), 1),
        jose::b64(&der_file("ed25519.pub.pem")[13..]),
    ] {
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": x}).to_string();
        let (kind, _) = fault(Key::from_jwk_with(Algorithm::EdDSA, &jwk));
        assert_eq!(kind, ConfigErrorKind::Malformed);
    }
    // RFC 7518 §6.4.1: the octets of a secret, of which the first may be zero.
    let k = zeros(&jose::b64(SECRET), 1);
    let other = Key::from_jwk(&json!({"kty": "oct", "alg": "HS256", "k": k}).to_string()).unwrap();
    let verdict = jose::code(&good(Algorithm::HS256), &other.into());
    assert_eq!(verdict, Some("jwt_bad_signature"));
}

#[test]
fn an_rsa_key_of_8192_bits_is_used_and_none_of_more() {
    let der = der_file("rsa8192.pub.pem");
    let n = jose::b64(&der[der.len() - 5 - 1024..der.len() - 5]);
    let pair = RsaKeyPair::from_pkcs8(&der_file("rsa8192.pem")).unwrap();
    let random = SystemRandom::new();
    let token = assemble(r#"{"alg":"RS256"}"#, jose::CLAIMS, |input| {
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &random, input, &mut signature)
            .unwrap();
        signature
    });
    for n in [n.clone(), zeros(&n, 1)] {
        let jwk = json!({"kty": "RSA", "n": n, "e": "AQAB"}).to_string();
        let key = Key::from_jwk_with(Algorithm::RS256, &jwk).unwrap();
        assert_eq!(jose::code(&token, &key.into()), None);
    }
    for bits in [8193, 8200, 12_288, 16_384, 16_392] {
        let mut n = vec![0xff; bits / 8 + 1];
        n[0] = (1_u16 << (bits % 8)).wrapping_sub(1) as u8;
        let jwk = json!({"kty": "RSA", "n": jose::b64(n), "e": "AQAB"}).to_string();
        let (kind, text) = fault(Key::from_jwk_with(Algorithm::RS256, &jwk));
        assert_eq!(kind, ConfigErrorKind::WeakKey, "{bits}");
        assert!(text.contains("more than 8192"), "{text}");
    }
}
