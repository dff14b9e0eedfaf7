//! The JOSE header of a token (RFC 7515 §4).

use super::{
    Algorithm, JoseError,
    json::{Fault, Members, Text, Value},
};

/// The type of a token, from the `typ` of its header.
///
/// # Example
///
/// ```
/// use tower_auth::jose::{Jws, TokenType};
///
/// // {"alg":"HS256","typ":"at+jwt"}
/// let jws = Jws::parse("eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9.e30.AA")?;
/// assert_eq!(jws.token_type(), Some(TokenType::AccessToken));
/// # Ok::<(), tower_auth::jose::JoseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenType {
    /// `JWT`: any token.
    Jwt,
    /// `at+jwt`: an access token of RFC 9068.
    AccessToken,
    /// A type that was accepted by name: see
    /// [`HeaderRules::accept_typ`](super::HeaderRules::accept_typ).
    Named,
}

/// The members of a header that are used.
#[derive(Debug)]
pub(crate) struct Header<'a> {
    pub(crate) algorithm: Algorithm,
    pub(crate) kid: Option<Text<'a>>,
    pub(crate) token_type: Option<TokenType>,
    /// The `typ` where it is neither `JWT` nor `at+jwt`; it is not accepted yet.
    pub(crate) type_name: Option<Box<str>>,
}

impl<'a> Header<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, JoseError> {
        let text = std::str::from_utf8(bytes).map_err(|_| JoseError::BadUtf8)?;
        let mut members = Members::of(text).map_err(|fault| match fault {
            Fault::WrongType => JoseError::HeaderNotObject,
            other => other.into(),
        })?;
        let (mut algorithm, mut kid, mut token_type) = (None, None, None);
        let mut type_name = None;
        while let Some((name, value)) = members.next()? {
            match name.cow().as_bytes() {
                b"alg" => algorithm = Some(read_algorithm(value)?),
                b"kid" => kid = Some(text_or(value, JoseError::BadKid)?),
                b"typ" => {
                    let (known, name) = read_type(value)?;
                    (token_type, type_name) = (Some(known), name);
                }
                // INVARIANT: no extension is understood, so none may be critical, and the payload
                // is always base64url.
                b"crit" => return Err(JoseError::Crit),
                b"b64" => return Err(JoseError::B64),
                // `jku`, `x5u`, `jwk`, `x5c` among them: no key ever comes from a token.
                _ => {}
            }
        }
        Ok(Self {
            algorithm: algorithm.ok_or(JoseError::AlgMissing)?,
            kid,
            token_type,
            type_name,
        })
    }
}

fn read_algorithm(value: Value<'_>) -> Result<Algorithm, JoseError> {
    let name = text_or(value, JoseError::AlgUnknown)?.cow();
    if name.eq_ignore_ascii_case("none") {
        return Err(JoseError::AlgNone);
    }
    Algorithm::from_name(&name).ok_or(JoseError::AlgUnknown)
}

fn read_type(value: Value<'_>) -> Result<(TokenType, Option<Box<str>>), JoseError> {
    let typ = text_or(value, JoseError::Typ)?.cow();
    let name = without_application(&typ);
    Ok(if name.eq_ignore_ascii_case("JWT") {
        (TokenType::Jwt, None)
    } else if name.eq_ignore_ascii_case("at+jwt") {
        (TokenType::AccessToken, None)
    } else {
        (TokenType::Named, Some(name.into()))
    })
}

/// RFC 7515 §4.1.9: `application/` may be left out, and media types know no case.
pub(super) fn without_application(typ: &str) -> &str {
    match typ.split_at_checked(APPLICATION.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(APPLICATION) => rest,
        _ => typ,
    }
}

fn text_or<'a>(value: Value<'a>, error: JoseError) -> Result<Text<'a>, JoseError> {
    match value {
        Value::Text(text) => Ok(text),
        _ => Err(error),
    }
}

const APPLICATION: &str = "application/";
