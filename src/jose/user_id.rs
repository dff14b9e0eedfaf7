//! Whom a token, or what an endpoint says of one, is for.

use std::borrow::Cow;

use super::{
    JoseError,
    json::{Fault, Members, Text, Value, tree},
    number::integer,
};
use crate::context::{ClaimPath, VerifiedClaims};

/// Which claims may name the user, in the order in which they are looked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct UserIdClaims {
    /// Those that were chosen; none, where the usual ones are meant.
    chosen: Box<[ClaimPath]>,
    accepts_unverified_email: bool,
}

/// Which claim named the user.
#[derive(Clone, Debug)]
pub(crate) struct UserIdClaim {
    pub(crate) name: Cow<'static, str>,
    /// Its own name, where it is not one inside another.
    pub(crate) top_level: Option<Cow<'static, str>>,
    /// Whether it is the one that is looked for first.
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

    /// The names of those that were chosen, or else the usual ones.
    pub(crate) fn names(&self, usual: &'static [&'static str]) -> impl Iterator<Item = &str> {
        let usual = match self.are_chosen() {
            true => &[],
            false => usual,
        };
        let chosen = self.chosen.iter().map(ClaimPath::as_str);
        chosen.chain(usual.iter().copied())
    }

    /// The first chosen claim that is there; if it cannot be used, no other stands in for it.
    ///
    /// `is_absent` tells what counts as not there.
    pub(crate) fn find<'a>(
        &self,
        json: &'a str,
        is_absent: impl Fn(Value<'a>) -> bool,
    ) -> Result<Option<UserId<'a>>, JoseError> {
        for (position, path) in self.chosen.iter().enumerate() {
            let found = path.walk(Found::claims(json), Found::member)?;
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
    /// The claims that a caller keeps of `json`, which this claim stands in.
    pub(crate) fn beside(self, json: String) -> VerifiedClaims {
        VerifiedClaims {
            json,
            left_out: self.top_level,
            // INVARIANT: the reader that checked it reads it again, so there is no other outcome.
            read: |json| tree::object(json).unwrap_or_default(),
        }
    }
}

impl<'a> UserId<'a> {
    /// From one of the claims that nobody needs to choose.
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

    fn chosen(path: &ClaimPath, position: usize, found: &Found<'_, 'a>) -> Result<Self, JoseError> {
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

/// A value on the way along a path, and what it is a member of.
#[derive(Clone, Copy)]
struct Found<'p, 'a> {
    value: Value<'a>,
    parent: Value<'a>,
    name: &'p str,
    /// How many names lead to it.
    depth: usize,
}

impl<'p, 'a> Found<'p, 'a> {
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

/// The member of an object; nothing of what is no object.
///
/// An object is read to its end, so that a member that stands there twice is found.
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

/// OpenID Connect Core §5.1: whoever has an account may write any address into it, until the issuer
/// says that it was verified.
const EMAIL: &str = "email";
