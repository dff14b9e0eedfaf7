//! The values that a store takes and returns.

use super::{AuditRecord, Epoch, KeyDigest, KeyId, KeyOwner, KeyRecord, Revision, Timestamp};

/// A key as a store has it.
///
/// # Example
///
/// ```
/// use tower_auth::keys::{KeyDigest, KeyRecord, Revision, StoredKey};
///
/// let record: KeyRecord = serde_json::from_str(
///     r#"{"id": "key_1", "account": "key_1", "start": "sk_Ab3d", "name": "ci", "scopes": null,
///         "created_at": 1000, "created_by": {"operator": "ada"}}"#,
/// )?;
/// let key = StoredKey::new(record, KeyDigest::of_key(b"sk_Ab3d"), Revision::new(7))
///     .with_credits(Some(100))
///     .with_last_used_at(None);
/// assert_eq!((key.credits(), key.last_used_at()), (Some(100), None));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct StoredKey {
    record: KeyRecord,
    digest: KeyDigest,
    revision: Revision,
    credits: Option<u64>,
    last_used_at: Option<Timestamp>,
}

impl StoredKey {
    /// A key with what a store keeps of it, never used and without credits.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::keys::{KeyDigest, KeyRecord, Revision, StoredKey};
    ///
    /// fn read_row(document: &str, digest: [u8; 32], revision: u64) -> serde_json::Result<StoredKey> {
    ///     let record: KeyRecord = serde_json::from_str(document)?;
    ///     Ok(StoredKey::new(record, KeyDigest::new(digest), Revision::new(revision)))
    /// }
    /// # assert!(read_row("{}", [0; 32], 1).is_err());
    /// ```
    pub fn new(record: KeyRecord, digest: KeyDigest, revision: Revision) -> Self {
        Self {
            record,
            digest,
            revision,
            credits: None,
            last_used_at: None,
        }
    }

    /// Replaces the credits that its account has left; `None` where it is not metered.
    #[must_use]
    pub fn with_credits(mut self, credits: Option<u64>) -> Self {
        self.credits = credits;
        self
    }

    /// Replaces the time of its last use, to the minute.
    #[must_use]
    pub fn with_last_used_at(mut self, at: Option<Timestamp>) -> Self {
        self.last_used_at = at;
        self
    }

    /// Replaces the record and its revision.
    pub(crate) fn changed(self, record: KeyRecord, revision: Revision) -> Self {
        Self {
            record,
            revision,
            ..self
        }
    }

    /// The record of the key.
    pub fn record(&self) -> &KeyRecord {
        &self.record
    }

    pub(crate) fn into_record(self) -> KeyRecord {
        self.record
    }

    /// The SHA-256 by which a store looks it up.
    pub fn digest(&self) -> KeyDigest {
        self.digest
    }

    /// The last change of the key.
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// The credits that its account had left when it was read.
    pub fn credits(&self) -> Option<u64> {
        self.credits
    }

    /// The time of its last use, to the minute.
    pub fn last_used_at(&self) -> Option<Timestamp> {
        self.last_used_at
    }
}

/// One entry of a store's feed: the last change of one key.
#[derive(Clone, Debug, PartialEq)]
pub enum KeyChange {
    /// The key in its current state.
    Put(Box<StoredKey>),
    /// The key was deleted; a store keeps this much of it.
    Deleted {
        /// The digest, which no longer identifies a key.
        digest: KeyDigest,
        /// The change that deleted it.
        revision: Revision,
    },
}

impl KeyChange {
    pub(super) fn digest(&self) -> KeyDigest {
        match self {
            Self::Put(key) => key.digest(),
            Self::Deleted { digest, .. } => *digest,
        }
    }

    /// The number of the change.
    pub fn revision(&self) -> Revision {
        match self {
            Self::Put(key) => key.revision(),
            Self::Deleted { revision, .. } => *revision,
        }
    }
}

/// A page of a store's feed.
///
/// # Example
///
/// ```
/// use tower_auth::keys::{KeyChange, KeyChanges};
///
/// fn show(page: KeyChanges) {
///     for change in page.changes {
///         match change {
///             KeyChange::Put(key) => println!("{}: {:?}", key.record().id(), key.last_used_at()),
///             KeyChange::Deleted { digest, revision } => println!("{digest:?} at {revision:?}"),
///         }
///     }
/// }
/// # let _ = show;
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct KeyChanges {
    /// The history that the revisions belong to.
    pub epoch: Epoch,
    /// The last revision that the store has.
    pub latest: Revision,
    /// The changes in the order of their revisions. If there are more than the limit, the first of
    /// them.
    pub changes: Vec<KeyChange>,
    /// Whether this page ends at `latest`.
    pub is_complete: bool,
}

/// The property by which a key is looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyLookup {
    /// By its id.
    Id(KeyId),
    /// By the SHA-256 of the key.
    Digest(KeyDigest),
}

/// A query for keys.
///
/// # Example
///
/// ```
/// use tower_auth::keys::{KeyQuery, Page, StoredKey};
///
/// fn list(keys: &[StoredKey], query: &KeyQuery) -> Page<StoredKey> {
///     let mut selected = keys.iter().filter(|key| query.selects(key.record()));
///     Page {
///         items: selected.by_ref().take(query.limit).cloned().collect(),
///         has_more: selected.next().is_some(),
///     }
/// }
/// assert!(list(&[], &KeyQuery { limit: 10, ..KeyQuery::default() }).items.is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyQuery {
    /// Only keys of this owner.
    pub owner: Option<KeyOwner>,
    /// Only keys of this tenant; `Some(None)` selects keys without a tenant.
    pub tenant: Option<Option<Box<str>>>,
    /// Only keys whose ids follow this one.
    pub after: Option<KeyId>,
    /// The maximum number of keys.
    pub limit: usize,
}

impl KeyQuery {
    /// Whether a record matches the query, apart from the limit.
    pub fn selects(&self, record: &KeyRecord) -> bool {
        let of_owner = |owner| record.owner.as_ref() == Some(owner);
        self.owner.as_ref().is_none_or(of_owner)
            && self
                .tenant
                .as_ref()
                .is_none_or(|tenant| record.tenant == *tenant)
            && self.after.as_ref().is_none_or(|after| record.id > *after)
    }
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// The items of the page.
    pub items: Vec<T>,
    /// Whether more items follow.
    pub has_more: bool,
}

/// A query for audit records, newest first.
///
/// # Example
///
/// ```
/// use tower_auth::keys::{AuditQuery, AuditRecord, KeyAction};
///
/// fn show_revocations(records: &[AuditRecord], query: &AuditQuery) {
///     for record in records.iter().filter(|record| query.selects(record)).take(query.limit) {
///         if record.action() == KeyAction::Revoke {
///             println!("{:?} revoked {} ({:?} credits)", record.by(), record.key(), record.credits());
///         }
///     }
/// }
/// show_revocations(&[], &AuditQuery::default());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// Only records about this key.
    pub key: Option<KeyId>,
    /// Only records with smaller revisions.
    pub before: Option<Revision>,
    /// The maximum number of records.
    pub limit: usize,
}

impl AuditQuery {
    /// Whether a record matches the query, apart from the limit.
    pub fn selects(&self, record: &AuditRecord) -> bool {
        self.key.as_ref().is_none_or(|key| record.key() == key)
            && self.before.is_none_or(|before| record.revision() < before)
    }
}

/// The result of spending a credit.
///
/// # Example
///
/// ```
/// use tower_auth::keys::{KeyId, KeyStore, KeyUse, MemoryKeyStore, Spend, Timestamp};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let store = MemoryKeyStore::new()?;
/// let nobody = KeyId::new("key_1");
/// assert_eq!(store.spend(nobody.clone()).await?.value, Spend::NoAccount);
/// store.touch(vec![KeyUse { key: nobody, at: Timestamp::from_unix_millis(1_000) }]).await?;
/// # Ok::<(), tower_auth::keys::KeyStoreError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spend {
    /// One credit was spent.
    Spent {
        /// The credits that are left.
        left: u64,
    },
    /// No credit was left.
    Exhausted,
    /// The account has no credits that could be spent.
    NoAccount,
}

/// The last use of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyUse {
    /// The key.
    pub key: KeyId,
    /// The time of the use, by the store's clock.
    pub at: Timestamp,
}
