//! What is told of a caller beside who it is.

use std::{error::Error, fmt, sync::OnceLock};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

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
    pub(super) user_id_claim: &'static str,
    parsed: OnceLock<Box<Map<String, Value>>>,
}

impl Metadata {
    #[cfg(feature = "jwt")]
    pub(super) fn verified(json: String, user_id_claim: &'static str) -> Self {
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
            user_id_claim: self.user_id_claim,
            parsed: OnceLock::new(),
        }
    }
}

impl Verified {
    fn map(&self) -> &Map<String, Value> {
        self.parsed.get_or_init(|| {
            let mut map: Map<String, Value> = serde_json::from_str(&self.json).unwrap_or_default();
            map.remove(self.user_id_claim);
            Box::new(map)
        })
    }
}

pub(super) fn read_claim<T: DeserializeOwned>(
    value: Option<&Value>,
    name: &str,
) -> Result<Option<T>, ClaimError> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(value) => T::deserialize(value)
            .map(Some)
            .map_err(|_| ClaimError { name: name.into() }),
    }
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
