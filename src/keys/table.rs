//! The digests of all keys, as one process knows them.

use std::{
    hash::BuildHasher,
    sync::atomic::Ordering,
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, atomic::AtomicU64},
};

use foldhash::quality::RandomState;
use hashbrown::HashTable;

use super::{KeyDigest, Revision, Timestamp, held::Known};

/// Keys by their digests, in shards: a change locks one shard while it writes one entry, even with a
/// million keys.
pub(super) struct Table {
    shards: Box<[RwLock<HashTable<Slot>>]>,
    hasher: RandomState,
    /// The number of known keys of unknown form.
    imported: AtomicU64,
}

struct Slot {
    digest: KeyDigest,
    revision: Revision,
    /// `None` where the key was deleted, until the feed has reported the deletion.
    known: Option<Known>,
}

impl Table {
    pub(super) fn new() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| RwLock::default()).collect(),
            hasher: RandomState::default(),
            imported: AtomicU64::new(0),
        }
    }

    /// Passes a known key to `judge`, while no change can happen.
    pub(super) fn with<T>(&self, digest: &KeyDigest, judge: impl FnOnce(&Known) -> T) -> Option<T> {
        let hash = self.hasher.hash_one(digest.as_bytes());
        let shard = self.read(hash)?;
        let slot = shard.find(hash, |slot| slot.digest == *digest)?;
        slot.known.as_ref().map(judge)
    }

    /// Stores the state of a key, unless an equal or later revision is there.
    pub(super) fn put(&self, digest: KeyDigest, revision: Revision, known: Option<Known>) {
        let hash = self.hasher.hash_one(digest.as_bytes());
        let Some(mut shard) = self.write(hash) else {
            return;
        };
        let is_imported =
            |known: &Option<Known>| u64::from(known.as_ref().is_some_and(Known::is_imported));
        let added = is_imported(&known);
        let slot = Slot {
            digest,
            revision,
            known,
        };
        match shard.find_mut(hash, |slot| slot.digest == digest) {
            // The present entry counts its uses: an equal one must not restart the count.
            Some(there) if there.revision >= revision => {}
            Some(there) => {
                let removed = is_imported(&there.known);
                *there = slot;
                self.imported.fetch_add(added, Ordering::Relaxed);
                self.imported.fetch_sub(removed, Ordering::Relaxed);
            }
            None => {
                let rehash = |slot: &Slot| self.hasher.hash_one(slot.digest.as_bytes());
                shard.insert_unique(hash, slot, rehash);
                self.imported.fetch_add(added, Ordering::Relaxed);
            }
        }
    }

    /// Ends a key whatever its revision is; answers whether it counted until then.
    pub(super) fn end(&self, digest: &KeyDigest, now: Timestamp) -> bool {
        let hash = self.hasher.hash_one(digest.as_bytes());
        let Some(mut shard) = self.write(hash) else {
            return false;
        };
        let slot = shard.find_mut(hash, |slot| slot.digest == *digest);
        let known = slot.and_then(|slot| slot.known.as_mut());
        let Some(known) = known.filter(|known| known.is_live(now)) else {
            return false;
        };
        known.revoke();
        true
    }

    /// Removes the entry of a deleted key: the feed has reported the deletion, so no earlier change
    /// follows.
    pub(super) fn forget(&self, digest: &KeyDigest, up_to: Revision) {
        let hash = self.hasher.hash_one(digest.as_bytes());
        let Some(mut shard) = self.write(hash) else {
            return;
        };
        let is_gone =
            |slot: &Slot| slot.digest == *digest && slot.known.is_none() && slot.revision <= up_to;
        if let Ok(entry) = shard.find_entry(hash, is_gone) {
            entry.remove();
        }
    }

    pub(super) fn has_imported(&self) -> bool {
        self.imported.load(Ordering::Relaxed) > 0
    }

    pub(super) fn len(&self) -> usize {
        let shards = self.shards.iter();
        let lens = shards.map(|shard| shard.read().unwrap_or_else(PoisonError::into_inner).len());
        lens.sum()
    }

    fn read(&self, hash: u64) -> Option<RwLockReadGuard<'_, HashTable<Slot>>> {
        // A thread that panicked with the lock left each entry whole.
        let shard = self.shards.get(shard_of(hash))?;
        Some(shard.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write(&self, hash: u64) -> Option<RwLockWriteGuard<'_, HashTable<Slot>>> {
        let shard = self.shards.get(shard_of(hash))?;
        Some(shard.write().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Uses other bits than those with which the hash tables begin.
fn shard_of(hash: u64) -> usize {
    usize::try_from(hash >> 32).unwrap_or_default() % SHARDS
}

const SHARDS: usize = 64;
