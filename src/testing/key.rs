//! Keys that an issuer signs with.

use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::{
    encoding::AsDer,
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
        EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RsaKeyPair,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{EncodingKey, crypto::aws_lc};
use serde_json::{Value, json};

use crate::jose::Algorithm;

/// The algorithms that an issuer can sign with: `jsonwebtoken` has no ES512.
pub(super) const ALGORITHMS: [Algorithm; 5] = [
    Algorithm::RS256,
    Algorithm::PS256,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

#[derive(Clone)]
pub(super) struct SigningKey {
    pub(super) kid: String,
    pub(super) algorithm: Algorithm,
    pair: Pair,
}

#[derive(Clone)]
struct Pair {
    private: EncodingKey,
    /// The members of the JWK that hold the public key.
    public: Value,
}

impl SigningKey {
    /// The issuer's key of that generation.
    pub(super) fn new(algorithm: Algorithm, kid: String, generation: usize) -> Self {
        let pair = match algorithm {
            Algorithm::RS256 | Algorithm::PS256 => rsa(generation),
            Algorithm::ES256 => ec(&ECDSA_P256_SHA256_FIXED_SIGNING, "P-256"),
            Algorithm::ES384 => ec(&ECDSA_P384_SHA384_FIXED_SIGNING, "P-384"),
            _ => ed25519(),
        };
        Self {
            kid,
            algorithm,
            pair,
        }
    }

    pub(super) fn jwk(&self) -> Value {
        let mut jwk = self.pair.public.clone();
        if let Value::Object(members) = &mut jwk {
            members.insert("kid".into(), self.kid.as_str().into());
            members.insert("alg".into(), self.algorithm.as_str().into());
            members.insert("use".into(), "sig".into());
        }
        jwk
    }

    /// Makes the compact form.
    ///
    /// The backend is named here instead of being the process's: two crates of one program that
    /// enable different ones leave the process without any, and `jsonwebtoken::encode` panics.
    pub(super) fn sign(&self, header: &str, claims: &str) -> String {
        let message = format!("{}.{}", encode(header), encode(claims));
        let new_signer = aws_lc::DEFAULT_PROVIDER.signer_factory;
        let signature = new_signer(&minted(self.algorithm), &self.pair.private)
            .ok()
            .and_then(|signer| signer.try_sign(message.as_bytes()).ok())
            .expect("the key was made for this algorithm");
        format!("{message}.{}", encode(signature))
    }
}

pub(super) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn minted(algorithm: Algorithm) -> jsonwebtoken::Algorithm {
    match algorithm {
        Algorithm::RS256 => jsonwebtoken::Algorithm::RS256,
        Algorithm::PS256 => jsonwebtoken::Algorithm::PS256,
        Algorithm::ES256 => jsonwebtoken::Algorithm::ES256,
        Algorithm::ES384 => jsonwebtoken::Algorithm::ES384,
        _ => jsonwebtoken::Algorithm::EdDSA,
    }
}

/// RSA keys take long to make, so all issuers of a process share those of one generation.
fn rsa(generation: usize) -> Pair {
    static MADE: Mutex<Vec<Arc<Pair>>> = Mutex::new(Vec::new());
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        if let Some(pair) = made.get(generation) {
            return Pair::clone(pair);
        }
        made.push(Arc::new(new_rsa()));
    }
}

fn new_rsa() -> Pair {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("the system has randomness");
    let pkcs8 = pair.as_der().expect("a new key can be written");
    // `jsonwebtoken` wants the PKCS #1 form, which stands in the PKCS #8 form after a head whose
    // length is the same for every key of this size (RFC 5208 §5).
    let pkcs1 = pkcs8.as_ref().get(26..).unwrap_or_default();
    let public = pair.public_key();
    Pair {
        private: EncodingKey::from_rsa_der(pkcs1),
        public: json!({
            "kty": "RSA",
            "n": encode(public.modulus().big_endian_without_leading_zero()),
            "e": encode(public.exponent().big_endian_without_leading_zero()),
        }),
    }
}

fn ec(algorithm: &'static EcdsaSigningAlgorithm, curve: &str) -> Pair {
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new())
        .expect("the system has randomness");
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref()).expect("made a moment ago");
    // SEC 1 §2.3.3: a byte that says "uncompressed", then both coordinates, equally long.
    let point = pair.public_key().as_ref().get(1..).unwrap_or_default();
    let (x, y) = point.split_at(point.len() / 2);
    Pair {
        private: EncodingKey::from_ec_der(pkcs8.as_ref()),
        public: json!({"kty": "EC", "crv": curve, "x": encode(x), "y": encode(y)}),
    }
}

fn ed25519() -> Pair {
    let pkcs8 =
        Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("the system has randomness");
    let pair = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).expect("made a moment ago");
    Pair {
        private: EncodingKey::from_ed_der(pkcs8.as_ref()),
        public: json!({"kty": "OKP", "crv": "Ed25519", "x": encode(pair.public_key())}),
    }
}

/// A text that nobody has used: 128 random bits.
pub(super) fn random() -> String {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).expect("the system has randomness");
    encode(bytes)
}
