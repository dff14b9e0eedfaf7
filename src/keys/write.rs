//! A change of a store: decided outside, carried out in one transaction.

use super::{
    Applied, AuditRecord, CreditBalance, DeletedKey, KeyAction, KeyActor, KeyDigest, KeyId,
    KeyRecord, KeyRevocation, KeyStoreError, Revision, RevocationEntry, StoredKey, Timestamp,
    revocable::RevocableCaller,
    write_revocations::{RevokedTokens, restored, revoked},
};

/// A change of a store, which [`ManagedKeys`](super::ManagedKeys) decided.
///
/// A store carries it out in one transaction, without a decision of its own:
///
/// 1. Read the key of [`authority`](Self::authority), and give it to
///    [`check_authority`](Self::check_authority) with the time. Its error is the answer.
/// 2. Read the revocations that it keeps under [`revocation_ids`](Self::revocation_ids), and give them to
///    [`check_revocations`](Self::check_revocations) with the time. Its error is the answer.
/// 3. If [`idempotency`](Self::idempotency) names a change that was carried out before, and its key
///    exists: answer that key ([`Written::Repeated`](super::Written::Repeated)) and change nothing.
/// 4. If a key with the id or the digest of [`creates`](Self::creates) exists: answer
///    [`KeyStoreError::Taken`].
/// 5. If a live key ([`KeyRecord::is_live`]) grants ([`KeyRecord::grants`]) the scope of
///    [`unless_granted`](Self::unless_granted): answer [`KeyStoreError::Held`].
/// 6. Read the key of [`target`](Self::target), and give it to [`apply`](Self::apply) with the time
///    and the last revision. Its error is the answer.
/// 7. [Settle](super::RevocationPut::settle) each of its revocations. Its error is the answer.
/// 8. Write everything in [`Applied`], with the audit records. If one part fails, all of it fails.
/// 9. Answer [`Written::Applied`](super::Written::Applied).
///
/// Two changes never read the same last revision: a store lets one wait for the other's commit, so
/// that revisions are in the order of commits.
///
/// # Example
///
/// ```
/// use tower_auth::keys::{
///     Applied, CreditBalance, DeletedKey, KeyStoreError, KeyWrite, Revision, RevocationEntry, StoredKey,
///     Timestamp, Written,
/// };
///
/// # fn made_by(_: &[StoredKey], _: &str) -> Option<StoredKey> { None }
/// # fn set_balance(_: &CreditBalance) {}
/// // The transaction of a store, here over lists.
/// fn carry_out(
///     keys: &mut Vec<StoredKey>,
///     revocations: &mut Vec<RevocationEntry>,
///     latest: Revision,
///     now: Timestamp,
///     write: KeyWrite,
/// ) -> Result<Written, KeyStoreError> {
///     let own = write.authority().and_then(|id| keys.iter().find(|key| key.record().id() == id));
///     write.check_authority(own, now)?;
///     let ids = write.revocation_ids();
///     let kept: Vec<_> = revocations.iter().copied().filter(|entry| ids.contains(&entry.id())).collect();
///     write.check_revocations(&kept, now)?;
///     if let Some(key) = write.idempotency().and_then(|text| made_by(keys, text)) {
///         return Ok(Written::Repeated(Box::new(key)));
///     }
///     if let Some((id, digest)) = write.creates()
///         && keys.iter().any(|key| key.record().id() == id || key.digest() == digest)
///     {
///         return Err(KeyStoreError::Taken);
///     }
///     if let Some(scope) = write.unless_granted()
///         && keys.iter().any(|key| key.record().is_live(now) && key.record().grants(scope))
///     {
///         return Err(KeyStoreError::Held);
///     }
///     let target = write.target().and_then(|id| keys.iter().find(|key| key.record().id() == id));
///     let applied: Applied = write.apply(target.cloned(), now, latest)?;
///     for put in &applied.puts {
///         keys.retain(|key| key.record().id() != put.record().id());
///         keys.push(put.clone());
///     }
///     if let Some(DeletedKey { id, .. }) = &applied.deleted {
///         keys.retain(|key| key.record().id() != id);
///     }
///     applied.credits.iter().for_each(set_balance);
///     Ok(Written::Applied(applied))
/// }
/// # let _ = carry_out;
/// ```
#[derive(Clone, Debug)]
pub struct KeyWrite {
    pub(super) change: Change,
    pub(super) by: KeyActor,
    /// The key of whoever asks for it, and the revision that it was read at.
    authority: Option<(KeyId, Revision)>,
    /// Whoever asks for it, where a revocation ends what they may do.
    pub(super) caller: Option<RevocableCaller>,
}

#[derive(Clone, Debug)]
pub(crate) enum Change {
    Create(Box<NewKey>),
    Update {
        at: Revision,
        record: Box<KeyRecord>,
        credits: Option<u64>,
        action: KeyAction,
        /// Whether whoever holds the key gets more by it, and not another name alone.
        gives_more: bool,
    },
    Rotate {
        at: Revision,
        old: Box<KeyRecord>,
        new: Box<KeyRecord>,
        digest: KeyDigest,
    },
    Revoke {
        id: KeyId,
        reason: Box<str>,
    },
    Delete {
        id: KeyId,
        at: Revision,
    },
    RevokeTokens(Box<RevokedTokens>),
    RestoreRevocations(Vec<RevocationEntry>),
}

/// A new key.
#[derive(Clone, Debug)]
pub(crate) struct NewKey {
    pub(crate) record: KeyRecord,
    pub(crate) digest: KeyDigest,
    /// The credits, if the key has an account of its own.
    pub(crate) credits: Option<u64>,
    pub(crate) idempotency: Option<Box<str>>,
    pub(crate) unless_granted: Option<Box<str>>,
}

impl KeyWrite {
    pub(crate) fn new(by: KeyActor, change: Change) -> Self {
        Self {
            change,
            by,
            authority: None,
            caller: None,
        }
    }

    /// The change on behalf of a key of this store, as it was read.
    pub(crate) fn on_behalf_of(mut self, own: Option<&StoredKey>) -> Self {
        self.authority = own.map(|own| (own.record().id.clone(), own.revision()));
        self
    }

    /// The key on whose behalf the change is, where the caller showed one of this store.
    pub fn authority(&self) -> Option<&KeyId> {
        self.authority.as_ref().map(|(id, _)| id)
    }

    /// That the key of [`authority`](Self::authority) is as it was when the change was decided, and
    /// is live: one that was revoked meanwhile changes nothing.
    ///
    /// # Errors
    ///
    /// [`KeyStoreError::Changed`] where it is gone, was changed, or has expired.
    pub fn check_authority(
        &self,
        own: Option<&StoredKey>,
        now: Timestamp,
    ) -> Result<(), KeyStoreError> {
        let Some((_, at)) = self.authority else {
            return Ok(());
        };
        let is_good = |own: &StoredKey| own.revision() == at && own.record().is_live(now);
        match own.is_some_and(is_good) {
            true => Ok(()),
            false => Err(KeyStoreError::Changed),
        }
    }

    /// The key to change; `None` where one is made.
    pub fn target(&self) -> Option<&KeyId> {
        match &self.change {
            Change::Create(_) | Change::RevokeTokens(_) | Change::RestoreRevocations(_) => None,
            Change::Update { record, .. } => Some(&record.id),
            Change::Rotate { old, .. } => Some(&old.id),
            Change::Revoke { id, .. } | Change::Delete { id, .. } => Some(id),
        }
    }

    /// Id and digest of the key to make, if there is one.
    pub fn creates(&self) -> Option<(&KeyId, KeyDigest)> {
        match &self.change {
            Change::Create(new) => Some((&new.record.id, new.digest)),
            Change::Rotate { new, digest, .. } => Some((&new.id, *digest)),
            _ => None,
        }
    }

    /// A text of at most 64 characters that only an equal change has: a store keeps it with the key
    /// that the change made, as long as that key exists.
    pub fn idempotency(&self) -> Option<&str> {
        match &self.change {
            Change::Create(new) => new.idempotency.as_deref(),
            _ => None,
        }
    }

    /// A scope: if a live key grants it, the change is not carried out.
    pub fn unless_granted(&self) -> Option<&str> {
        match &self.change {
            Change::Create(new) => new.unless_granted.as_deref(),
            _ => None,
        }
    }

    /// The result of the change, from the key of [`target`](Self::target), the store's time and its
    /// last revision.
    ///
    /// # Errors
    ///
    /// [`KeyStoreError::NotFound`] where the target does not exist, [`KeyStoreError::Changed`] where
    /// it was changed after the change was decided.
    pub fn apply(
        self,
        target: Option<StoredKey>,
        now: Timestamp,
        latest: Revision,
    ) -> Result<Applied, KeyStoreError> {
        let revision = latest.next();
        let by = self.by;
        let found = || target.ok_or(KeyStoreError::NotFound);
        match self.change {
            Change::Create(new) => Ok(create(*new, by, now, revision)),
            Change::Update {
                at,
                record,
                credits,
                action,
                ..
            } => {
                let old = unchanged(found()?, at)?;
                let balance = credits.map(|credits| CreditBalance {
                    account: record.account.clone(),
                    credits,
                });
                let audit = replaced(&old, &record, by, action, now, revision);
                Ok(Applied {
                    puts: vec![old.changed(*record, revision)],
                    audit: vec![AuditRecord { credits, ..audit }],
                    credits: balance,
                    ..Applied::nothing(revision)
                })
            }
            Change::Rotate {
                at,
                old: record,
                mut new,
                digest,
            } => {
                let old = unchanged(found()?, at)?;
                let first = replaced(&old, &record, by.clone(), KeyAction::Rotate, now, revision);
                new.created_at = now;
                let second = made(&new, by, KeyAction::Create, now, revision.next());
                Ok(Applied {
                    puts: vec![
                        old.changed(*record, revision),
                        StoredKey::new(*new, digest, revision.next()),
                    ],
                    audit: vec![first, second],
                    ..Applied::nothing(revision.next())
                })
            }
            Change::Revoke { reason, .. } => {
                let old = found()?;
                let mut record = old.record().clone();
                // The first revocation stays: its time is a fact.
                let first = record.revoked.take();
                record.revoked = Some(first.unwrap_or_else(|| KeyRevocation {
                    at: now,
                    by: by.clone(),
                    reason,
                }));
                let audit = replaced(&old, &record, by, KeyAction::Revoke, now, revision);
                Ok(Applied {
                    puts: vec![old.changed(record, revision)],
                    audit: vec![audit],
                    ..Applied::nothing(revision)
                })
            }
            Change::Delete { id, at } => {
                let old = unchanged(found()?, at)?;
                Ok(Applied {
                    deleted: Some(DeletedKey {
                        id: id.clone(),
                        digest: old.digest(),
                        revision,
                    }),
                    audit: vec![AuditRecord {
                        before: Some(Box::new(old.record().clone())),
                        after: None,
                        ..made(old.record(), by, KeyAction::Delete, now, revision)
                    }],
                    ..Applied::nothing(revision)
                })
            }
            Change::RevokeTokens(tokens) => Ok(revoked(*tokens, by, now, revision)),
            Change::RestoreRevocations(lost) => Ok(restored(lost, by, now, revision)),
        }
    }
}

/// The key, if it was not changed since.
fn unchanged(key: StoredKey, at: Revision) -> Result<StoredKey, KeyStoreError> {
    if key.revision() == at {
        Ok(key)
    } else {
        Err(KeyStoreError::Changed)
    }
}

fn create(new: NewKey, by: KeyActor, now: Timestamp, revision: Revision) -> Applied {
    let NewKey {
        mut record,
        digest,
        credits,
        ..
    } = new;
    record.created_at = now;
    let action = match record.imported {
        true => KeyAction::Import,
        false => KeyAction::Create,
    };
    let audit = made(&record, by, action, now, revision);
    Applied {
        credits: credits.map(|credits| CreditBalance {
            account: record.account.clone(),
            credits,
        }),
        audit: vec![AuditRecord { credits, ..audit }],
        puts: vec![StoredKey::new(record, digest, revision).with_credits(credits)],
        ..Applied::nothing(revision)
    }
}

fn made(
    record: &KeyRecord,
    by: KeyActor,
    action: KeyAction,
    at: Timestamp,
    revision: Revision,
) -> AuditRecord {
    AuditRecord {
        revision,
        at,
        by,
        action,
        key: record.id.clone(),
        before: None,
        after: Some(Box::new(record.clone())),
        credits: None,
        revocation: None,
    }
}

fn replaced(
    old: &StoredKey,
    new: &KeyRecord,
    by: KeyActor,
    action: KeyAction,
    at: Timestamp,
    revision: Revision,
) -> AuditRecord {
    AuditRecord {
        before: Some(Box::new(old.record().clone())),
        ..made(new, by, action, at, revision)
    }
}
