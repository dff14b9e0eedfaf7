//! Required claims beside times, issuer and audience.

use std::fmt;

use super::{
    JoseError,
    json::{Fault, Value},
    user_id::member,
};
use crate::context::ClaimPath;

/// The value that a claim must have: a text, a flag or an integer.
///
/// Converts from `&str`, `String`, `bool`, `i32` and `i64`, so your code seldom names it.
///
/// # Example
///
/// ```
/// use tower_auth::jose::ClaimRules;
///
/// let rules = ClaimRules::new()
///     .require_claim("token_use", "access")
///     .require_claim("account.active", true);
/// # let _ = rules;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClaimValue {
    /// A JSON string that equals this text, escapes resolved.
    Text(Box<str>),
    /// `true` or `false`.
    Flag(bool),
    /// An integer, written without a fraction or an exponent.
    Integer(i64),
}

/// One claim and the value that it must have.
#[derive(Clone, Debug)]
pub(crate) struct Requirement {
    pub(crate) claim: ClaimPath,
    pub(crate) value: ClaimValue,
}

impl Requirement {
    /// Checks the claims; the error says what is wrong with the required claim.
    pub(crate) fn check(&self, json: &str) -> Result<(), JoseError> {
        let found = self.claim.walk(Value::Object(json), member);
        match found.map_err(|fault: Fault| JoseError::from(fault))? {
            None => Err(JoseError::ClaimMissing),
            Some(found) if self.value.is(found) => Ok(()),
            Some(_) => Err(JoseError::ClaimMismatch),
        }
    }
}

impl ClaimValue {
    fn is(&self, found: Value<'_>) -> bool {
        match (self, found) {
            (Self::Text(wanted), Value::Text(text)) => text.is(wanted),
            (Self::Flag(wanted), Value::True) => *wanted,
            (Self::Flag(wanted), Value::False) => !*wanted,
            (Self::Integer(wanted), Value::Number(number)) => *number == wanted.to_string(),
            _ => false,
        }
    }
}

impl fmt::Display for ClaimValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Flag(flag) => fmt::Display::fmt(flag, f),
            Self::Integer(number) => fmt::Display::fmt(number, f),
        }
    }
}

impl From<&str> for ClaimValue {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for ClaimValue {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<bool> for ClaimValue {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<i32> for ClaimValue {
    fn from(number: i32) -> Self {
        Self::Integer(number.into())
    }
}

impl From<i64> for ClaimValue {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}
