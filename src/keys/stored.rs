//! What passes between a store and whoever asks it.

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

    /// Replaces how many credits its account has left; none where it is not metered.
    #[must_use]
    pub fn with_credits(mut self, credits: Option<u64>) -> Self {
        self.credits = credits;
        self
    }

    /// Replaces when it was last used, right to a minute.
    #[must_use]
    pub fn with_last_used_at(mut self, at: Option<Timestamp>) -> Self {
        self.last_used_at = at;
        self
    }

    /// Replaces the record, at the revision that did it.
    pub(crate) fn changed(self, record: KeyRecord, revision: Revision) -> Self {
        Self {
            record,
            revision,
            ..self
        }
    }

    /// What is kept of it beside its digest.
    pub fn record(&self) -> &KeyRecord {
        &self.record
    }

    pub(crate) fn into_record(self) -> KeyRecord {
        self.record
    }

    /// The SHA-256 that it is looked up by.
    pub fn digest(&self) -> KeyDigest {
        self.digest
    }

    /// The change that made it what it is.
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// How many credits its account had left when it was read.
    pub fn credits(&self) -> Option<u64> {
        self.credits
    }

    /// When it was last used, right to a minute.
    pub fn last_used_at(&self) -> Option<Timestamp> {
        self.last_used_at
    }
}

/// One entry of a store's feed: each key stands there once, with its last change.
#[derive(Clone, Debug, PartialEq)]
pub enum KeyChange {
    /// The key is like this now.
    Put(Box<StoredKey>),
    /// The key was deleted; a store keeps that much of it.
    Deleted {
        /// The digest that nobody is to be known by any more.
        digest: KeyDigest,
        /// The change that deleted it.
        revision: Revision,
    },
}

impl KeyChange {
    /// The change that this entry is about.
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
    /// The changes in the order of their revisions. Where there are more than were asked for, the
    /// first of them.
    pub changes: Vec<KeyChange>,
    /// Whether this page leads up to `latest`.
    pub is_complete: bool,
}

/// How a key is looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyLookup {
    /// By its id.
    Id(KeyId),
    /// By the SHA-256 of the key.
    Digest(KeyDigest),
}

/// Which keys to list.
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
    /// Only those of this owner.
    pub owner: Option<KeyOwner>,
    /// Only those of this tenant: of none, where `Some(None)`.
    pub tenant: Option<Option<Box<str>>>,
    /// Only those whose ids follow this one.
    pub after: Option<KeyId>,
    /// At most that many.
    pub limit: usize,
}

impl KeyQuery {
    /// Whether a record belongs into the list, apart from how many there are.
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

/// A part of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// What is in it.
    pub items: Vec<T>,
    /// Whether more follow.
    pub has_more: bool,
}

/// Which audit records to read, newest first.
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
    /// Only those about this key.
    pub key: Option<KeyId>,
    /// Only those whose revisions are smaller.
    pub before: Option<Revision>,
    /// At most that many.
    pub limit: usize,
}

impl AuditQuery {
    /// Whether a record belongs into the list, apart from how many there are.
    pub fn selects(&self, record: &AuditRecord) -> bool {
        self.key.as_ref().is_none_or(|key| record.key() == key)
            && self.before.is_none_or(|before| record.revision() < before)
    }
}

/// What became of a credit.
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
    /// One was spent, and so many are left.
    Spent {
        /// How many are left.
        left: u64,
    },
    /// None was left.
    Exhausted,
    /// The account has no credits that could be spent.
    NoAccount,
}

/// When a key was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyUse {
    /// Which key.
    pub key: KeyId,
    /// When, by the store's clock.
    pub at: Timestamp,
}
