//! The keys that one process knows, by their digests.

use std::{
    hash::BuildHasher,
    sync::{
        PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
};

use foldhash::quality::RandomState;
use hashbrown::HashTable;

use super::{
    KeyDigest, Revision, Timestamp,
    held::Known,
    slot::{Room, Slot, imported},
};

/// Keys by their digests, in shards: a change locks one shard while it writes one entry, even with a
/// million keys.
///
/// It has room for a number of keys. Where the store has more, it leaves some out. One thread writes
/// at a time; any number read.
pub(super) struct Table {
    pub(super) shards: Box<[RwLock<HashTable<Slot>>]>,
    hasher: RandomState,
    pub(super) max: usize,
    pub(super) len: AtomicUsize,
    /// The number of known keys of unknown form.
    pub(super) imported: AtomicU64,
    pub(super) leaves_out: AtomicBool,
    pub(super) leaves_out_imported: AtomicBool,
}

impl Table {
    pub(super) fn new(max: usize) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| RwLock::default()).collect(),
            hasher: RandomState::default(),
            max: max.max(1),
            len: AtomicUsize::new(0),
            imported: AtomicU64::new(0),
            leaves_out: AtomicBool::new(false),
            leaves_out_imported: AtomicBool::new(false),
        }
    }

    /// Passes a known key to `judge`, while no change can happen.
    pub(super) fn with<T>(&self, digest: &KeyDigest, judge: impl FnOnce(&Known) -> T) -> Option<T> {
        let hash = self.hash(digest);
        let shard = self.read(shard_of(hash))?;
        let slot = shard.find(hash, |slot| slot.digest == *digest)?;
        slot.known.as_ref().map(judge)
    }

    /// Stores the state of a key, unless an equal or later revision is there. Gives it back where there
    /// is no room.
    pub(super) fn put(
        &self,
        digest: KeyDigest,
        revision: Revision,
        known: Option<Known>,
        room: Room,
    ) -> Option<Known> {
        let hash = self.hash(&digest);
        let slot = Slot {
            digest,
            revision,
            known,
        };
        let slot = self.replace(hash, slot)?;
        if slot.known.is_some() && self.len() >= self.max && !self.make_room(hash, &slot, room) {
            return slot.known;
        }
        let mut shard = self.write(shard_of(hash))?;
        self.len.fetch_add(1, Ordering::Relaxed);
        self.imported.fetch_add(imported(&slot), Ordering::Relaxed);
        shard.insert_unique(hash, slot, |slot| self.hash(&slot.digest));
        None
    }

    /// Replaces an entry of an earlier revision; gives the new one back where there is none.
    fn replace(&self, hash: u64, slot: Slot) -> Option<Slot> {
        let mut shard = self.write(shard_of(hash))?;
        let Some(there) = shard.find_mut(hash, |there| there.digest == slot.digest) else {
            return Some(slot);
        };
        // The present entry counts its uses: an equal one must not restart the count.
        if there.revision < slot.revision {
            self.imported.fetch_add(imported(&slot), Ordering::Relaxed);
            self.imported.fetch_sub(imported(there), Ordering::Relaxed);
            *there = slot;
        }
        None
    }

    pub(super) fn remove(
        &self,
        shard: &mut HashTable<Slot>,
        is_it: impl FnMut(&Slot) -> bool,
        hash: u64,
    ) {
        if let Ok(entry) = shard.find_entry(hash, is_it) {
            let (slot, _) = entry.remove();
            self.imported.fetch_sub(imported(&slot), Ordering::Relaxed);
            self.len.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Ends a key whatever its revision is; answers whether it counted until then.
    pub(super) fn end(&self, digest: &KeyDigest, now: Timestamp) -> bool {
        let hash = self.hash(digest);
        let Some(mut shard) = self.write(shard_of(hash)) else {
            return false;
        };
        let slot = shard.find_mut(hash, |slot| slot.digest == *digest);
        let known = slot.and_then(|slot| slot.known.as_mut());
        let Some(known) = known else {
            return false;
        };
        if !known.is_live(now) {
            known.expire();
            return false;
        }
        known.revoke();
        true
    }

    /// Removes the entry of a deleted key: the feed has reported the deletion, so no earlier change
    /// follows.
    pub(super) fn forget(&self, digest: &KeyDigest, up_to: Revision) {
        let hash = self.hash(digest);
        let Some(mut shard) = self.write(shard_of(hash)) else {
            return;
        };
        let is_gone =
            |slot: &Slot| slot.digest == *digest && slot.known.is_none() && slot.revision <= up_to;
        self.remove(&mut shard, is_gone, hash);
    }

    /// Whether the store has keys that are not here.
    pub(super) fn leaves_out(&self) -> bool {
        self.leaves_out.load(Ordering::Acquire)
    }

    pub(super) fn leaves_out_imported(&self) -> bool {
        self.leaves_out_imported.load(Ordering::Acquire)
    }

    pub(super) fn has_imported(&self) -> bool {
        self.imported.load(Ordering::Relaxed) > 0 || self.leaves_out_imported()
    }

    pub(super) fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed)
    }

    pub(super) fn hash(&self, digest: &KeyDigest) -> u64 {
        self.hasher.hash_one(digest.as_bytes())
    }

    fn read(&self, shard: usize) -> Option<RwLockReadGuard<'_, HashTable<Slot>>> {
        // A thread that panicked with the lock left each entry whole.
        let shard = self.shards.get(shard)?;
        Some(shard.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn write(&self, shard: usize) -> Option<RwLockWriteGuard<'_, HashTable<Slot>>> {
        let shard = self.shards.get(shard)?;
        Some(shard.write().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Uses other bits than those with which the hash tables begin.
pub(super) fn shard_of(hash: u64) -> usize {
    usize::try_from(hash >> 32).unwrap_or_default() % SHARDS
}

pub(super) const SHARDS: usize = 64;
