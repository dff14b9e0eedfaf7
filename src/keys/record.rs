//! The record of a key beside its digest.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::{KeyActor, KeyId, Timestamp};
use crate::{context::Principal, scope::Scopes};

/// The record of a key beside its digest: its owner, its permissions, its state.
///
/// It serializes to JSON and back without loss, so a store may keep it as one document beside the
/// columns that it looks up by. A document whose `scopes` are null or absent grants nothing.
///
/// # Example
///
/// ```
/// use tower_auth::keys::KeyRecord;
///
/// let record: KeyRecord = serde_json::from_str(
///     r#"{"id": "key_1", "account": "key_1", "start": "sk_Ab3d", "name": "ci", "scopes": null,
///         "created_at": 1000, "created_by": {"operator": "ada"}}"#,
/// )?;
/// assert!(record.scopes().len() == 0);
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// The state of the key:
///
/// ```
/// use tower_auth::keys::{KeyRecord, KeyRevocation, Timestamp};
///
/// let record: KeyRecord = serde_json::from_str(
///     r#"{"id": "key_1", "account": "key_1", "start": "sk_Ab3d", "name": "ci", "scopes": null,
///         "created_at": 1000, "created_by": {"operator": "ada"},
///         "revoked": {"at": 2000, "by": {"operator": "ada"}, "reason": "leaked"}}"#,
/// )?;
/// assert!(!record.is_live(Timestamp::from_unix_millis(3_000)));
/// assert!(!record.is_metered() && !record.is_imported() && record.successor().is_none());
/// let revocation: &KeyRevocation = record.revoked().unwrap();
/// assert_eq!((revocation.by(), revocation.reason()), (record.created_by(), "leaked"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeyRecord {
    pub(crate) id: KeyId,
    pub(crate) account: KeyId,
    pub(crate) start: Box<str>,
    pub(crate) name: Box<str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) owner: Option<KeyOwner>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tenant: Option<Box<str>>,
    #[serde(default, deserialize_with = "null_is_nothing")]
    pub(crate) scopes: Vec<Box<str>>,
    #[serde(default, deserialize_with = "null_is_nothing")]
    pub(crate) metadata: Map<String, Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) limit: Option<KeyLimit>,
    #[serde(default)]
    pub(crate) metered: bool,
    #[serde(default)]
    pub(crate) imported: bool,
    pub(crate) created_at: Timestamp,
    pub(crate) created_by: KeyActor,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expires_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) revoked: Option<KeyRevocation>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) successor: Option<KeyId>,
}

/// A null list or object is empty: it must never mean everything.
fn null_is_nothing<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

impl KeyRecord {
    /// The id.
    pub fn id(&self) -> &KeyId {
        &self.id
    }

    /// The id of the key whose limits and credits this one shares: its own, unless it replaced another
    /// key, or was made by a caller with limits or credits.
    pub fn account(&self) -> &KeyId {
        &self.account
    }

    /// The beginning of the key, to recognize it: its prefix, `_` and four characters. Empty for an
    /// imported key, of which only the digest is known.
    pub fn start(&self) -> &str {
        &self.start
    }

    /// The name for administrators. Two keys may have one name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The owner; `None` where the key stands for itself, so that its id is the user id.
    pub fn owner(&self) -> Option<&KeyOwner> {
        self.owner.as_ref()
    }

    /// The tenant: the caller's claim `tenant`.
    pub fn tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }

    /// The scopes; empty grants nothing.
    pub fn scopes(&self) -> impl ExactSizeIterator<Item = &str> {
        self.scopes.iter().map(|scope| &**scope)
    }

    /// The caller's further claims.
    pub fn metadata(&self) -> &Map<String, Value> {
        &self.metadata
    }

    /// The limit of requests, shared with the keys of its [`account`](Self::account).
    pub fn limit(&self) -> Option<KeyLimit> {
        self.limit
    }

    /// Whether each request costs a credit. It is set when the key is made, and never changes.
    pub fn is_metered(&self) -> bool {
        self.metered
    }

    /// Whether it was imported as a digest, so that its form is unknown.
    pub fn is_imported(&self) -> bool {
        self.imported
    }

    /// The time at which it was made, by the store's clock.
    pub fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// The actor that made it.
    pub fn created_by(&self) -> &KeyActor {
        &self.created_by
    }

    /// The time from which it is refused.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }

    /// The revocation, if it is revoked.
    pub fn revoked(&self) -> Option<&KeyRevocation> {
        self.revoked.as_ref()
    }

    /// The key that replaced it.
    pub fn successor(&self) -> Option<&KeyId> {
        self.successor.as_ref()
    }

    /// Whether it is neither revoked nor expired at that time.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked.is_none() && self.expires_at.is_none_or(|at| now < at)
    }

    /// Whether its scopes grant `scope`.
    pub fn grants(&self, scope: &str) -> bool {
        self.scope_set().contains(scope)
    }

    pub(crate) fn scope_set(&self) -> Scopes {
        Scopes::new(&self.scopes)
    }
}

/// The owner of a key.
///
/// # Example
///
/// ```
/// use tower_auth::{Principal, keys::KeyOwner};
///
/// // The user `ada` of an issuer: the key reaches the objects that her tokens reach.
/// let ada = Principal::new("oauth2", Some("https://id.example"), "ada").into_owned();
/// let owner = KeyOwner::from(ada.clone());
/// assert_eq!(owner, KeyOwner::Principal(ada));
/// assert_eq!(KeyOwner::from("team-7"), KeyOwner::UserId("team-7".into()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum KeyOwner {
    /// A user id of this store: the principal is (`api_key`, the store's label, the user id).
    UserId(Box<str>),
    /// A whole principal of another provider.
    Principal(Principal<'static>),
}

impl KeyOwner {
    /// One text for each owner, for a column by which a store compares owners.
    ///
    /// ```
    /// # use tower_auth::keys::KeyOwner;
    /// assert_eq!(KeyOwner::from("team-7").to_text(), r#"{"user_id":"team-7"}"#);
    /// ```
    pub fn to_text(&self) -> String {
        let as_json = match self {
            Self::UserId(id) => serde_json::json!({ "user_id": id }),
            Self::Principal(principal) => serde_json::json!({ "principal": [
                principal.method(), principal.source(), principal.user_id(),
            ] }),
        };
        as_json.to_string()
    }
}

impl From<&str> for KeyOwner {
    fn from(user_id: &str) -> Self {
        Self::UserId(user_id.into())
    }
}

impl From<String> for KeyOwner {
    fn from(user_id: String) -> Self {
        Self::UserId(user_id.into())
    }
}

impl From<Principal<'_>> for KeyOwner {
    fn from(principal: Principal<'_>) -> Self {
        Self::Principal(principal.into_owned())
    }
}

/// The maximum number of requests in a window of seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct KeyLimit {
    requests: u32,
    seconds: u32,
}

impl KeyLimit {
    /// Makes a limit of requests in a window of seconds; a window of 0 seconds counts as 1.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::keys::KeyLimit;
    ///
    /// let limit = KeyLimit::new(600, 60);
    /// assert_eq!((limit.requests(), limit.seconds()), (600, 60));
    /// assert!(KeyLimit::new(10, 1).is_within(limit) && !KeyLimit::new(11, 1).is_within(limit));
    /// ```
    pub const fn new(requests: u32, seconds: u32) -> Self {
        let seconds = if seconds == 0 { 1 } else { seconds };
        Self { requests, seconds }
    }

    /// The number of requests.
    pub const fn requests(self) -> u32 {
        self.requests
    }

    /// The window in seconds.
    pub const fn seconds(self) -> u32 {
        self.seconds
    }

    /// Whether this limit allows no more than the other one: neither at once nor in the long run.
    pub fn is_within(self, other: Self) -> bool {
        let (requests, others) = (u64::from(self.requests), u64::from(other.requests));
        requests <= others
            && requests * u64::from(other.seconds) <= others * u64::from(self.seconds)
    }
}

/// The time, the actor and the reason of a revocation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRevocation {
    pub(crate) at: Timestamp,
    pub(crate) by: KeyActor,
    pub(crate) reason: Box<str>,
}

impl KeyRevocation {
    /// The time, by the store's clock.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// The actor that revoked the key.
    pub fn by(&self) -> &KeyActor {
        &self.by
    }

    /// The reason in the words of the actor; may be empty.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}
