//! Tokens of a test issuer.

use std::{fmt, time::Duration};

use serde_json::{Map, Value};

use super::{
    issuer::TestIssuer,
    key::{SigningKey, random},
};
use crate::jose::Algorithm;

/// A token that a [`TestIssuer`] is about to mint.
///
/// Unless changed, it is right in everything: `iss` is the issuer, `aud` is
/// [`TestIssuer::AUDIENCE`], `sub` is `test-user`, `iat` is now, `exp` is in five minutes, `jti` is
/// random, and the header holds `alg`, `kid` and `typ: JWT`.
///
/// # Example
///
/// ```
/// use tower_auth::{jose::Algorithm, testing::TestIssuer};
///
/// let issuer = TestIssuer::builder().with_algorithms([Algorithm::ES256]).start();
/// let good = issuer.token().with_subject("ada").with_claim("scope", "read write").mint();
/// let eternal = issuer.token().without_claim("exp").mint();
/// let odd = issuer.token().with_raw_claims(r#"{"exp":1,"exp":2}"#).mint();
/// # let _ = (good, eternal, odd);
/// ```
///
/// Tokens that are unusual or wrong in one way:
///
/// ```
/// use std::time::Duration;
/// use tower_auth::{jose::Algorithm, testing::TestIssuer};
///
/// let issuer = TestIssuer::start();
/// let short = issuer.token().with_lifetime(Duration::from_secs(1)).mint();
/// let before = issuer.key_id(Algorithm::ES256);
/// issuer.rotate();
/// let by_an_old_key = issuer.token().with_algorithm(Algorithm::ES256).with_key(before).mint();
/// let odd_header = issuer.token().with_header("typ", "x").without_header("kid").mint();
/// let twice = issuer.token().with_raw_header(r#"{"alg":"RS256","alg":"none"}"#).mint();
/// let opaque = issuer.token().mint_opaque(); // known to the introspection endpoint alone
/// # let _ = (short, by_an_old_key, odd_header, twice, opaque);
/// ```
#[must_use = "a token is minted by `mint` or `mint_opaque`"]
#[derive(Clone)]
pub struct TestToken<'a> {
    issuer: &'a TestIssuer,
    algorithm: Option<Algorithm>,
    key_id: Option<String>,
    header: Map<String, Value>,
    removed: Vec<String>,
    raw_header: Option<String>,
    claims: Map<String, Value>,
    raw_claims: Option<String>,
}

impl TestIssuer {
    /// Begins a token.
    pub fn token(&self) -> TestToken<'_> {
        TestToken::new(self, self.now())
    }
}

impl<'a> TestToken<'a> {
    fn new(issuer: &'a TestIssuer, now: u64) -> Self {
        let claims = Map::from_iter([
            ("iss".into(), issuer.url().into()),
            ("aud".into(), TestIssuer::AUDIENCE.into()),
            ("sub".into(), "test-user".into()),
            ("iat".into(), now.into()),
            ("exp".into(), (now + LIFETIME).into()),
            ("jti".into(), random().into()),
        ]);
        Self {
            issuer,
            algorithm: None,
            key_id: None,
            header: Map::new(),
            removed: Vec::new(),
            raw_header: None,
            claims,
            raw_claims: None,
        }
    }

    /// Replaces the algorithm, the first of the issuer's unless set: signs with the newest key of
    /// that one.
    pub fn with_algorithm(mut self, algorithm: Algorithm) -> Self {
        self.algorithm = Some(algorithm);
        self
    }

    /// Signs with the key of that id, also one that is published no more.
    pub fn with_key(mut self, key_id: impl Into<String>) -> Self {
        self.key_id = Some(key_id.into());
        self
    }

    /// Replaces `sub`.
    pub fn with_subject(self, subject: impl Into<String>) -> Self {
        self.with_claim("sub", subject.into())
    }

    /// Replaces `aud`.
    pub fn with_audience(self, audience: impl Into<String>) -> Self {
        self.with_claim("aud", audience.into())
    }

    /// Replaces `scope`: scopes with spaces between them.
    pub fn with_scope(self, scope: impl Into<String>) -> Self {
        self.with_claim("scope", scope.into())
    }

    /// Replaces `exp`, counted from the issuer's present time.
    pub fn with_lifetime(self, lifetime: Duration) -> Self {
        let exp = self.issuer.now().saturating_add(lifetime.as_secs());
        self.with_claim("exp", exp)
    }

    /// Adds a claim, or replaces it.
    pub fn with_claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.claims.insert(name.into(), value.into());
        self
    }

    /// Leaves a claim out.
    pub fn without_claim(mut self, name: &str) -> Self {
        self.claims.remove(name);
        self
    }

    /// Replaces all claims by a text, which need not be JSON.
    pub fn with_raw_claims(mut self, text: impl Into<String>) -> Self {
        self.raw_claims = Some(text.into());
        self
    }

    /// Adds a member to the header, or replaces it; the signature stays that of the key.
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.header.insert(name.into(), value.into());
        self
    }

    /// Leaves a member of the header out.
    pub fn without_header(mut self, name: impl Into<String>) -> Self {
        self.removed.push(name.into());
        self
    }

    /// Replaces the header by a text, which need not be JSON; the signature stays that of the key.
    pub fn with_raw_header(mut self, text: impl Into<String>) -> Self {
        self.raw_header = Some(text.into());
        self
    }

    /// Makes a JWT.
    ///
    /// The issuer's introspection and userinfo endpoints know it too.
    ///
    /// # Panics
    ///
    /// The issuer has no key of that algorithm or id.
    pub fn mint(self) -> String {
        let claims = self.claims_text();
        let key = self
            .issuer
            .signing_key(self.algorithm, self.key_id.as_deref());
        let token = key.sign(&self.header_text(&key), &claims);
        self.issuer.remember(token.clone(), claims);
        token
    }

    /// Makes an opaque token, which only the issuer's endpoints can tell about.
    pub fn mint_opaque(self) -> String {
        let token = random();
        self.issuer.remember(token.clone(), self.claims_text());
        token
    }

    fn claims_text(&self) -> String {
        let written = || Value::Object(self.claims.clone()).to_string();
        self.raw_claims.clone().unwrap_or_else(written)
    }

    fn header_text(&self, key: &SigningKey) -> String {
        if let Some(text) = &self.raw_header {
            return text.clone();
        }
        let mut header = Map::from_iter([
            ("alg".into(), key.algorithm.as_str().into()),
            ("kid".into(), key.kid.as_str().into()),
            ("typ".into(), "JWT".into()),
        ]);
        header.extend(self.header.clone());
        for name in &self.removed {
            header.remove(name);
        }
        Value::Object(header).to_string()
    }
}

impl fmt::Debug for TestToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestToken")
            .field("header", &self.header)
            .field("claims", &self.claims)
            .finish_non_exhaustive()
    }
}

const LIFETIME: u64 = 300;
