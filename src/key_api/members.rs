//! The members of a body, read one by one; all faults are reported at once.

use std::time::{Duration, SystemTime};

use serde_json::{Map, Value};

use super::{
    duration,
    refusal::{BodyFault, Refusal},
};
use crate::{
    context::Principal,
    date,
    keys::{KeyDigest, KeyLimit, KeyOwner},
};

/// A JSON object of which members are taken by name.
///
/// No fault repeats a value: it may be a key.
pub(super) struct Members {
    left: Map<String, Value>,
    names: Vec<&'static str>,
    faults: Vec<BodyFault>,
}

impl Members {
    pub(super) fn of(object: Map<String, Value>) -> Self {
        Self {
            left: object,
            names: Vec::new(),
            faults: Vec::new(),
        }
    }

    /// The answer, where nothing is at fault and nothing is left.
    pub(super) fn finish<T>(mut self, answer: Option<T>) -> Result<T, Refusal> {
        for name in self.left.keys() {
            // A name that is no plain word may be a value in the wrong place.
            let is_word = name.len() <= 32
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            self.faults.push(BodyFault {
                pointer: if is_word {
                    format!("/{name}")
                } else {
                    String::new()
                },
                detail: match &*self.names {
                    [] => "this request has no members: write {}".into(),
                    names => format!(
                        "this request has no such member: it has {}",
                        names.join(", ")
                    ),
                },
            });
        }
        match answer {
            Some(answer) if self.faults.is_empty() => Ok(answer),
            _ => Err(Refusal::faults(self.faults)),
        }
    }

    pub(super) fn fault(&mut self, name: &str, detail: &str) {
        self.faults.push(BodyFault {
            pointer: format!("/{name}"),
            detail: format!("{name} {detail}"),
        });
    }

    /// A member; `null` is a value.
    fn take(&mut self, name: &'static str) -> Option<Value> {
        self.names.push(name);
        self.left.remove(name)
    }

    /// A member, if it is there and `read` takes it.
    fn read<T>(
        &mut self,
        name: &'static str,
        wanted: &str,
        read: impl FnOnce(Value) -> Option<T>,
    ) -> Option<T> {
        let value = self.take(name)?;
        let read = match value {
            Value::Null => {
                self.fault(name, "is null: leave it out");
                return None;
            }
            value => read(value),
        };
        if read.is_none() {
            self.fault(name, wanted);
        }
        read
    }

    /// A member that `null` removes: `Some(None)`.
    fn removable<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<Option<T>> {
        if self.left.get(name) == Some(&Value::Null) {
            self.take(name);
            return Some(None);
        }
        read(self).map(Some)
    }

    pub(super) fn text(&mut self, name: &'static str) -> Option<String> {
        self.read(name, "is no text", text)
    }

    /// A text that says something: a blank one is a variable that was not set.
    pub(super) fn written_text(&mut self, name: &'static str) -> Option<String> {
        let text = self.text(name)?;
        if text.trim().is_empty() {
            self.fault(name, "is blank: write what is meant, or leave it out");
            return None;
        }
        Some(text)
    }

    pub(super) fn required_text(&mut self, name: &'static str) -> Option<String> {
        self.required(name, Self::text)
    }

    fn required<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Self, &'static str) -> Option<T>,
    ) -> Option<T> {
        if !self.left.contains_key(name) {
            self.fault(name, "is missing");
        }
        read(self, name)
    }

    pub(super) fn removable_text(&mut self, name: &'static str) -> Option<Option<String>> {
        self.removable(name, |members| members.text(name))
    }

    pub(super) fn scopes(&mut self) -> Option<Vec<String>> {
        let wanted = "is no list of texts: write [\"invoices:read\"], or [] for none";
        self.read("scopes", wanted, |value| match value {
            Value::Array(items) => items.into_iter().map(text).collect(),
            _ => None,
        })
    }

    pub(super) fn metadata(&mut self) -> Option<Map<String, Value>> {
        self.read("metadata", "is no JSON object", |value| match value {
            Value::Object(object) => Some(object),
            _ => None,
        })
    }

    pub(super) fn owner(&mut self) -> Option<KeyOwner> {
        let wanted = "is neither a user id nor {\"method\", \"issuer\", \"user_id\"}";
        self.read("owner", wanted, |value| match value {
            Value::String(id) => Some(id.into()),
            Value::Object(principal) => principal_of(principal).map(Into::into),
            _ => None,
        })
    }

    pub(super) fn principal(&mut self, name: &'static str) -> Option<Principal<'static>> {
        let wanted = "is no {\"method\", \"issuer\", \"user_id\"}, none of them blank";
        let is_written = |who: &Principal<'_>| {
            let texts = [Some(who.method()), who.source(), Some(who.user_id())];
            texts
                .into_iter()
                .flatten()
                .all(|text| !text.trim().is_empty())
        };
        self.read(name, wanted, |value| match value {
            Value::Object(principal) => principal_of(principal).filter(is_written),
            _ => None,
        })
    }

    pub(super) fn time(&mut self, name: &'static str) -> Option<SystemTime> {
        self.read(name, TIME, |value| date::parse(value.as_str()?).ok())
    }

    pub(super) fn limit(&mut self) -> Option<KeyLimit> {
        let wanted = "is no limit: write {\"requests\": 600, \"seconds\": 60}";
        self.read("limit", wanted, |value| match value {
            Value::Object(mut limit) => {
                let mut number = |name| u32::try_from(limit.remove(name)?.as_u64()?).ok();
                let (requests, seconds) = (number("requests")?, number("seconds")?);
                (limit.is_empty() && seconds > 0).then(|| KeyLimit::new(requests, seconds))
            }
            _ => None,
        })
    }

    pub(super) fn removable_limit(&mut self) -> Option<Option<KeyLimit>> {
        self.removable("limit", Self::limit)
    }

    pub(super) fn credits(&mut self) -> Option<u64> {
        let wanted = "is no whole number from 0 to 9007199254740991";
        self.read("credits", wanted, |value| {
            value.as_u64().filter(|credits| *credits <= MOST_CREDITS)
        })
    }

    /// `expires_at`, or `expires_in` from now on.
    pub(super) fn expiry(&mut self) -> Option<End> {
        let at = self.time("expires_at");
        let after = self.duration("expires_in");
        match (at, after) {
            (Some(_), Some(_)) => {
                self.fault("expires_in", "is beside expires_at: write one of them");
                None
            }
            (at, after) => at.map(End::At).or(after.map(End::After)),
        }
    }

    pub(super) fn removable_expiry(&mut self) -> Option<Option<End>> {
        if self.left.get("expires_at") == Some(&Value::Null) && self.left.contains_key("expires_in")
        {
            self.fault("expires_in", "is beside expires_at: write one of them");
        }
        self.removable("expires_at", Self::expiry)
    }

    pub(super) fn duration(&mut self, name: &'static str) -> Option<Duration> {
        let wanted = "is no duration: write a number with s, m, h or d, such as 24h";
        self.read(name, wanted, |value| duration::parse(value.as_str()?))
    }

    pub(super) fn required_duration(&mut self, name: &'static str) -> Option<Duration> {
        self.required(name, Self::duration)
    }

    /// The SHA-256 of a key that exists.
    pub(super) fn required_digest(&mut self, name: &'static str) -> Option<KeyDigest> {
        self.required(name, |members, name| {
            let wanted = "is no SHA-256 of 64 hex digits; never send the key itself";
            members.read(name, wanted, |value| KeyDigest::from_hex(value.as_str()?))
        })
    }
}

/// When a key is to end. From now on means the store's clock.
pub(super) enum End {
    At(SystemTime),
    After(Duration),
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

fn principal_of(mut principal: Map<String, Value>) -> Option<Principal<'static>> {
    let method = text(principal.remove("method")?)?;
    let user_id = text(principal.remove("user_id")?)?;
    let source = match principal.remove("issuer") {
        None | Some(Value::Null) => None,
        Some(issuer) => Some(text(issuer)?),
    };
    principal
        .is_empty()
        .then(|| Principal::new(&method, source.as_deref(), &user_id).into_owned())
}

const TIME: &str = "is no date and time with its offset: write it as 2027-01-31T00:00:00Z";
/// 2⁵³ − 1: JavaScript reads no greater number exactly.
const MOST_CREDITS: u64 = (1 << 53) - 1;
