//! Whom a token, or what an endpoint says of one, is for.

use std::borrow::Cow;

use super::{
    JoseError,
    json::{Fault, Members, Text, Value},
    number::integer,
};
use crate::{
    ClaimPath,
    context::{Found, UserIdClaim},
};

/// Which claims may name the user, in the order in which they are looked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct UserIdClaims {
    /// Those that were chosen; none, where the usual ones are meant.
    chosen: Box<[ClaimPath]>,
    accepts_unverified_email: bool,
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
            let found = path.walk(Value::Object(json), member)?;
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

    fn chosen(
        path: &ClaimPath,
        position: usize,
        found: &Found<'_, Value<'a>>,
    ) -> Result<Self, JoseError> {
        let text = text_or_integer(found.value).ok_or(JoseError::BadUserId)?;
        let top_level = found.is_top_level.then(|| found.name.to_owned().into());
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
