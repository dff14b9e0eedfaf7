//! Keys: what is accepted from which file, and what a fault says.

use crate::common::jose;

use jose::{SECRET, der_file, good, key, key_file, rules};
use serde_json::{Value, json};
use tower_auth::{
    ConfigError, ConfigErrorKind,
    jose::{Algorithm, JoseError, Jws, Key, KeySet},
};

const PUBLIC: &str = "openssl pkey -in private.pem -pubout -out public.pem";

pub(super) fn fault(result: Result<Key, ConfigError>) -> (ConfigErrorKind, String) {
    let error = result.unwrap_err();
    (error.kind(), error.to_string())
}

pub(super) fn pem_fault(algorithm: Algorithm, file: &str) -> (ConfigErrorKind, String) {
    fault(Key::from_pem(algorithm, &key_file(file)))
}

/// The JWK of a public key file, made from its DER.
pub(super) fn jwk(name: &str) -> Value {
    let der = der_file(&format!("{name}.pub.pem"));
    let coordinates = |curve: &str, size: usize| {
        let point = &der[der.len() - 2 * size..];
        json!({"kty": "EC", "crv": curve, "x": jose::b64(&point[..size]), "y": jose::b64(&point[size..])})
    };
    match name {
        "p256" => coordinates("P-256", 32),
        "p384" => coordinates("P-384", 48),
        "p521" => coordinates("P-521", 66),
        "ed25519" => {
            json!({"kty": "OKP", "crv": "Ed25519", "x": jose::b64(&der[der.len() - 32..])})
        }
        // 2048 bits: the modulus ends before the integer 65537.
        _ => {
            let end = der.len() - 5;
            json!({"kty": "RSA", "e": "AQAB", "n": jose::b64(&der[end - 256..end])})
        }
    }
}

#[test]
fn every_algorithm_verifies_a_token_with_a_key_from_every_file() {
    for algorithm in Algorithm::ALL.iter().copied() {
        let token = good(algorithm);
        let mut keys = vec![key(algorithm)];
        if !algorithm.is_symmetric() {
            let name = jose::key_name(algorithm);
            let der = der_file(&format!("{name}.pub.pem"));
            keys.push(Key::from_der(algorithm, &der).unwrap());
            keys.push(Key::from_jwk_with(algorithm, &jwk(name).to_string()).unwrap());
            if name == "rsa" {
                keys.push(Key::from_pem(algorithm, &key_file("rsa.pkcs1.pub.pem")).unwrap());
            }
        }
        for key in keys {
            assert_eq!(key.algorithm(), algorithm);
            let verdict = jose::check(&token, &KeySet::from(key), &rules());
            assert_eq!(verdict.as_deref(), Ok("ada"), "{algorithm}");
        }
    }
}

#[test]
fn accepts_a_compressed_point() {
    let key = Key::from_pem(Algorithm::ES256, &key_file("p256.compressed.pub.pem")).unwrap();
    assert_eq!(jose::code(&good(Algorithm::ES256), &key.into()), None);
}

#[test]
fn a_key_serves_its_own_algorithm_alone() {
    for one in Algorithm::ALL.iter().copied() {
        for other in Algorithm::ALL.iter().copied().filter(|other| *other != one) {
            let jws = Jws::parse(&good(one)).map(|jws| jws.verify(&key(other)));
            assert_eq!(jws.unwrap(), Err(JoseError::AlgMismatch), "{one} {other}");
        }
    }
}

#[test]
fn refuses_a_private_key_where_a_public_one_belongs() {
    for (algorithm, file) in [
        (Algorithm::RS256, "rsa.pem"),
        (Algorithm::RS256, "rsa.pkcs1.pem"),
        (Algorithm::ES256, "p256.pem"),
        (Algorithm::ES256, "p256.sec1.pem"),
        (Algorithm::ES256, "p256.encrypted.pem"),
        (Algorithm::EdDSA, "ed25519.pem"),
    ] {
        let (kind, text) = pem_fault(algorithm, file);
        assert_eq!(kind, ConfigErrorKind::WrongKey, "{file}");
        assert!(text.contains(PUBLIC), "{text}");
        if !file.contains("encrypted") {
            let (kind, text) = fault(Key::from_der(algorithm, &der_file(file)));
            assert_eq!(kind, ConfigErrorKind::WrongKey, "{file}");
            assert!(text.contains("private key"), "{text}");
        }
    }
}

#[test]
fn refuses_a_certificate() {
    let (kind, text) = pem_fault(Algorithm::RS256, "rsa.cert.pem");
    assert_eq!(kind, ConfigErrorKind::WrongKey);
    assert!(
        text.contains("openssl x509 -in certificate.pem -pubkey"),
        "{text}"
    );
    let (kind, _) = fault(Key::from_der(Algorithm::RS256, &der_file("rsa.cert.pem")));
    assert_eq!(kind, ConfigErrorKind::WrongKey);
}

#[test]
fn refuses_a_key_of_another_type_or_curve() {
    for (algorithm, file) in [
        (Algorithm::ES256, "p384.pub.pem"),
        (Algorithm::ES384, "p521.pub.pem"),
        (Algorithm::ES512, "p256.pub.pem"),
        (Algorithm::ES256, "rsa.pub.pem"),
        (Algorithm::RS256, "p256.pub.pem"),
        (Algorithm::PS256, "ed25519.pub.pem"),
        (Algorithm::EdDSA, "p256.pub.pem"),
        (Algorithm::RS256, "rsa_pss.pub.pem"),
    ] {
        let (kind, text) = pem_fault(algorithm, file);
        assert_eq!(kind, ConfigErrorKind::WrongKey, "{algorithm} {file}");
        assert!(text.contains("openssl genpkey"), "{text}");
    }
    for file in ["secp256k1.pub.pem", "x25519.pub.pem", "ed448.pub.pem"] {
        let (kind, text) = pem_fault(Algorithm::EdDSA, file);
        assert_eq!(kind, ConfigErrorKind::Unsupported, "{file}");
        assert!(text.contains("Ed25519"), "{text}");
    }
}

#[test]
fn refuses_a_point_off_its_curve() {
    let mut wrong = jwk("p256");
    wrong["y"] = wrong["x"].clone();
    let (kind, _) = fault(Key::from_jwk_with(Algorithm::ES256, &wrong.to_string()));
    assert_eq!(kind, ConfigErrorKind::Malformed);
    let mut der = der_file("p256.pub.pem");
    *der.last_mut().unwrap() ^= 1;
    let (kind, _) = fault(Key::from_der(Algorithm::ES256, &der));
    assert_eq!(kind, ConfigErrorKind::Malformed);
}

#[test]
fn refuses_a_pem_that_is_not_one_public_key() {
    let pem = key_file("p256.pub.pem");
    let cases = [
        (String::new(), "not its path"),
        ("/etc/keys/public.pem".into(), "not its path"),
        (pem.replace("-----END", "-----"), "not its path"),
        (pem.replace('M', "*"), "not its path"),
        (pem.replace('\n', "\\n"), "line breaks"),
        (format!("{pem}{pem}"), "several"),
    ];
    for (text, expected) in cases {
        let (kind, found) = fault(Key::from_pem(Algorithm::ES256, &text));
        assert_eq!(kind, ConfigErrorKind::Malformed, "{text}");
        assert!(found.contains(expected), "{found}");
    }
    // Line ends of any kind, and a word before the block, do no harm.
    for text in [pem.replace('\n', "\r\n"), format!("the key:\n{pem}\n\n")] {
        assert!(Key::from_pem(Algorithm::ES256, &text).is_ok());
    }
}

#[test]
fn refuses_der_with_any_byte_missing_or_added() {
    for (algorithm, file) in [
        (Algorithm::RS256, "rsa.pub.pem"),
        (Algorithm::RS256, "rsa.pkcs1.pub.pem"),
        (Algorithm::ES256, "p256.pub.pem"),
        (Algorithm::EdDSA, "ed25519.pub.pem"),
    ] {
        let der = der_file(file);
        for len in 0..der.len() {
            assert!(
                Key::from_der(algorithm, &der[..len]).is_err(),
                "{file} {len}"
            );
        }
        assert!(Key::from_der(algorithm, &[&der[..], &[0]].concat()).is_err());
    }
}

#[test]
fn reads_a_jwk_with_its_algorithm_and_id() {
    let mut text = jwk("p256");
    text["alg"] = "ES256".into();
    text["kid"] = "k1".into();
    text["use"] = "sig".into();
    text["key_ops"] = json!(["verify"]);
    let key = Key::from_jwk(&text.to_string()).unwrap();
    assert_eq!((key.algorithm(), key.id()), (Algorithm::ES256, Some("k1")));
    text["alg"] = "Ed25519".into();
    let (kind, _) = fault(Key::from_jwk(&text.to_string()));
    assert_eq!(kind, ConfigErrorKind::WrongKey);
}

#[test]
fn reads_a_key_file_that_begins_with_a_byte_order_mark() {
    let pem = format!("\u{feff}{}", key_file("p256.pub.pem"));
    let jwk = format!("\u{feff}{}", jwk("p256"));
    for key in [
        Key::from_pem(Algorithm::ES256, &pem),
        Key::from_jwk_with(Algorithm::ES256, &jwk),
    ] {
        let keys = KeySet::from(key.unwrap());
        assert_eq!(jose::code(&good(Algorithm::ES256), &keys), None);
    }
}

#[test]
fn reads_a_symmetric_jwk_given_by_code() {
    let oct = json!({"kty": "oct", "alg": "HS256", "k": jose::b64(SECRET)}).to_string();
    let key = Key::from_jwk(&oct).unwrap();
    assert_eq!(jose::code(&good(Algorithm::HS256), &key.into()), None);
    let short = json!({"kty": "oct", "alg": "HS256", "k": jose::b64(&SECRET[..31])}).to_string();
    assert_eq!(fault(Key::from_jwk(&short)).0, ConfigErrorKind::WeakKey);
    let confused = json!({"kty": "oct", "alg": "RS256", "k": jose::b64(SECRET)}).to_string();
    assert_eq!(fault(Key::from_jwk(&confused)).0, ConfigErrorKind::WrongKey);
}

#[test]
fn refuses_a_jwk_that_may_not_verify() {
    let edit = |name: &str, value: Value| {
        let mut jwk = jwk("p256");
        jwk["alg"] = "ES256".into();
        jwk[name] = value;
        fault(Key::from_jwk(&jwk.to_string()))
    };
    for (name, value, kind, text) in [
        ("use", json!("enc"), ConfigErrorKind::WrongKey, "\"use\""),
        ("use", json!(1), ConfigErrorKind::WrongKey, "\"use\""),
        (
            "key_ops",
            json!(["sign"]),
            ConfigErrorKind::WrongKey,
            "\"key_ops\"",
        ),
        (
            "key_ops",
            json!("verify"),
            ConfigErrorKind::WrongKey,
            "\"key_ops\"",
        ),
        (
            "key_ops",
            json!(["verify", 1]),
            ConfigErrorKind::WrongKey,
            "\"key_ops\"",
        ),
        ("kid", json!(7), ConfigErrorKind::Malformed, "\"kid\""),
        ("d", json!("AA"), ConfigErrorKind::WrongKey, "private"),
        (
            "alg",
            json!("ES521"),
            ConfigErrorKind::Unsupported,
            "\"alg\"",
        ),
        ("alg", json!(5), ConfigErrorKind::Unsupported, "\"alg\""),
        ("alg", json!("ES384"), ConfigErrorKind::WrongKey, "curve"),
        (
            "crv",
            json!("secp256k1"),
            ConfigErrorKind::Unsupported,
            "P-256",
        ),
        ("kty", json!("AKP"), ConfigErrorKind::Unsupported, "RSA"),
        ("x", json!("AA"), ConfigErrorKind::Malformed, "openssl"),
        ("x", json!(null), ConfigErrorKind::Malformed, "openssl"),
    ] {
        let found = edit(name, value.clone());
        assert_eq!(found.0, kind, "{name} {value}");
        assert!(found.1.contains(text), "{}", found.1);
    }
    let bare = jwk("p256").to_string();
    let (_, text) = fault(Key::from_jwk(&bare));
    assert!(text.contains("from_jwk_with"), "{text}");
    for text in ["", "[]", "{", r#"{"kty":"EC","kty":"EC"}"#] {
        assert_eq!(fault(Key::from_jwk(text)).0, ConfigErrorKind::Malformed);
    }
}

#[test]
fn shows_no_key_material() {
    let key = key(Algorithm::HS256).with_id("k1");
    let shown = format!("{key:?} {:?}", KeySet::from(key.clone()));
    assert!(shown.contains("HS256") && shown.contains("k1"), "{shown}");
    assert!(
        !shown.contains("secret") && !shown.contains("115, 101"),
        "{shown}"
    );
    let public = format!("{:?}", jose::key(Algorithm::EdDSA));
    assert!(public.len() < 60, "{public}");
}

#[test]
fn is_shared_between_threads_and_cloned_cheaply() {
    fn shared<T: Send + Sync + Clone + 'static>() {}
    shared::<Key>();
    shared::<KeySet>();
    shared::<tower_auth::jose::JwkSet>();
    shared::<tower_auth::jose::ClaimRules>();
    shared::<JoseError>();
    assert!(size_of::<Key>() <= 32);
}
