//! The requests of an administrator, and their results.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use serde::Serialize;
use serde_json::{Map, Value};

use super::{KeyLimit, KeyOwner, KeyRecord, Revision, StoredKey, Timestamp};
use crate::secret::Secret;

/// A request for a new key.
///
/// # Example
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use tower_auth::keys::{KeyLimit, KeyRequest};
///
/// let request = KeyRequest::new("billing robot")
///     .with_owner("team-7")
///     .with_tenant("acme")
///     .with_scopes(["invoices:read"])
///     .with_metadata("plan", "gold")
///     .with_limit(KeyLimit::new(600, 60))
///     .with_credits(10_000)
///     .with_expires_at(SystemTime::now() + Duration::from_secs(90 * 86_400))
///     .with_idempotency_key("order-4711");
/// # let _ = request;
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct KeyRequest {
    pub(super) name: String,
    pub(super) owner: Option<KeyOwner>,
    pub(super) tenant: Option<String>,
    pub(super) scopes: Vec<String>,
    pub(super) metadata: Map<String, Value>,
    pub(super) limit: Option<KeyLimit>,
    pub(super) credits: Option<u64>,
    pub(super) expiry: Option<Expiry>,
    pub(super) idempotency_key: Option<String>,
}

impl KeyRequest {
    /// Makes a request for a key of that name, 1 to 128 characters, without permissions.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            owner: None,
            tenant: None,
            scopes: Vec::new(),
            metadata: Map::new(),
            limit: None,
            credits: None,
            expiry: None,
            idempotency_key: None,
        }
    }

    /// Replaces the owner of the key. Unless set, the owner is the caller who makes it; a key that an
    /// operator, or a caller with `keys:admin`, makes stands for itself.
    pub fn with_owner(mut self, owner: impl Into<KeyOwner>) -> Self {
        self.owner = Some(owner.into());
        self
    }

    /// Replaces the tenant; unless set, it is that of a caller without `keys:admin`, or none.
    pub fn with_tenant(mut self, tenant: impl Into<String>) -> Self {
        self.tenant = Some(tenant.into());
        self
    }

    /// Replaces the scopes of the key: at most 64; none unless set.
    pub fn with_scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// Adds a claim, or replaces the claim of that name; all claims have at most 8 KiB of JSON.
    pub fn with_metadata(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.metadata.insert(name.into(), value.into());
        self
    }

    /// Replaces the limit of requests; no limit unless set.
    pub fn with_limit(mut self, limit: KeyLimit) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Replaces the credits, which are the total number of requests; unlimited unless set. A key that
    /// is made without credits never gets any.
    pub fn with_credits(mut self, credits: u64) -> Self {
        self.credits = Some(credits);
        self
    }

    /// Replaces the time from which the key is refused; never unless set.
    pub fn with_expires_at(mut self, at: SystemTime) -> Self {
        self.expiry = Some(Expiry::At(at.into()));
        self
    }

    /// Replaces how long the key is accepted, from now on, by the store's clock.
    pub fn with_lifetime(mut self, lifetime: Duration) -> Self {
        self.expiry = Some(Expiry::After(lifetime));
        self
    }

    /// Replaces the idempotency key, 1 to 128 characters: while the key of the first request exists,
    /// an equal request returns its record, without the key.
    pub fn with_idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }
}

/// The end of a key, as it is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Expiry {
    At(Timestamp),
    After(Duration),
}

impl Expiry {
    /// The end, where the store's time is `now`.
    pub(super) fn from(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::After(lifetime) => now.saturating_add(lifetime),
        }
    }
}

/// A change of a key; a member that is not set stays.
///
/// # Example
///
/// ```
/// use tower_auth::keys::KeyUpdate;
///
/// let update = KeyUpdate::new().with_scopes(["invoices:read"]).with_credits(500);
/// # let _ = update;
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct KeyUpdate {
    pub(super) name: Option<String>,
    pub(super) owner: Option<KeyOwner>,
    pub(super) tenant: Option<Option<String>>,
    pub(super) scopes: Option<Vec<String>>,
    pub(super) metadata: Option<Map<String, Value>>,
    pub(super) limit: Option<Option<KeyLimit>>,
    pub(super) credits: Option<u64>,
    pub(super) expiry: Option<Option<Expiry>>,
    pub(super) unrevoke: bool,
}

impl KeyUpdate {
    /// Makes an update that changes nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Replaces the name.
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Replaces the owner of the key.
    pub fn with_owner(mut self, owner: impl Into<KeyOwner>) -> Self {
        self.owner = Some(owner.into());
        self
    }

    /// Replaces the tenant; `None` removes it.
    pub fn with_tenant(mut self, tenant: Option<String>) -> Self {
        self.tenant = Some(tenant);
        self
    }

    /// Replaces the scopes of the key.
    pub fn with_scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = Some(scopes.into_iter().map(Into::into).collect());
        self
    }

    /// Replaces the whole metadata.
    pub fn with_metadata(mut self, metadata: Map<String, Value>) -> Self {
        self.metadata = Some(metadata);
        self
    }

    /// Replaces the limit of requests; `None` removes it.
    pub fn with_limit(mut self, limit: Option<KeyLimit>) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Replaces the credits that the key's account has left. Only a key that was made with credits can
    /// get any.
    pub fn with_credits(mut self, credits: u64) -> Self {
        self.credits = Some(credits);
        self
    }

    /// Replaces the time from which the key is refused; `None` means never.
    pub fn with_expires_at(mut self, at: Option<SystemTime>) -> Self {
        self.expiry = Some(at.map(|at| Expiry::At(at.into())));
        self
    }

    /// Replaces how long the key is accepted, from now on, by the store's clock.
    pub fn with_lifetime(mut self, lifetime: Duration) -> Self {
        self.expiry = Some(Some(Expiry::After(lifetime)));
        self
    }

    /// Makes a revoked key valid again.
    pub fn unrevoked(mut self) -> Self {
        self.unrevoke = true;
        self
    }
}

/// A key for administrators: never the key itself, never its digest.
///
/// It serializes as its record with `revision`, `credits` and `last_used_at`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ManagedKey {
    #[serde(flatten)]
    record: KeyRecord,
    revision: Revision,
    credits: Option<u64>,
    last_used_at: Option<Timestamp>,
}

impl ManagedKey {
    /// The record of the key.
    pub fn record(&self) -> &KeyRecord {
        &self.record
    }

    /// The last change of the key.
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// The credits that its account has left; `None` where the key is not metered.
    pub fn credits(&self) -> Option<u64> {
        self.credits
    }

    /// The time of its last use, to the minute.
    pub fn last_used_at(&self) -> Option<Timestamp> {
        self.last_used_at
    }
}

impl From<StoredKey> for ManagedKey {
    fn from(key: StoredKey) -> Self {
        Self {
            revision: key.revision(),
            credits: key.credits(),
            last_used_at: key.last_used_at(),
            record: key.into_record(),
        }
    }
}

/// A new key.
pub struct MadeKey {
    pub(super) key: ManagedKey,
    pub(super) secret: Option<Secret>,
    pub(super) replaced: Option<ManagedKey>,
}

impl MadeKey {
    /// The new key for administrators.
    pub fn key(&self) -> &ManagedKey {
        &self.key
    }

    /// The key itself, which cannot be shown again. `None` where an equal request made it before, or
    /// where it was imported.
    pub fn secret(&self) -> Option<&Secret> {
        self.secret.as_ref()
    }

    /// The old key as it is now, where the new one replaces another.
    pub fn replaced(&self) -> Option<&ManagedKey> {
        self.replaced.as_ref()
    }
}

impl fmt::Debug for MadeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MadeKey")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}
