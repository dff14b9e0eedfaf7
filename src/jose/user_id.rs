//! The user id in the claims of a token or in the answer of an endpoint.

use std::borrow::Cow;

use super::{
    JoseError,
    json::{Fault, Members, Text, Value, tree},
    number::integer,
};
use crate::context::{ClaimPath, VerifiedClaims};

/// The claims that may hold the user id, in the order in which they are looked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct UserIdClaims {
    /// The claims that a setting names; empty means the default claims.
    chosen: Box<[ClaimPath]>,
    accepts_unverified_email: bool,
}

/// The claim that holds the user id.
#[derive(Clone, Debug)]
pub(crate) struct UserIdClaim {
    pub(crate) name: Cow<'static, str>,
    /// Its name, unless it stands inside another claim.
    pub(crate) top_level: Option<Cow<'static, str>>,
    /// Whether it is the claim that is looked for first.
    pub(crate) is_first: bool,
}

/// A user id and where it was found.
#[derive(Clone, Debug)]
pub(crate) struct UserId<'a> {
    pub(crate) text: Cow<'a, str>,
    pub(crate) claim: UserIdClaim,
}

impl UserIdClaims {
    pub(crate) fn with<P: Into<ClaimPath>>(self, paths: impl IntoIterator<Item = P>) -> Self {
        Self {
            chosen: paths.into_iter().map(Into::into).collect(),
            ..self
        }
    }

    pub(crate) fn accept_unverified_email(mut self) -> Self {
        self.accepts_unverified_email = true;
        self
    }

    pub(crate) fn are_chosen(&self) -> bool {
        !self.chosen.is_empty()
    }

    /// The names of the claims that a setting names, or else of the default ones.
    pub(crate) fn names(&self, usual: &'static [&'static str]) -> impl Iterator<Item = &str> {
        let usual = match self.are_chosen() {
            true => &[],
            false => usual,
        };
        let chosen = self.chosen.iter().map(ClaimPath::as_str);
        chosen.chain(usual.iter().copied())
    }

    /// The first claim of the setting that is present. If it cannot be used, no other claim is tried.
    ///
    /// `is_absent` says which values count as absent.
    pub(crate) fn find<'a>(
        &self,
        json: &'a str,
        is_absent: impl Fn(Value<'a>) -> bool,
    ) -> Result<Option<UserId<'a>>, JoseError> {
        for (position, path) in self.chosen.iter().enumerate() {
            let found = path.walk(FoundClaim::claims(json), FoundClaim::member)?;
            let Some(found) = found.filter(|found| !is_absent(found.value)) else {
                continue;
            };
            if found.name == EMAIL && !self.accepts_unverified_email {
                let is_verified = member(found.parent, "email_verified")?;
                if !matches!(is_verified, Some(Value::True)) {
                    return Err(JoseError::EmailUnverified);
                }
            }
            return UserId::chosen(path, position, &found).map(Some);
        }
        Ok(None)
    }
}

impl UserIdClaim {
    /// The claims that a caller keeps: those in `json` without this one.
    pub(crate) fn beside(self, json: String) -> VerifiedClaims {
        VerifiedClaims {
            json,
            left_out: self.top_level,
            // INVARIANT: the reader that checked the text reads it again, so it finds no fault.
            read: |json| tree::object(json).unwrap_or_default(),
        }
    }
}

impl<'a> UserId<'a> {
    /// A user id from one of the default claims.
    pub(crate) fn usual(text: Cow<'a, str>, name: &'static str, is_first: bool) -> Self {
        Self {
            text,
            claim: UserIdClaim {
                name: name.into(),
                top_level: Some(name.into()),
                is_first,
            },
        }
    }

    fn chosen(
        path: &ClaimPath,
        position: usize,
        found: &FoundClaim<'_, 'a>,
    ) -> Result<Self, JoseError> {
        let text = text_or_integer(found.value).ok_or(JoseError::BadUserId)?;
        let top_level = (found.depth == 1).then(|| found.name.to_owned().into());
        Ok(Self {
            text,
            claim: UserIdClaim {
                name: path.as_str().to_owned().into(),
                top_level,
                is_first: position == 0,
            },
        })
    }
}

/// A value on a path of claim names, and the object that holds it.
#[derive(Clone, Copy)]
struct FoundClaim<'p, 'a> {
    value: Value<'a>,
    parent: Value<'a>,
    name: &'p str,
    /// The number of names on the path to it.
    depth: usize,
}

impl<'p, 'a> FoundClaim<'p, 'a> {
    fn claims(json: &'a str) -> Self {
        Self {
            value: Value::Object(json),
            parent: Value::Null,
            name: "",
            depth: 0,
        }
    }

    fn member(self, name: &'p str) -> Result<Option<Self>, Fault> {
        let value = member(self.value, name)?;
        Ok(value.map(|value| Self {
            value,
            parent: self.value,
            name,
            depth: self.depth + 1,
        }))
    }
}

/// The member of an object; `None` where it is absent or the value is no object.
///
/// The object is read to its end, so that a member that appears twice is an error.
pub(crate) fn member<'a>(object: Value<'a>, name: &str) -> Result<Option<Value<'a>>, Fault> {
    let Value::Object(json) = object else {
        return Ok(None);
    };
    let mut members = Members::of(json)?;
    let mut found = None;
    while let Some((other, value)) = members.next()? {
        if other.is(name) {
            found = Some(value);
        }
    }
    Ok(found)
}

pub(crate) fn non_empty(value: Value<'_>) -> Option<Cow<'_, str>> {
    match value {
        Value::Text(text) if !text.is_empty() => Some(Text::cow(text)),
        _ => None,
    }
}

pub(crate) fn text_or_integer(value: Value<'_>) -> Option<Cow<'_, str>> {
    non_empty(value).or_else(|| integer(value))
}

/// Users can often set this claim freely: it counts only where the issuer says that it verified the
/// address (OpenID Connect Core §5.1).
const EMAIL: &str = "email";
