//! The result of a change of a store.

use super::{AuditRecord, KeyDigest, KeyId, KeyStoreError, Revision, RevocationEntry, StoredKey};

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
    /// Revocations to keep, each [settled](RevocationPut::settle) first.
    pub revocations: Vec<RevocationPut>,
    /// One or two audit records to append.
    pub audit: Vec<AuditRecord>,
}

impl Applied {
    /// Nothing, up to that revision.
    pub(crate) fn nothing(latest: Revision) -> Self {
        Self {
            latest,
            puts: Vec::new(),
            deleted: None,
            credits: None,
            revocations: Vec::new(),
            audit: Vec::new(),
        }
    }
}

/// A revocation to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RevocationPut {
    /// The entry. After the change, it is the one that the store keeps.
    pub entry: RevocationEntry,
    /// Its revision.
    pub revision: Revision,
    /// The number of entries that the store may keep; `None` for one that was kept before.
    pub max_kept: Option<usize>,
}

impl RevocationPut {
    /// The entry to keep, from the one that the store has under its [id](RevocationEntry::id), and the
    /// number of entries that it has and that are not [over](RevocationEntry::is_over).
    ///
    /// # Errors
    ///
    /// [`KeyStoreError::Full`]: nothing makes room for a new one.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::keys::{KeyStoreError, RevocationEntry, RevocationPut, Revision};
    ///
    /// let json = format!(r#"{{"token": "{}", "until": 60000}}"#, "5e".repeat(32));
    /// let entry: RevocationEntry = serde_json::from_str(&json)?;
    /// let put = RevocationPut { entry, revision: Revision::new(7), max_kept: Some(10) };
    /// assert_eq!(put.settle(None, 9).unwrap(), entry);
    /// assert!(matches!(put.settle(None, 10), Err(KeyStoreError::Full)));
    /// assert_eq!(put.settle(Some(entry), 10).unwrap(), entry);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn settle(
        &self,
        kept: Option<RevocationEntry>,
        count: usize,
    ) -> Result<RevocationEntry, KeyStoreError> {
        match kept {
            Some(kept) => Ok(kept.merge(self.entry)),
            None if self.max_kept.is_some_and(|most| count >= most) => Err(KeyStoreError::Full),
            None => Ok(self.entry),
        }
    }
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
