//! What passes between a store and whoever asks it.

use super::{AuditRecord, Epoch, KeyDigest, KeyId, KeyOwner, KeyRecord, Revision, Timestamp};

/// A key as a store has it.
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
