//! The accepted types of tokens.

use super::{JoseError, Jws, TokenType, header::without_application};

/// The rules for a token's header: which further types are accepted.
///
/// # Example
///
/// ```
/// use tower_auth::jose::{HeaderRules, JoseError, Jws, TokenType};
///
/// // {"alg":"HS256","typ":"client-authentication+jwt"}
/// let token = "eyJhbGciOiJIUzI1NiIsInR5cCI6ImNsaWVudC1hdXRoZW50aWNhdGlvbitqd3QifQ.e30.AA";
/// assert_eq!(Jws::parse(token).unwrap_err(), JoseError::Typ);
/// let rules = HeaderRules::new().accept_typ("client-authentication+jwt");
/// assert_eq!(rules.parse(token)?.token_type(), Some(TokenType::Named));
/// # Ok::<(), JoseError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct HeaderRules {
    /// Without `application/`.
    types: Vec<Box<str>>,
}

impl HeaderRules {
    /// The rules that [`Jws::parse`] has: no further `typ`.
    pub fn new() -> Self {
        Self::default()
    }

    /// Accepts a further `typ`, beside `JWT`, `at+jwt` and none: compared without case, with or
    /// without `application/` (RFC 7515 §4.1.9).
    ///
    /// # Security
    ///
    /// A `typ` keeps tokens of one purpose from being used for another (RFC 8725 §3.11). Name only the
    /// type that the issuer puts on access tokens: never `logout+jwt`, `dpop+jwt` or the type of an ID
    /// token.
    #[must_use]
    pub fn accept_typ(mut self, typ: impl Into<String>) -> Self {
        self.types.push(without_application(&typ.into()).into());
        self
    }

    /// Parses a token as [`Jws::parse`] does, by these rules.
    ///
    /// # Errors
    ///
    /// As [`Jws::parse`].
    pub fn parse<'t>(&self, token: &'t str) -> Result<Jws<'t>, JoseError> {
        self.parse_bytes(token.as_bytes())
    }

    /// Like [`parse`](Self::parse), for bytes that may not be UTF-8; such bytes are not base64url
    /// either.
    pub(crate) fn parse_bytes<'t>(&self, token: &'t [u8]) -> Result<Jws<'t>, JoseError> {
        let jws = Jws::parse_any_type(token)?;
        match jws.token_type() {
            Some(TokenType::Named) if !self.accepts(jws.type_name()) => Err(JoseError::Typ),
            _ => Ok(jws),
        }
    }

    fn accepts(&self, name: &str) -> bool {
        let mut types = self.types.iter();
        types.any(|accepted| accepted.eq_ignore_ascii_case(name))
    }
}
