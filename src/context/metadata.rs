//! What is told of a caller beside who it is.

use std::{borrow::Cow, error::Error, fmt, sync::OnceLock};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::ordinary::{self, Ordinary};

#[derive(Clone)]
pub(super) enum Metadata {
    Plain(Option<Box<Map<String, Value>>>),
    /// The verified JSON of a token; most requests never ask for it, so it is parsed on demand.
    #[cfg_attr(not(feature = "jwt"), allow(dead_code))]
    Verified(Verified),
}

pub(super) struct Verified {
    /// As the token was decoded: what room is left behind it costs less than to move it.
    pub(super) json: String,
    /// The claim that the user id is, unless it is inside another.
    user_id_claim: Option<Cow<'static, str>>,
    parsed: OnceLock<Box<Map<String, Value>>>,
}

/// Which claim named the user.
#[cfg_attr(not(feature = "jwt"), allow(dead_code))]
#[derive(Clone, Debug)]
pub(crate) struct UserIdClaim {
    pub(crate) name: Cow<'static, str>,
    /// Its own name, where it is not one inside another.
    pub(crate) top_level: Option<Cow<'static, str>>,
    /// Whether it is the one that is looked for first.
    pub(crate) is_first: bool,
}

impl Metadata {
    #[cfg(feature = "jwt")]
    pub(super) fn verified(json: String, user_id_claim: Option<Cow<'static, str>>) -> Self {
        Self::Verified(Verified {
            json,
            user_id_claim,
            parsed: OnceLock::new(),
        })
    }

    pub(super) fn map(&self) -> Option<&Map<String, Value>> {
        match self {
            Self::Plain(map) => map.as_deref(),
            Self::Verified(verified) => Some(verified.map()),
        }
    }

    /// The JSON that the texts beside it may be parts of.
    pub(super) fn json(&self) -> &str {
        match self {
            Self::Plain(_) => "",
            Self::Verified(verified) => &verified.json,
        }
    }
}

impl Clone for Verified {
    /// A copy parses by itself if it is ever asked: the claims in memory take many times their text.
    fn clone(&self) -> Self {
        Self {
            json: self.json.clone(),
            user_id_claim: self.user_id_claim.clone(),
            parsed: OnceLock::new(),
        }
    }
}

impl Verified {
    fn map(&self) -> &Map<String, Value> {
        self.parsed.get_or_init(|| {
            let mut map = all_members(&self.json);
            if let Some(name) = &self.user_id_claim {
                map.remove(&**name);
            }
            Box::new(map)
        })
    }
}

/// The members of an object that was checked already.
#[cfg(feature = "jwt")]
fn all_members(json: &str) -> Map<String, Value> {
    // INVARIANT: the reader that checked it reads it again, so there is no other outcome.
    crate::jose::json::tree::object(json).unwrap_or_default()
}

/// Nothing was verified without the feature.
#[cfg(not(feature = "jwt"))]
fn all_members(_json: &str) -> Map<String, Value> {
    Map::new()
}

pub(super) fn read_claim<T: DeserializeOwned>(
    value: Option<&Value>,
    name: &str,
) -> Result<Option<T>, ClaimError> {
    let read = match value {
        None | Some(Value::Null) => return Ok(None),
        Some(value) if ordinary::needs_care(value) => T::deserialize(Ordinary(value)),
        Some(value) => T::deserialize(value),
    };
    read.map(Some).map_err(|_| ClaimError { name: name.into() })
}

/// A claim that is there and has another type than was asked for.
///
/// It says which claim, not what stood there: a claim may be private.
#[derive(Clone, Debug)]
pub struct ClaimError {
    name: Box<str>,
}

impl fmt::Display for ClaimError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the claim {:?} has another type", self.name)
    }
}

impl Error for ClaimError {}
