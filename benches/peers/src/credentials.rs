//! What callers show: one issuer's tokens, the same claims in each, and API keys.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};
use tower_auth::{
    jose::Algorithm,
    testing::{IssuerEndpoint, TestIssuer},
};

/// The algorithms that issuers use, in the order of the tables.
pub const ALGORITHMS: [Algorithm; 4] = [
    Algorithm::HS256,
    Algorithm::RS256,
    Algorithm::ES256,
    Algorithm::EdDSA,
];

/// Everything that contenders are built from and called with.
#[derive(Debug)]
pub struct Credentials {
    issuer: TestIssuer,
    tokens: Vec<Signed>,
}

/// A token, the key that it is checked with, and a forgery of it.
#[derive(Clone)]
pub struct Signed {
    /// What it is signed with.
    pub algorithm: Algorithm,
    /// The token.
    pub token: String,
    /// Another caller's token.
    pub other: String,
    /// The same header and claims under the signature of another token: only who checks the
    /// signature refuses it.
    pub forged: String,
    /// The key: public, or for HS256 the secret.
    pub jwk: Value,
}

impl Credentials {
    /// Starts the issuer, on a loopback port, and mints the tokens.
    pub fn new() -> Self {
        let asymmetric = ALGORITHMS.into_iter().skip(1);
        let issuer = TestIssuer::builder().with_algorithms(asymmetric).start();
        let tokens = ALGORITHMS.map(|algorithm| Signed::new(&issuer, algorithm));
        Self {
            tokens: tokens.into(),
            issuer,
        }
    }

    /// Whose tokens they are: their `iss`, and where its documents are.
    pub fn issuer(&self) -> &str {
        self.issuer.url()
    }

    /// Where the issuer publishes its keys.
    pub fn jwks_uri(&self) -> String {
        self.issuer.endpoint(IssuerEndpoint::Jwks)
    }

    /// One token for each of [`ALGORITHMS`].
    pub fn tokens(&self) -> &[Signed] {
        &self.tokens
    }

    /// The token of an algorithm.
    ///
    /// # Panics
    ///
    /// It is none of [`ALGORITHMS`].
    pub fn token(&self, algorithm: Algorithm) -> &Signed {
        let mut tokens = self.tokens.iter();
        let found = tokens.find(|token| token.algorithm == algorithm);
        found.expect("there is a token for each algorithm")
    }
}

impl Default for Credentials {
    fn default() -> Self {
        Self::new()
    }
}

impl Signed {
    fn new(issuer: &TestIssuer, algorithm: Algorithm) -> Self {
        let (ada, eve) = (claims(issuer, "ada"), claims(issuer, "eve"));
        if algorithm == Algorithm::HS256 {
            return Self::with(algorithm, secret_jwk(), hs256, [ada, eve]);
        }
        let mint = |claims: &Value| {
            let token = issuer.token().with_algorithm(algorithm);
            token.with_raw_claims(claims.to_string()).mint()
        };
        let jwk = issuer.jwk(&issuer.key_id(algorithm));
        Self::with(algorithm, jwk, mint, [ada, eve])
    }

    fn with(
        algorithm: Algorithm,
        jwk: Value,
        mint: impl Fn(&Value) -> String,
        [claims, others]: [Value; 2],
    ) -> Self {
        let (token, other) = (mint(&claims), mint(&others));
        let forged = format!("{}.{}", signed_part(&token), signature(&other));
        Self {
            algorithm,
            token,
            other,
            forged,
            jwk,
        }
    }

    /// What is signed.
    pub fn message(&self) -> &str {
        signed_part(&self.token)
    }

    /// The signature, decoded.
    pub fn signature(&self) -> Vec<u8> {
        decode(signature(&self.token))
    }

    /// A member of the key that is base64url, decoded.
    ///
    /// # Panics
    ///
    /// The key has no such member.
    pub fn key_part(&self, member: &str) -> Vec<u8> {
        decode(self.jwk.get(member).and_then(Value::as_str).expect(member))
    }

    /// A key set that holds this key alone.
    pub fn jwks(&self) -> String {
        json!({ "keys": [self.jwk] }).to_string()
    }
}

impl std::fmt::Debug for Signed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signed")
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

/// An API key of 40 bytes.
pub fn api_key(index: usize) -> String {
    format!("sk-live-{index:032x}")
}

/// Ten claims, as an issuer puts them into an access token.
fn claims(issuer: &TestIssuer, subject: &str) -> Value {
    let now = std::time::SystemTime::UNIX_EPOCH
        .elapsed()
        .map_or(0, |since| since.as_secs());
    json!({
        "iss": issuer.url(),
        "aud": AUDIENCE,
        "sub": subject,
        "iat": now,
        "exp": now + LIFETIME.as_secs(),
        "jti": "7f3c9a52-0b1e-4d7a-9c7e-2f5f0d6b8a11",
        "scope": "agents:invoke graph:read",
        "email": format!("{subject}@example.com"),
        "roles": ["editor", "reviewer"],
        "team": "blue",
    })
}

fn secret_jwk() -> Value {
    json!({"kty": "oct", "alg": "HS256", "kid": SECRET_ID, "k": URL_SAFE_NO_PAD.encode(SECRET)})
}

fn hs256(claims: &Value) -> String {
    let mut header = Header::new(jsonwebtoken::Algorithm::HS256);
    header.kid = Some(SECRET_ID.to_owned());
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    jsonwebtoken::encode(&header, claims, &key).expect("claims are JSON")
}

fn split(token: &str) -> (&str, &str) {
    token.rsplit_once('.').expect("a token has three parts")
}

fn signed_part(token: &str) -> &str {
    split(token).0
}

fn signature(token: &str) -> &str {
    split(token).1
}

fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).expect("base64url")
}

/// The audience of every token.
pub const AUDIENCE: &str = TestIssuer::AUDIENCE;
/// What HS256 tokens are signed with.
pub const SECRET: &str = "a secret for benches: 32 bytes or more of it";
const SECRET_ID: &str = "HS256-2f5f0d6b8a117f3c9a52";
/// No run lasts that long.
const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_rsa_token_has_ten_claims_and_about_780_bytes() {
        let credentials = Credentials::new();
        let token = &credentials.token(Algorithm::RS256).token;
        assert!((760..=800).contains(&token.len()), "{}", token.len());
        let claims = token.split('.').nth(1).unwrap();
        let claims: Value = serde_json::from_slice(&decode(claims)).unwrap();
        assert_eq!(claims.as_object().unwrap().len(), 10);
    }

    #[test]
    fn a_forgery_differs_from_its_token_in_the_signature_alone() {
        for signed in Credentials::new().tokens() {
            assert_eq!(signed_part(&signed.forged), signed.message());
            assert_ne!(signature(&signed.forged), signature(&signed.token));
            assert_eq!(signed.forged.len(), signed.token.len());
        }
    }

    #[test]
    fn an_api_key_has_40_bytes() {
        assert_eq!(api_key(0).len(), 40);
        assert_eq!(api_key(999_999).len(), 40);
    }
}
