//! The claims of a token whose signature verified (RFC 7519 §4).

use std::borrow::Cow;

use super::{
    JoseError,
    json::{Fault, Items, Members, Text, Value},
};
use crate::Scopes;

/// Claims that a set of [`ClaimRules`] accepted: every value is of the type it must have.
///
/// They borrow from the JSON text that [`Jws::verify_claims`] gave; a value is copied only where it
/// is written with escapes.
///
/// [`ClaimRules`]: super::ClaimRules
/// [`Jws::verify_claims`]: super::Jws::verify_claims
///
/// # Example
///
/// ```
/// use tower_auth::jose::ClaimRules;
///
/// let json = r#"{"sub":"ada","aud":["api","web"],"exp":1800000060,"scope":"read write"}"#;
/// let rules = ClaimRules::new().with_audience("api");
/// let claims = rules.check(json, 1_800_000_000)?;
/// assert_eq!(claims.user_id(), "ada");
/// assert_eq!(claims.expires_at(), Some(1_800_000_060));
/// assert!(claims.scopes().contains("write"));
/// assert!(claims.audiences().any(|audience| audience == "web"));
/// # Ok::<(), tower_auth::jose::JoseError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Claims<'a> {
    json: &'a str,
    user_id: Cow<'a, str>,
    user_id_claim: &'static str,
    issuer: Option<Cow<'a, str>>,
    audience: Option<TextOrList<'a>>,
    token_id: Option<Cow<'a, str>>,
    expires_at: Option<u64>,
    not_before: Option<u64>,
    issued_at: Option<u64>,
    scope: Option<TextOrList<'a>>,
}

impl<'a> Claims<'a> {
    /// Reads claims once, from the front to the end, and checks the type of each that is known.
    pub(crate) fn parse(json: &'a str, scope_claim: &str) -> Result<Self, JoseError> {
        let mut members = Members::of(json).map_err(|fault| match fault {
            Fault::WrongType => JoseError::ClaimsNotObject,
            other => other.into(),
        })?;
        let (mut issuer, mut audience, mut token_id, mut scope) = (None, None, None, None);
        let (mut expires_at, mut not_before, mut issued_at) = (None, None, None);
        let (mut sub, mut user_id, mut id) = (None, None, None);
        while let Some((name, value)) = members.next()? {
            if name.is(scope_claim) {
                scope = Some(read_scope(value, scope_claim)?);
            }
            match name.cow().as_bytes() {
                b"iss" => issuer = Some(string(value, JoseError::BadIss)?.cow()),
                b"aud" => audience = Some(read_audience(value)?),
                b"jti" => token_id = Some(string(value, JoseError::BadJti)?.cow()),
                b"exp" => expires_at = Some(time(value).ok_or(JoseError::BadExp)?),
                b"nbf" => not_before = Some(time(value).ok_or(JoseError::BadNbf)?),
                b"iat" => issued_at = Some(time(value).ok_or(JoseError::BadIat)?),
                b"sub" => sub = Some(value),
                b"user_id" => user_id = Some(value),
                b"id" => id = Some(value),
                _ => {}
            }
        }
        // The first that is there decides; if it cannot be used, no other stands in for it.
        let (user_id_claim, user_id) = match (sub, user_id, id) {
            (Some(sub), _, _) => ("sub", non_empty(sub)),
            (None, Some(user_id), _) => ("user_id", text_or_integer(user_id)),
            (None, None, Some(id)) => ("id", text_or_integer(id)),
            (None, None, None) => return Err(JoseError::UserIdMissing),
        };
        Ok(Self {
            json,
            user_id: user_id.ok_or(JoseError::BadUserId)?,
            user_id_claim,
            issuer,
            audience,
            token_id,
            expires_at,
            not_before,
            issued_at,
            scope,
        })
    }

    /// Who the token is for: the first of `sub`, `user_id` and `id` that is there.
    pub fn user_id(&self) -> &str {
        &self.user_id
    }

    /// Which claim the user id is from: `sub`, `user_id` or `id`.
    pub fn user_id_claim(&self) -> &'static str {
        self.user_id_claim
    }

    /// `iss`: who issued it.
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// `aud`: which services it is meant for.
    pub fn audiences(&self) -> impl Iterator<Item = Cow<'a, str>> + use<'a> {
        texts(self.audience).map(Text::cow)
    }

    /// `jti`: the token's own id.
    pub fn token_id(&self) -> Option<&str> {
        self.token_id.as_deref()
    }

    /// `exp`, in Unix seconds; a fraction is cut off.
    pub fn expires_at(&self) -> Option<u64> {
        self.expires_at
    }

    /// `nbf`, in Unix seconds; a fraction is cut off.
    pub fn not_before(&self) -> Option<u64> {
        self.not_before
    }

    /// `iat`, in Unix seconds; a fraction is cut off.
    pub fn issued_at(&self) -> Option<u64> {
        self.issued_at
    }

    /// What the token says its holder may do; `*` among it grants nothing special.
    pub fn scopes(&self) -> Scopes {
        scopes(self.scope)
    }

    /// The string that a claim holds, whatever its name; nothing where it is absent or no string.
    pub fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        let mut members = Members::of(self.json).ok()?;
        while let Some((found, value)) = members.next().ok()? {
            if found.is(name) {
                return string(value, JoseError::BadJson).ok().map(Text::cow);
            }
        }
        None
    }

    /// All the claims, as the issuer wrote them. `serde_json` can read the text.
    pub fn json(&self) -> &'a str {
        self.json
    }

    /// Whether `aud` is there at all.
    pub(crate) fn names_audience(&self) -> bool {
        self.audience.is_some()
    }

    /// Whether one of the audiences is that one.
    pub(crate) fn is_for(&self, audience: &str) -> bool {
        texts(self.audience).any(|text| text.is(audience))
    }
}

/// A string, or the JSON of an array of strings that was looked through.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TextOrList<'a> {
    Text(Text<'a>),
    List(&'a str),
}

/// What a scope claim grants; `*` among it grants nothing special.
pub(crate) fn scopes(claim: Option<TextOrList<'_>>) -> Scopes {
    match claim {
        None => Scopes::default(),
        Some(TextOrList::Text(text)) => Scopes::claimed(&text.cow()),
        Some(list) => {
            let tokens: Vec<_> = texts(Some(list)).map(Text::cow).collect();
            Scopes::claimed(&tokens.join(" "))
        }
    }
}

pub(crate) fn texts(value: Option<TextOrList<'_>>) -> impl Iterator<Item = Text<'_>> {
    let (one, list) = match value {
        None => (None, None),
        Some(TextOrList::Text(text)) => (Some(text), None),
        Some(TextOrList::List(json)) => (None, Items::of(json).ok()),
    };
    let mut list = list;
    let items = std::iter::from_fn(move || match list.as_mut()?.next() {
        Ok(Some(Value::Text(text))) => Some(text),
        _ => None,
    });
    one.into_iter().chain(items)
}

fn string(value: Value<'_>, error: JoseError) -> Result<Text<'_>, JoseError> {
    match value {
        Value::Text(text) => Ok(text),
        _ => Err(error),
    }
}

/// RFC 7519 §4.1.3: one string, or an array of strings. An empty array names nobody.
pub(crate) fn read_audience(value: Value<'_>) -> Result<TextOrList<'_>, JoseError> {
    match value {
        Value::Text(text) => Ok(TextOrList::Text(text)),
        Value::Array(json) => match count_strings(json, |_| true) {
            Some(1..) => Ok(TextOrList::List(json)),
            _ => Err(JoseError::BadAud),
        },
        _ => Err(JoseError::BadAud),
    }
}

/// `scope` is a string (RFC 8693 §4.2); other names have no standard, and hold either form.
pub(crate) fn read_scope<'a>(value: Value<'a>, claim: &str) -> Result<TextOrList<'a>, JoseError> {
    match value {
        Value::Text(text) => Ok(TextOrList::Text(text)),
        // An item with a space in it would count as two scopes.
        Value::Array(json) if claim != "scope" => {
            count_strings(json, |text| !text.is_empty() && !text.cow().contains(' '))
                .map(|_| TextOrList::List(json))
                .ok_or(JoseError::BadScope)
        }
        _ => Err(JoseError::BadScope),
    }
}

/// How many items an array has, where all of them are strings of that kind.
fn count_strings(json: &str, fits: impl Fn(Text<'_>) -> bool) -> Option<usize> {
    let mut items = Items::of(json).ok()?;
    let mut count = 0;
    while let Some(item) = items.next().ok()? {
        match item {
            Value::Text(text) if fits(text) => count += 1,
            _ => return None,
        }
    }
    Some(count)
}

/// A NumericDate (RFC 7519 §2): digits, with a fraction or without, up to the year 9999.
///
/// A sign or an exponent is refused, not computed: no issuer writes a time so, and what is never
/// computed cannot overflow. The fraction is cut off, as the clock's own is.
pub(crate) fn time(value: Value<'_>) -> Option<u64> {
    let Value::Number(number) = value else {
        return None;
    };
    let mut seconds: u64 = 0;
    let mut bytes = number.bytes();
    for byte in bytes.by_ref() {
        match byte {
            b'0'..=b'9' if seconds <= END_OF_YEAR_9999 => {
                seconds = seconds * 10 + u64::from(byte - b'0');
            }
            // INVARIANT: the number is JSON, so digits stand before the point and behind it.
            b'.' => break,
            _ => return None,
        }
    }
    (bytes.all(|byte| byte.is_ascii_digit()) && seconds <= END_OF_YEAR_9999).then_some(seconds)
}

pub(crate) fn non_empty(value: Value<'_>) -> Option<Cow<'_, str>> {
    match value {
        Value::Text(text) if !text.is_empty() => Some(text.cow()),
        _ => None,
    }
}

pub(crate) fn text_or_integer(value: Value<'_>) -> Option<Cow<'_, str>> {
    non_empty(value).or_else(|| integer(value))
}

/// An integer in the one way it can be written, so that one user has one id.
fn integer(value: Value<'_>) -> Option<Cow<'_, str>> {
    match value {
        Value::Number(number) if number != "-0" => {
            number.parse::<i128>().ok().map(|_| Cow::Borrowed(number))
        }
        _ => None,
    }
}

const END_OF_YEAR_9999: u64 = 253_402_300_799;
