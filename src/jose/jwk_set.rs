//! A JWK Set (RFC 7517 §5), read key by key.

use std::{error::Error, fmt};

use super::{
    Algorithm, JoseError, Jws, Key, KeySet,
    json::{Fault, Items, Members, Value},
    jwk::Jwk,
    key::KeyFault,
};

/// The usable keys of a published JWK Set, prepared for the algorithms that are allowed.
///
/// Real sets hold keys that cannot check tokens: keys for encryption, of unknown types, malformed ones.
/// Such a key is skipped and listed in [`skipped`](Self::skipped); the rest of the set stays usable.
///
/// A key that names its algorithm is used for that algorithm. A key that names none is used for every
/// allowed algorithm of its type. Where two different keys have the same `kid` and algorithm, neither
/// is used, because a token cannot tell them apart. A key that is published twice is one key.
///
/// Numbers may have leading zeros: RFC 7518 §2 forbids them, but issuers publish them. A coordinate
/// may then be longer or shorter than the curve, and its size is judged without them. `x` of Ed25519
/// is no number but 32 bytes. RSA keys have 2048 to 8192 bits: one check costs 19 times as much with
/// 8192 bits as with 2048 (measured), and would cost over 60 times as much with 16,384. A byte-order
/// mark in front of the document is ignored (RFC 8259 §8.1).
///
/// # Example
///
/// ```
/// use tower_auth::jose::{Algorithm, JwkSet};
///
/// let json = br#"{"keys":[
///     {"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
///     {"kty":"OKP","crv":"X25519","kid":"b","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
/// ]}"#;
/// let set = JwkSet::parse(json, &[Algorithm::EdDSA])?;
/// assert_eq!(set.keys().count(), 1);
/// assert_eq!(set.skipped()[0].id(), Some("b"));
/// assert_eq!(set.skipped()[0].reason(), "jwk_unknown_crv");
/// # Ok::<(), tower_auth::jose::JwkSetError>(())
/// ```
#[derive(Clone, Debug)]
pub struct JwkSet {
    keys: KeySet,
    skipped: Vec<SkippedKey>,
}

/// A key of a [`JwkSet`] that is not used, and the reason.
#[derive(Clone, Debug)]
pub struct SkippedKey {
    id: Option<Box<str>>,
    reason: &'static str,
}

/// The reason why a document is no JWK Set.
///
/// # Example
///
/// ```
/// use tower_auth::jose::{Algorithm, JwkSet, JwkSetError};
///
/// let error = JwkSet::parse(b"<html>", &[Algorithm::RS256]).unwrap_err();
/// assert_eq!(error, JwkSetError::BadJson);
/// assert_eq!(error.code(), "jwks_bad_json");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JwkSetError {
    /// Longer than 256 KiB.
    TooLong,
    /// More than 64 keys.
    TooManyKeys,
    /// Not a JSON object in UTF-8, each member once.
    BadJson,
    /// There is no array `keys`.
    NoKeys,
}

impl JwkSet {
    /// Reads a set, and prepares its keys for the `allowed` algorithms.
    ///
    /// An HMAC algorithm among the allowed ones changes nothing: a symmetric key in a published set is
    /// never used.
    ///
    /// Reads a set, and prepares its keys for the `allowed` algorithms.
    ///
    /// Where the document is no set, or is longer than 256 KiB, or has more than 64 keys. One bad
    /// key is no error, and neither is a set in which no key is usable.
    pub fn parse(json: &[u8], allowed: &[Algorithm]) -> Result<Self, JwkSetError> {
        if json.len() > MAX_LEN {
            return Err(JwkSetError::TooLong);
        }
        let text = std::str::from_utf8(json).map_err(|_| JwkSetError::BadJson)?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut items = Items::of(find_keys(text)?)?;
        let (mut keys, mut skipped) = (Vec::new(), Vec::new());
        let mut count = 0;
        while let Some(item) = items.next()? {
            count += 1;
            if count > MAX_KEYS {
                return Err(JwkSetError::TooManyKeys);
            }
            match read(item, allowed) {
                Ok(some) => keys.extend(some),
                Err(one) => skipped.push(one),
            }
        }
        let mut keys = without_copies(keys);
        skip_twins(&mut keys, &mut skipped);
        Ok(Self {
            keys: KeySet::published(keys),
            skipped,
        })
    }

    /// The key that must check the token.
    ///
    /// A token with an unknown `kid` gets no other key, with one exception: where the set has exactly
    /// one key for the token's algorithm, and that key has no `kid`, this key is returned. If the
    /// signature then fails, the token's key is unknown, as it would be without the exception:
    /// fetching the set again may bring it.
    ///
    /// # Errors
    ///
    /// As [`KeySet::key_for`]; and [`JoseError::KeyUnusable`] where the key that the token names is
    /// in the set and was skipped: fetching the set again would not help.
    pub fn key_for(&self, jws: &Jws<'_>) -> Result<&Key, JoseError> {
        let named = |one: &SkippedKey| one.id().is_some() && one.id() == jws.key_id();
        match self.keys.key_for(jws) {
            Err(JoseError::KidUnknown | JoseError::AlgMismatch)
                if self.skipped.iter().any(named) =>
            {
                Err(JoseError::KeyUnusable)
            }
            Err(JoseError::KidUnknown) => self
                .keys
                .only_nameless(jws.algorithm())
                .ok_or(JoseError::KidUnknown),
            other => other,
        }
    }

    /// The usable keys: one for each `kid` and algorithm.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.keys.keys()
    }

    /// Whether no key is usable.
    pub fn is_empty(&self) -> bool {
        self.keys().next().is_none()
    }

    /// The keys that are not used, and the reasons.
    pub fn skipped(&self) -> &[SkippedKey] {
        &self.skipped
    }
}

impl SkippedKey {
    /// The key's `kid`, where it is a string.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The stable name of the reason, for the log.
    pub fn reason(&self) -> &'static str {
        self.reason
    }
}

impl JwkSetError {
    /// The stable name of the reason, for the log.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLong => "jwks_too_long",
            Self::TooManyKeys => "jwks_too_many_keys",
            Self::BadJson => "jwks_bad_json",
            Self::NoKeys => "jwks_no_keys",
        }
    }
}

impl fmt::Display for JwkSetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "the key set is longer than 256 KiB",
            Self::TooManyKeys => "the key set has more than 64 keys",
            Self::BadJson => "the key set is not a JSON object with each member once",
            Self::NoKeys => "the key set has no array \"keys\"",
        })
    }
}

impl Error for JwkSetError {}

impl From<Fault> for JwkSetError {
    fn from(_: Fault) -> Self {
        Self::BadJson
    }
}

fn find_keys(text: &str) -> Result<&str, JwkSetError> {
    let mut members = Members::of(text)?;
    let mut keys = None;
    while let Some((name, value)) = members.next()? {
        if name.is("keys") {
            let Value::Array(list) = value else {
                return Err(JwkSetError::NoKeys);
            };
            keys = Some(list);
        }
    }
    keys.ok_or(JwkSetError::NoKeys)
}

fn read(item: Value<'_>, allowed: &[Algorithm]) -> Result<Vec<Key>, SkippedKey> {
    let skip = |id: Option<String>, fault: KeyFault| SkippedKey {
        id: id.map(String::into_boxed_str),
        reason: fault.code(),
    };
    let Value::Object(json) = item else {
        return Err(skip(None, KeyFault::BadJson));
    };
    let jwk = Jwk::parse(json).map_err(|fault| skip(None, fault))?;
    let id = jwk.key_id();
    match jwk.keys(allowed) {
        Err(fault) => Err(skip(id, fault)),
        Ok(keys) => Ok(match id {
            None => keys,
            Some(id) => {
                let id: std::sync::Arc<str> = id.into();
                keys.into_iter()
                    .map(|key| key.with_id(id.clone()))
                    .collect()
            }
        }),
    }
}

/// The keys without duplicates of one id and algorithm: issuers publish a key with `alg` and without.
fn without_copies(keys: Vec<Key>) -> Vec<Key> {
    let mut kept: Vec<Key> = Vec::with_capacity(keys.len());
    for key in keys {
        if !kept
            .iter()
            .any(|one| is_twin(one, &key) && one.is_same_key(&key))
        {
            kept.push(key);
        }
    }
    kept
}

/// Whether both keys have one id and one algorithm, so that a token cannot tell them apart.
fn is_twin(one: &Key, other: &Key) -> bool {
    one.id() == other.id() && one.algorithm() == other.algorithm()
}

/// Removes every key that shares its id and algorithm with another. Keys without an id stay: a token
/// cannot name them, and a token without `kid` is refused where several keys fit.
fn skip_twins(keys: &mut Vec<Key>, skipped: &mut Vec<SkippedKey>) {
    let twin = |one: &Key, other: &Key| one.id().is_some() && is_twin(one, other);
    let twins: Vec<bool> = keys
        .iter()
        .map(|one| keys.iter().filter(|other| twin(one, other)).count() > 1)
        .collect();
    let mut twins = twins.into_iter();
    keys.retain(|key| {
        let double = twins.next().unwrap_or(true);
        if double {
            skipped.push(SkippedKey {
                id: key.id().map(Into::into),
                reason: "jwk_duplicate",
            });
        }
        !double
    });
}

const MAX_LEN: usize = 256 * 1024;
const MAX_KEYS: usize = 64;
