//! The claims of a token whose signature verified (RFC 7519 §4).

use std::borrow::Cow;

use super::{
    JoseError,
    json::{Fault, Items, Members, Text, Value},
    number::time,
    user_id::{UserId, UserIdClaim, UserIdClaims, member, non_empty, text_or_integer},
};
use crate::{context::ClaimPath, scope::Scopes};

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
///
/// Registered claims that a token may lack:
///
/// ```
/// use tower_auth::jose::ClaimRules;
///
/// let json = r#"{"sub":"ada","exp":1800000060,"nbf":1799999990,"iat":1799999990,"jti":"t-1"}"#;
/// let rules = ClaimRules::new();
/// let claims = rules.check(json, 1_800_000_000)?;
/// assert_eq!(claims.user_id_claim(), "sub");
/// assert_eq!((claims.not_before(), claims.issued_at()), (Some(1_799_999_990), Some(1_799_999_990)));
/// assert_eq!(claims.token_id(), Some("t-1"));
/// assert!(!claims.is_sender_constrained());
/// # Ok::<(), tower_auth::jose::JoseError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Claims<'a> {
    json: &'a str,
    user_id: UserId<'a>,
    issuer: Option<Cow<'a, str>>,
    audience: Option<TextOrList<'a>>,
    /// The claim that stands for `aud`.
    stand_in: Option<TextOrList<'a>>,
    is_sender_constrained: bool,
    token_id: Option<Cow<'a, str>>,
    expires_at: Option<u64>,
    not_before: Option<u64>,
    issued_at: Option<u64>,
    scope: Option<TextOrList<'a>>,
}

/// The names of the claims that differ between issuers.
#[derive(Clone, Debug)]
pub(crate) struct ClaimNames {
    pub(crate) scope: ClaimPath,
    pub(crate) user_id: UserIdClaims,
    /// The claim that stands for `aud`.
    pub(crate) audience: Option<Box<str>>,
}

impl<'a> Claims<'a> {
    /// Reads the claims once, from the front to the end, and checks the type of each known claim.
    ///
    /// Claims inside other claims are looked for afterwards.
    pub(crate) fn parse(json: &'a str, names: &ClaimNames) -> Result<Self, JoseError> {
        let mut members = Members::of(json).map_err(|fault| match fault {
            Fault::WrongType => JoseError::ClaimsNotObject,
            other => other.into(),
        })?;
        let (mut issuer, mut audience, mut token_id, mut scope) = (None, None, None, None);
        let (mut expires_at, mut not_before, mut issued_at) = (None, None, None);
        let (mut sub, mut user_id, mut id) = (None, None, None);
        let (mut stand_in, mut is_sender_constrained) = (None, false);
        let (scope_claim, audience_claim) = (names.scope.plain_name(), names.audience.as_deref());
        while let Some((name, value)) = members.next()? {
            if scope_claim.is_some_and(|claim| name.is(claim)) {
                scope = Some(read_scope(value)?);
            }
            if audience_claim.is_some_and(|claim| name.is(claim)) {
                stand_in = Some(read_audience(value)?);
            }
            match name.cow().as_bytes() {
                b"iss" => issuer = Some(string(value, JoseError::BadIss)?.cow()),
                b"aud" => audience = Some(read_audience(value)?),
                b"jti" => token_id = Some(string(value, JoseError::BadJti)?.cow()),
                b"exp" => expires_at = Some(time(value).ok_or(JoseError::BadExp)?),
                b"nbf" => not_before = Some(time(value).ok_or(JoseError::BadNbf)?),
                b"iat" => issued_at = Some(time(value).ok_or(JoseError::BadIat)?),
                b"cnf" => is_sender_constrained = confirms(value),
                b"sub" => sub = Some(value),
                b"user_id" => user_id = Some(value),
                b"id" => id = Some(value),
                _ => {}
            }
        }
        if scope_claim.is_none() {
            let found = names.scope.walk(Value::Object(json), member)?;
            scope = found.map(read_scope).transpose()?;
        }
        let user_id = if names.user_id.are_chosen() {
            let found = names.user_id.find(json, |_| false)?;
            found.ok_or(JoseError::UserIdMissing)?
        } else {
            // The first claim that is present decides; if it cannot be used, no other claim replaces
            // it.
            let (claim, user_id) = match (sub, user_id, id) {
                (Some(sub), _, _) => ("sub", non_empty(sub)),
                (None, Some(user_id), _) => ("user_id", text_or_integer(user_id)),
                (None, None, Some(id)) => ("id", text_or_integer(id)),
                (None, None, None) => return Err(JoseError::UserIdMissing),
            };
            UserId::usual(user_id.ok_or(JoseError::BadUserId)?, claim, claim == "sub")
        };
        Ok(Self {
            json,
            user_id,
            issuer,
            audience,
            stand_in,
            is_sender_constrained,
            token_id,
            expires_at,
            not_before,
            issued_at,
            scope,
        })
    }

    /// The user id: the value of the first user id claim that is present. The user id claims are
    /// `sub`, `user_id` and `id` unless the rules name others.
    pub fn user_id(&self) -> &str {
        &self.user_id.text
    }

    /// The name of the claim that the user id is from.
    pub fn user_id_claim(&self) -> &str {
        &self.user_id.claim.name
    }

    pub(crate) fn user_id_found(&self) -> &UserIdClaim {
        &self.user_id.claim
    }

    /// `iss`: the issuer.
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// `aud`: the services that the token is meant for.
    pub fn audiences(&self) -> impl Iterator<Item = Cow<'a, str>> + use<'a> {
        texts(self.audience).map(Text::cow)
    }

    /// Whether `cnf` binds the token to a key of its holder (RFC 7800, RFC 8705, RFC 9449).
    ///
    /// A `cnf` of any other type than an object counts as well, because its meaning is unknown.
    pub fn is_sender_constrained(&self) -> bool {
        self.is_sender_constrained
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

    /// The scopes that the token grants; `*` among them means nothing special.
    pub fn scopes(&self) -> Scopes {
        scopes(self.scope)
    }

    /// The value of a string claim; `None` where the claim is absent or no string.
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

    /// `aud` and the claim that stands for it.
    pub(crate) fn audience_claims(&self) -> [Option<TextOrList<'a>>; 2] {
        [self.audience, self.stand_in]
    }
}

/// A string, or the JSON of an array whose items were checked to be strings.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TextOrList<'a> {
    Text(Text<'a>),
    List(&'a str),
}

/// The scopes in a scope claim; `*` among them means nothing special.
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

/// RFC 7519 §4.1.3: one string, or an array of strings. An empty array names no audience.
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

/// A string with spaces between the scopes (RFC 8693 §4.2), or an array with one scope in each item:
/// some issuers write `scope` as an array too.
pub(crate) fn read_scope(value: Value<'_>) -> Result<TextOrList<'_>, JoseError> {
    match value {
        Value::Text(text) => Ok(TextOrList::Text(text)),
        // An item with a space in it would count as two scopes.
        Value::Array(json) => {
            count_strings(json, |text| !text.is_empty() && !text.cow().contains(' '))
                .map(|_| TextOrList::List(json))
                .ok_or(JoseError::BadScope)
        }
        _ => Err(JoseError::BadScope),
    }
}

/// Whether a `cnf` (RFC 7800 §3.1) binds the token to a key: with any member, known here or not.
///
/// Only an object without members binds the token to nothing. A value that is no object is not
/// understood, so it counts as a binding.
pub(crate) fn confirms(value: Value<'_>) -> bool {
    let Value::Object(json) = value else {
        return true;
    };
    !matches!(
        Members::of(json).and_then(|mut members| members.next()),
        Ok(None)
    )
}

/// Whether a claim that was read holds that audience.
pub(crate) fn holds(audience: TextOrList<'_>, wanted: &str) -> bool {
    texts(Some(audience)).any(|text| text.is(wanted))
}

/// The number of items of an array; `None` unless every item is a string of that kind.
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
