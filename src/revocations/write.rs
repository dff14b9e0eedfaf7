//! An entry to add to a store: decided outside, carried out in one transaction.

use std::time::Duration;

use super::RevocationStoreError;
use crate::keys::{
    KeyActor, KeyStoreError, Revision, Revocation, RevocationEntry, RevocationPut,
    RevocationRecord, RevokedTokens, Timestamp,
};

/// A revocation to add to a store, which [`Revocations`](super::Revocations) decided.
///
/// A store carries it out in one transaction, without a decision of its own:
///
/// 1. Take [`entry`](Self::entry) at the store's time.
/// 2. Forget entries that are [over](RevocationEntry::is_over), or leave them out of the count.
/// 3. Read the entry that has its [id](RevocationEntry::id), and count the entries; give both to
///    [`settle`](Self::settle). Its error is the answer.
/// 4. Keep the entry that it answers, in the place of the old one, under a revision that is greater than
///    that of every entry before it.
///
/// A store that keeps audit records writes [`record`](Self::record) and [`by`](Self::by) in that
/// transaction.
///
/// # Example
///
/// ```
/// use tower_auth::{
///     keys::{KeyActor, RevocationEntry, Timestamp},
///     revocations::{RevocationStoreError, RevocationWrite},
/// };
///
/// // The transaction of a store, here over a list.
/// fn carry_out(
///     kept: &mut Vec<RevocationEntry>,
///     now: Timestamp,
///     write: &RevocationWrite,
/// ) -> Result<RevocationEntry, RevocationStoreError> {
///     let entry = write.entry(now);
///     kept.retain(|kept| !kept.is_over(now));
///     let old = kept.iter().copied().find(|kept| kept.id() == entry.id());
///     let settled = write.settle(entry, old, kept.len())?;
///     kept.retain(|kept| kept.id() != entry.id());
///     kept.push(settled);
///     if let KeyActor::Operator(name) = write.by() {
///         println!("{name} revoked {:?}", write.record(&settled));
///     }
///     Ok(settled)
/// }
/// # let _ = carry_out;
/// ```
#[derive(Clone, Debug)]
pub struct RevocationWrite {
    tokens: RevokedTokens,
    by: KeyActor,
}

impl RevocationWrite {
    pub(crate) fn new(
        revocation: Revocation,
        by: KeyActor,
        max_lifetime: Duration,
        max_kept: usize,
    ) -> Self {
        Self {
            tokens: RevokedTokens {
                revocation,
                max_lifetime,
                max_kept,
            },
            by,
        }
    }

    /// The entry, if it is added at that time by the store's clock.
    pub fn entry(&self, now: Timestamp) -> RevocationEntry {
        self.tokens.revocation.entry(now, self.tokens.max_lifetime)
    }

    /// The number of entries that the store may keep.
    pub fn max_kept(&self) -> usize {
        self.tokens.max_kept
    }

    /// The entry to keep, from the one that the store has under its id, and the number of entries that
    /// it has and that are not over.
    ///
    /// # Errors
    ///
    /// [`RevocationStoreError::Full`]: nothing makes room for a new one.
    pub fn settle(
        &self,
        entry: RevocationEntry,
        kept: Option<RevocationEntry>,
        count: usize,
    ) -> Result<RevocationEntry, RevocationStoreError> {
        let put = RevocationPut {
            entry,
            revision: Revision::ZERO,
            max_kept: Some(self.max_kept()),
        };
        put.settle(kept, count)
            .map_err(|error: KeyStoreError| error.into())
    }

    /// The actor.
    pub fn by(&self) -> &KeyActor {
        &self.by
    }

    /// What an audit record tells of it.
    pub fn record(&self, entry: &RevocationEntry) -> RevocationRecord {
        self.tokens.revocation.record(entry)
    }

    pub(super) fn into_parts(self) -> (RevokedTokens, KeyActor) {
        (self.tokens, self.by)
    }
}
