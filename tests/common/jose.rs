//! Tokens of every kind, honest or not, and the verdict on them.
#![allow(dead_code, reason = "each test file uses its part")]

use std::{fs, path::Path};

use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
        ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256,
        RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512,
        RsaKeyPair,
    },
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use tower_auth::jose::{Algorithm, ClaimRules, JoseError, Jws, Key, KeySet};

pub(crate) const NOW: u64 = 1_800_000_000;
pub(crate) const SECRET: &[u8] =
    b"a secret for tests: sixty-four bytes, as many as HS512 asks for.";

/// Claims that [`rules`] accept at [`NOW`].
pub(crate) const CLAIMS: &str =
    r#"{"iss":"https://issuer.example","aud":"my-agent","sub":"ada","exp":1800000600}"#;

pub(crate) fn rules() -> ClaimRules {
    ClaimRules::new()
        .with_issuer("https://issuer.example")
        .with_audience("my-agent")
}

pub(crate) fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A file of `tests/common/keys`, read from this crate or from one of those inside it.
pub(crate) fn key_file(name: &str) -> String {
    let mut above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let keys = above.find_map(|folder| {
        let keys = folder.join("tests/common/keys");
        keys.is_dir().then_some(keys)
    });
    fs::read_to_string(keys.unwrap().join(name)).unwrap()
}

/// The DER inside a PEM file of `tests/common/keys`.
pub(crate) fn der_file(name: &str) -> Vec<u8> {
    let pem = key_file(name);
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode(body).unwrap()
}

/// The stem of the key files that an algorithm is tested with.
pub(crate) fn key_name(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::ES256 => "p256",
        Algorithm::ES384 => "p384",
        Algorithm::ES512 => "p521",
        Algorithm::EdDSA => "ed25519",
        _ => "rsa",
    }
}

/// The key that checks what [`sign`] signs.
pub(crate) fn key(algorithm: Algorithm) -> Key {
    if algorithm.is_symmetric() {
        return Key::hmac(algorithm, SECRET).unwrap();
    }
    Key::from_pem(
        algorithm,
        &key_file(&format!("{}.pub.pem", key_name(algorithm))),
    )
    .unwrap()
}

/// A true signature over any bytes.
pub(crate) fn sign(algorithm: Algorithm, message: &[u8]) -> Vec<u8> {
    let private = || der_file(&format!("{}.pem", key_name(algorithm)));
    let random = SystemRandom::new();
    let rsa = |padding| {
        let pair = RsaKeyPair::from_pkcs8(&private()).unwrap();
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(padding, &random, message, &mut signature)
            .unwrap();
        signature
    };
    let ec = |curve| {
        let pair = EcdsaKeyPair::from_pkcs8(curve, &private()).unwrap();
        pair.sign(&random, message).unwrap().as_ref().to_vec()
    };
    match algorithm {
        Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => mac(algorithm, SECRET, message),
        Algorithm::RS256 => rsa(&RSA_PKCS1_SHA256),
        Algorithm::RS384 => rsa(&RSA_PKCS1_SHA384),
        Algorithm::RS512 => rsa(&RSA_PKCS1_SHA512),
        Algorithm::PS256 => rsa(&RSA_PSS_SHA256),
        Algorithm::PS384 => rsa(&RSA_PSS_SHA384),
        Algorithm::PS512 => rsa(&RSA_PSS_SHA512),
        Algorithm::ES256 => ec(&ECDSA_P256_SHA256_FIXED_SIGNING),
        Algorithm::ES384 => ec(&ECDSA_P384_SHA384_FIXED_SIGNING),
        Algorithm::ES512 => ec(&ECDSA_P521_SHA512_FIXED_SIGNING),
        Algorithm::EdDSA => {
            let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&private()).unwrap();
            pair.sign(message).as_ref().to_vec()
        }
        other => panic!("no signer for {other}"),
    }
}

/// The MAC of an HMAC algorithm under any secret.
pub(crate) fn mac(algorithm: Algorithm, secret: &[u8], message: &[u8]) -> Vec<u8> {
    let hash = match algorithm {
        Algorithm::HS256 => hmac::HMAC_SHA256,
        Algorithm::HS384 => hmac::HMAC_SHA384,
        Algorithm::HS512 => hmac::HMAC_SHA512,
        other => panic!("{other} is no HMAC"),
    };
    hmac::sign(&hmac::Key::new(hash, secret), message)
        .as_ref()
        .to_vec()
}

/// A token of three given texts, truly signed whatever they say.
pub(crate) fn token(
    algorithm: Algorithm,
    header: impl AsRef<[u8]>,
    payload: impl AsRef<[u8]>,
) -> String {
    signed(algorithm, &format!("{}.{}", b64(header), b64(payload)))
}

/// A signing input with its true signature.
pub(crate) fn signed(algorithm: Algorithm, input: &str) -> String {
    format!("{input}.{}", b64(sign(algorithm, input.as_bytes())))
}

/// A token that is right in everything.
pub(crate) fn good(algorithm: Algorithm) -> String {
    token(algorithm, format!(r#"{{"alg":"{algorithm}"}}"#), CLAIMS)
}

/// The way a token takes: parsed, its key chosen, verified, its claims judged.
pub(crate) fn check(token: &str, keys: &KeySet, rules: &ClaimRules) -> Result<String, JoseError> {
    let jws = Jws::parse(token)?;
    let key = keys.key_for(&jws)?;
    let json = jws.verify_claims(key)?;
    let claims = rules.check(&json, NOW)?;
    Ok(claims.user_id().to_owned())
}

/// The log code of the refusal, or nothing for a token that is accepted.
pub(crate) fn code(token: &str, keys: &KeySet) -> Option<&'static str> {
    check(token, keys, &rules()).err().map(JoseError::code)
}

/// The log code that an HS256 token of that header and those claims gets.
pub(crate) fn hs256(header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> Option<&'static str> {
    let token = token(Algorithm::HS256, header, payload);
    code(&token, &key(Algorithm::HS256).into())
}
