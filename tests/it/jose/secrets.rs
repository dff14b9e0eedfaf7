//! HMAC secrets: how long they must be, and that no key file is one.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::json;
use tower_auth::{
    ConfigErrorKind,
    jose::{Algorithm, Key},
};

use super::keys::{fault, jwk, pem_fault};
use crate::common::jose::{self, SECRET, der_file, key_file};

#[test]
fn refuses_a_key_file_as_an_hmac_secret() {
    let jwk = jwk("p256").to_string();
    let with_space = format!("\n  {}", key_file("rsa.pub.pem"));
    let files: [&[u8]; 6] = [
        key_file("rsa.pub.pem").leak().as_bytes(),
        key_file("rsa.pem").leak().as_bytes(),
        with_space.as_bytes(),
        jwk.as_bytes(),
        &der_file("rsa.pub.pem"),
        b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGq5",
    ];
    for file in files {
        for algorithm in [Algorithm::HS256, Algorithm::HS512] {
            let (kind, text) = fault(Key::hmac(algorithm, file));
            assert_eq!(kind, ConfigErrorKind::WrongKey);
            assert!(text.contains("openssl rand -hex"), "{text}");
            let (kind, _) = fault(Key::insecure_allow_short_secret(algorithm, file));
            assert_eq!(kind, ConfigErrorKind::WrongKey);
        }
    }
}

/// The forms in which a key file may come, as text and as bytes.
fn disguised(file: &str) -> Vec<(&'static str, Vec<u8>)> {
    let (pem, der) = (key_file(file), der_file(file));
    let hex =
        |bytes: &[u8]| -> Vec<String> { bytes.iter().map(|byte| format!("{byte:02x}")).collect() };
    let lines: Vec<&str> = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let url_safe = STANDARD.encode(&der).replace('+', "-").replace('/', "_");
    vec![
        ("DER", der.clone()),
        ("base64", STANDARD.encode(&der).into()),
        (
            "base64 without padding",
            url_safe.trim_end_matches('=').into(),
        ),
        ("lines of base64", lines.join("\n").into()),
        ("lines of base64 with \\n", lines.join("\\n").into()),
        ("quoted base64", format!(" \"{}\"\n", lines.join("")).into()),
        ("base64 of the PEM", STANDARD.encode(&pem).into()),
        ("hex", hex(&der).concat().into()),
        ("upper-case hex", hex(&der).concat().to_uppercase().into()),
        ("hex with 0x", format!("0x{}", hex(&der).concat()).into()),
        ("hex with colons", hex(&der).join(":").into()),
        ("hex of the PEM", hex(pem.as_bytes()).concat().into()),
    ]
}

#[test]
fn refuses_a_key_file_in_base64_or_hex_as_an_hmac_secret() {
    for file in [
        "rsa.pub.pem",
        "p256.pub.pem",
        "p521.pub.pem",
        "ed25519.pub.pem",
        "rsa_pss.pub.pem",
        "rsa.cert.pem",
        "rsa.pem",
        "p256.pem",
        "p256.sec1.pem",
    ] {
        for (form, secret) in disguised(file) {
            let (kind, text) = fault(Key::insecure_allow_short_secret(Algorithm::HS256, &secret));
            assert_eq!(kind, ConfigErrorKind::WrongKey, "{file} as {form}");
            assert!(text.contains("a key file stands where"), "{text}");
        }
    }
}

#[test]
fn refuses_other_public_keys_as_an_hmac_secret() {
    let jwk = jwk("p256");
    let set = json!({"keys": [jwk]}).to_string();
    let point = [
        &[4][..],
        &URL_SAFE_NO_PAD.decode(jwk["x"].as_str().unwrap()).unwrap(),
        &URL_SAFE_NO_PAD.decode(jwk["y"].as_str().unwrap()).unwrap(),
    ]
    .concat();
    for (form, secret) in [
        ("a JWK in base64", STANDARD.encode(jwk.to_string())),
        ("a set", set.clone()),
        ("a set in base64", STANDARD.encode(set)),
        ("a list", format!("[{jwk}]")),
        ("a point", jose::b64(&point)),
        (
            "the middle of an OpenSSH key",
            "AAAAC3NzaC1lZDI1NTE5AAAAIGq5gbNRKmVrfvAJqfpZ8kNCMxRpXU7ZlpKJe3vRkU0B".into(),
        ),
        (
            "XML of .NET",
            "<RSAKeyValue><Modulus>x</Modulus></RSAKeyValue>".into(),
        ),
    ] {
        let (kind, _) = fault(Key::hmac(Algorithm::HS256, secret));
        assert_eq!(kind, ConfigErrorKind::WrongKey, "{form}");
    }
}

#[test]
fn refuses_a_key_file_inside_a_symmetric_jwk() {
    let k = jose::b64(der_file("rsa.pub.pem"));
    let jwk = json!({"kty": "oct", "alg": "HS256", "k": k}).to_string();
    assert_eq!(fault(Key::from_jwk(&jwk)).0, ConfigErrorKind::WrongKey);
}

#[test]
fn takes_a_secret_in_base64_or_hex_as_it_stands() {
    for secret in [
        "c2VjcmV0LXRoYXQtaXMtYmFzZTY0LWFuZC1sb25n",
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKC",
        "04b8a1f0c3d2e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f",
    ] {
        assert!(Key::hmac(Algorithm::HS256, secret).is_ok(), "{secret}");
    }
}

#[test]
fn refuses_a_secret_shorter_than_the_hash() {
    for (algorithm, len) in [
        (Algorithm::HS256, 32),
        (Algorithm::HS384, 48),
        (Algorithm::HS512, 64),
    ] {
        assert!(Key::hmac(algorithm, &SECRET[..len]).is_ok());
        let (kind, text) = fault(Key::hmac(algorithm, &SECRET[..len - 1]));
        assert_eq!(kind, ConfigErrorKind::WeakKey);
        assert!(
            text.contains(&format!("`openssl rand -hex {len}`")),
            "{text}"
        );
        assert!(text.contains("insecure_allow_short_secret"), "{text}");
        assert!(Key::insecure_allow_short_secret(algorithm, "x").is_ok());
        let (kind, _) = fault(Key::insecure_allow_short_secret(algorithm, ""));
        assert_eq!(kind, ConfigErrorKind::Blank);
    }
}

#[test]
fn refuses_a_secret_for_an_asymmetric_algorithm_and_the_reverse() {
    let (kind, text) = fault(Key::hmac(Algorithm::RS256, SECRET));
    assert_eq!(kind, ConfigErrorKind::WrongKey);
    assert!(text.contains("Key::from_pem"), "{text}");
    let (kind, _) = pem_fault(Algorithm::HS256, "rsa.pub.pem");
    assert_eq!(kind, ConfigErrorKind::WrongKey);
    let (kind, _) = pem_fault(Algorithm::HS256, "ed25519.pub.pem");
    assert_eq!(kind, ConfigErrorKind::WrongKey);
}
