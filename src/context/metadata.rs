//! The caller's further claims.

use std::{borrow::Cow, error::Error, fmt};

use once_cell::race::OnceBox;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::ordinary::{self, Ordinary};

/// Reads all members of JSON that was checked already.
pub(crate) type Reader = fn(&str) -> Map<String, Value>;

#[derive(Default)]
pub(super) struct Metadata {
    /// The verified JSON of a token, in the buffer of the decoder: its unused capacity costs less than
    /// a copy. Empty for other callers.
    pub(super) json: String,
    /// The claim that holds the user id, unless it is inside another.
    pub(super) left_out: Option<Cow<'static, str>>,
    /// Reads the JSON: most requests never ask for a claim, so it is parsed on demand.
    pub(super) read: Option<Reader>,
    pub(super) parsed: OnceBox<Map<String, Value>>,
}

impl Metadata {
    pub(super) fn of(map: Map<String, Value>) -> Self {
        Self {
            parsed: OnceBox::with_value(Box::new(map)),
            ..Self::default()
        }
    }

    pub(super) fn map(&self) -> Option<&Map<String, Value>> {
        let Some(read) = self.read else {
            return self.parsed.get();
        };
        let parse = || {
            let mut map = read(&self.json);
            if let Some(name) = &self.left_out {
                map.remove(&**name);
            }
            Box::new(map)
        };
        Some(self.parsed.get_or_init(parse))
    }
}

impl Clone for Metadata {
    /// A copy parses again on demand: parsed claims take many times the memory of their text.
    fn clone(&self) -> Self {
        Self {
            json: self.json.clone(),
            left_out: self.left_out.clone(),
            read: self.read,
            parsed: match self.read {
                Some(_) => OnceBox::new(),
                None => self.parsed.clone(),
            },
        }
    }
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

/// A claim that is present and has another type than the requested one.
///
/// The error names the claim and not its value, which may be private.
#[derive(Clone, Debug)]
pub struct ClaimError {
    name: Box<str>,
}

impl ClaimError {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for ClaimError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the claim {:?} has another type", self.name)
    }
}

impl Error for ClaimError {}
