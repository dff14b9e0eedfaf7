//! The result of a change of a store.

use super::{AuditRecord, KeyDigest, KeyId, Revision, StoredKey};

/// The result of a [`KeyWrite`](super::KeyWrite): a store writes all of it, or nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Applied {
    /// The last revision of the store after the change.
    pub latest: Revision,
    /// Keys to insert, or to replace if their ids exist: the record, the digest, the revision.
    pub puts: Vec<StoredKey>,
    /// A key to delete. Its digest and the revision stay, for the feed.
    pub deleted: Option<DeletedKey>,
    /// A balance to set.
    pub credits: Option<CreditBalance>,
    /// One or two audit records to append.
    pub audit: Vec<AuditRecord>,
}

/// A key that was deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletedKey {
    /// Its id.
    pub id: KeyId,
    /// Its digest.
    pub digest: KeyDigest,
    /// The change that deleted it.
    pub revision: Revision,
}

/// The new credits of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditBalance {
    /// The account: [`KeyRecord::account`](super::KeyRecord::account).
    pub account: KeyId,
    /// The number of credits.
    pub credits: u64,
}

/// The answer to a [`KeyWrite`](super::KeyWrite).
#[derive(Clone, Debug, PartialEq)]
pub enum Written {
    /// The change was carried out.
    Applied(Applied),
    /// The change was carried out before, and made this key.
    Repeated(Box<StoredKey>),
}
