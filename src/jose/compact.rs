//! The compact serialization of a JWS (RFC 7515 §7.1).

use std::{
    fmt,
    ops::Bound::{self, Excluded, Unbounded},
};

use memchr::memchr_iter;

use super::{
    Algorithm, JoseError, Key, TokenType, base64url,
    header::Header,
    json::{Members, Value},
};

/// A compact JWS that was parsed and not verified.
///
/// Its payload can be read only with a key, except by the methods with `unverified` in their names.
///
/// # Example
///
/// ```
/// use tower_auth::jose::{Algorithm, JoseError, Jws, Key};
///
/// // RFC 8037 appendix A.4
/// let token = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.\
///              hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
/// let key = Key::from_jwk_with(
///     Algorithm::EdDSA,
///     r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
/// )?;
/// let jws = Jws::parse(token)?;
/// assert_eq!(jws.algorithm(), Algorithm::EdDSA);
/// assert_eq!(jws.verify(&key)?, b"Example of Ed25519 signing");
///
/// let other = Key::hmac(Algorithm::HS256, "an example secret of 32 bytes …")?;
/// assert_eq!(Jws::parse(token)?.verify(&other), Err(JoseError::AlgMismatch));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The key id in the header, before anything is verified:
///
/// ```
/// use tower_auth::jose::Jws;
///
/// let header = "eyJhbGciOiJIUzI1NiIsImtpZCI6ImsxIn0"; // {"alg":"HS256","kid":"k1"}
/// let claims = "eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIn0"; // {"iss":"https://issuer.example"}
/// let token = format!("{header}.{claims}.{}", "A".repeat(43));
/// let jws = Jws::parse(&token)?;
/// assert_eq!(jws.key_id(), Some("k1"));
/// assert_eq!(jws.unverified_issuer()?.as_deref(), Some("https://issuer.example"));
/// # Ok::<(), tower_auth::jose::JoseError>(())
/// ```
#[derive(Clone)]
pub struct Jws<'t> {
    signing_input: &'t [u8],
    /// The payload, the header and the signature, in this order, in one allocation. To hand the
    /// payload on, the rest is cut off.
    decoded: Vec<u8>,
    payload_len: usize,
    signature_at: usize,
    algorithm: Algorithm,
    key_id: Option<Box<str>>,
    token_type: Option<TokenType>,
    type_name: Option<Box<str>>,
}

impl<'t> Jws<'t> {
    /// The maximum length of a token, in bytes.
    pub(crate) const MAX_LEN: usize = 64 * 1024;

    /// Splits a token into three parts of strict base64url, and parses its header.
    ///
    /// The payload may be empty here, as RFC 7515 allows; [`verify_claims`](Self::verify_claims)
    /// does not allow it.
    ///
    /// # Errors
    ///
    /// A [`JoseError`] that names the first fault. A token longer than 64 KiB is refused before
    /// anything else is checked.
    pub fn parse(token: &'t str) -> Result<Self, JoseError> {
        Self::parse_bytes(token.as_bytes())
    }

    /// Like [`parse`](Self::parse), for bytes that may not be UTF-8; such bytes are not base64url
    /// either.
    pub(crate) fn parse_bytes(token: &'t [u8]) -> Result<Self, JoseError> {
        let jws = Self::parse_any_type(token)?;
        match jws.token_type {
            Some(TokenType::Named) => Err(JoseError::Typ),
            _ => Ok(jws),
        }
    }

    /// Like [`parse_bytes`](Self::parse_bytes), but accepts every type of token.
    ///
    /// INVARIANT: the caller then checks the type with the rules of one issuer.
    pub(crate) fn parse_any_type(token: &'t [u8]) -> Result<Self, JoseError> {
        let Parts {
            signing_input,
            header,
            payload,
            signature,
        } = Parts::of(token)?;
        if header.is_empty() || signature.is_empty() {
            return Err(JoseError::EmptyPart);
        }

        // Three bytes for four characters, and the rounding of three parts.
        let mut decoded = Vec::with_capacity(token.len() / 4 * 3 + 6);
        let mut append = |part| base64url::append(&mut decoded, part).ok_or(JoseError::BadBase64);
        let payload_len = append(payload)?;
        let signature_at = append(header)?;
        append(signature)?;

        let header = decoded.get(payload_len..signature_at).unwrap_or_default();
        let header = Header::parse(header)?;
        let (algorithm, token_type, type_name) =
            (header.algorithm, header.token_type, header.type_name);
        let key_id = header.kid.map(|kid| kid.cow().into());
        Ok(Self {
            signing_input,
            decoded,
            payload_len,
            signature_at,
            algorithm,
            key_id,
            token_type,
            type_name,
        })
    }

    /// The `iss` claim of a token that was not verified. The header and the signature are not checked.
    ///
    /// Where several issuers have different [`HeaderRules`](super::HeaderRules), this value chooses
    /// the rules that parse the token.
    ///
    /// # Security
    ///
    /// Use the value only to choose the issuer whose keys and rules judge the token. Those rules must
    /// then require the issuer ([`ClaimRules::with_issuer`](super::ClaimRules::with_issuer)).
    ///
    /// # Errors
    ///
    /// The token is longer than 64 KiB or does not have three parts, its claims cannot be read, or
    /// `iss` is not a string.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::jose::Jws;
    ///
    /// // {"alg":"HS256"} and {"iss":"https://issuer.example"}
    /// let token = "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIn0.AA";
    /// assert_eq!(Jws::peek_issuer(token)?.as_deref(), Some("https://issuer.example"));
    /// # Ok::<(), tower_auth::jose::JoseError>(())
    /// ```
    pub fn peek_issuer(token: impl AsRef<[u8]>) -> Result<Option<String>, JoseError> {
        let payload = Parts::of(token.as_ref())?.payload;
        let mut claims = Vec::with_capacity(payload.len() / 4 * 3 + 3);
        base64url::append(&mut claims, payload).ok_or(JoseError::BadBase64)?;
        issuer_of(text(&claims)?)
    }

    /// Checks the signature and returns the payload.
    ///
    /// # Errors
    ///
    /// [`JoseError::AlgMismatch`] where the key's algorithm is not the header's, and
    /// [`JoseError::BadSignature`].
    pub fn verify(mut self, key: &Key) -> Result<Vec<u8>, JoseError> {
        if key.algorithm() != self.algorithm {
            return Err(JoseError::AlgMismatch);
        }
        if !self.is_signed_with(key) {
            return Err(JoseError::BadSignature);
        }
        // Claims are remembered. With the header and the signature beside them, the memory would hold
        // a usable token.
        if let Some(rest) = self.decoded.get_mut(self.payload_len..) {
            rest.fill(0);
        }
        self.decoded.truncate(self.payload_len);
        Ok(self.decoded)
    }

    /// Whether the key is of the token's algorithm and its signature verifies.
    pub(crate) fn is_signed_with(&self, key: &Key) -> bool {
        let signature = self.decoded.get(self.signature_at..).unwrap_or_default();
        key.algorithm() == self.algorithm && key.verifies(self.signing_input, signature)
    }

    /// Checks the signature and returns the JSON text of the claims, for [`ClaimRules::check`].
    ///
    /// [`ClaimRules::check`]: super::ClaimRules::check
    ///
    /// # Errors
    ///
    /// As [`verify`](Self::verify); and [`JoseError::EmptyPart`], [`JoseError::BadUtf8`].
    pub fn verify_claims(self, key: &Key) -> Result<String, JoseError> {
        if self.payload_len == 0 {
            return Err(JoseError::EmptyPart);
        }
        String::from_utf8(self.verify(key)?).map_err(|_| JoseError::BadUtf8)
    }

    /// The algorithm that the header names.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The key id that the header names.
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// The `typ` in the header; `None` where the header has none.
    pub fn token_type(&self) -> Option<TokenType> {
        self.token_type
    }

    /// The name of a type that is [`TokenType::Named`].
    pub(super) fn type_name(&self) -> &str {
        self.type_name.as_deref().unwrap_or_default()
    }

    /// The `iss` claim, before anything is verified.
    ///
    /// # Security
    ///
    /// Use the value only to choose the issuer whose keys verify the token. The rules of that issuer
    /// must then require it ([`ClaimRules::with_issuer`]).
    ///
    /// [`ClaimRules::with_issuer`]: super::ClaimRules::with_issuer
    ///
    /// # Errors
    ///
    /// Where the claims cannot be read, or `iss` is not a string.
    pub fn unverified_issuer(&self) -> Result<Option<String>, JoseError> {
        issuer_of(self.unverified_claims()?)
    }

    /// The text of the claims, before anything is verified. It may serve to refuse the token, never to
    /// accept it.
    pub(crate) fn unverified_claims(&self) -> Result<&str, JoseError> {
        let payload = self.decoded.get(..self.payload_len).unwrap_or_default();
        text(payload)
    }
}

/// The parts of a token, as they were sent.
struct Parts<'t> {
    signing_input: &'t [u8],
    header: &'t [u8],
    payload: &'t [u8],
    signature: &'t [u8],
}

impl<'t> Parts<'t> {
    fn of(token: &'t [u8]) -> Result<Self, JoseError> {
        if token.len() > Jws::MAX_LEN {
            return Err(JoseError::TooLong);
        }
        let mut dots = memchr_iter(b'.', token);
        let (Some(first), Some(second), None) = (dots.next(), dots.next(), dots.next()) else {
            return Err(JoseError::NotThreeParts);
        };
        let part = |range: (Bound<usize>, Bound<usize>)| token.get(range).unwrap_or_default();
        Ok(Self {
            signing_input: part((Unbounded, Excluded(second))),
            header: part((Unbounded, Excluded(first))),
            payload: part((Excluded(first), Excluded(second))),
            signature: part((Excluded(second), Unbounded)),
        })
    }
}

fn text(claims: &[u8]) -> Result<&str, JoseError> {
    std::str::from_utf8(claims).map_err(|_| JoseError::BadUtf8)
}

fn issuer_of(claims: &str) -> Result<Option<String>, JoseError> {
    let mut members = Members::of(claims)?;
    let mut issuer = None;
    while let Some((name, value)) = members.next()? {
        if name.is("iss") {
            let Value::Text(text) = value else {
                return Err(JoseError::BadIss);
            };
            issuer = Some(text.cow().into_owned());
        }
    }
    Ok(issuer)
}

impl fmt::Debug for Jws<'_> {
    /// Shows the header only: the token itself is a credential.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jws")
            .field("algorithm", &self.algorithm)
            .field("key_id", &self.key_id)
            .field("token_type", &self.token_type)
            .finish_non_exhaustive()
    }
}
