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

use super::{KeyDigest, Revision, Timestamp, held::Known};

/// Keys by their digests, in shards: a change locks one shard while it writes one entry, even with a
/// million keys.
///
/// It has room for a number of keys. Where the store has more, it leaves some out. One thread writes
/// at a time; any number read.
pub(super) struct Table {
    shards: Box<[RwLock<HashTable<Slot>>]>,
    hasher: RandomState,
    max: usize,
    len: AtomicUsize,
    /// The number of known keys of unknown form.
    imported: AtomicU64,
    leaves_out: AtomicBool,
    leaves_out_imported: AtomicBool,
}

struct Slot {
    digest: KeyDigest,
    revision: Revision,
    /// `None` where the key was deleted, until the feed has reported the deletion.
    known: Option<Known>,
}

/// What may give way to a new entry.
#[derive(Clone, Copy)]
pub(super) struct Room {
    /// The store's time: expired keys give way first.
    pub(super) now: Timestamp,
    /// Only entries up to this revision give way: the feed has reported them, so nothing that was read
    /// earlier follows.
    pub(super) up_to: Revision,
    pub(super) claim: Claim,
}

/// The claim of a new entry to a place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Claim {
    /// The feed reports it: no live key gives way.
    Reported,
    /// It was looked up: the key that was not used for longest gives way.
    Found,
    /// This process changed it: it stays until the feed has reported it, for what was read before the
    /// change may still come.
    Changed,
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

    /// Makes room for a new entry; answers whether it is to be inserted.
    fn make_room(&self, hash: u64, slot: &Slot, room: Room) -> bool {
        // Keys that have ended do not count. To look for them is worth it where many are found.
        if !self.leaves_out() && self.remove_ended(room) > self.max / 16 {
            return true;
        }
        self.leaves_out.store(true, Ordering::Release);
        let is_imported = imported(slot) > 0;
        // Whether a text of another form is looked up depends on whether all imported keys are known.
        let takes_live = room.claim != Claim::Reported || is_imported;
        let mut is_inserted = room.claim == Claim::Changed;
        // One that stayed without room is made up for later.
        for _ in 0..2 {
            if self.len() >= self.max {
                is_inserted |= self.evict(hash, room, takes_live);
            }
        }
        if is_imported && !is_inserted {
            self.leaves_out_imported.store(true, Ordering::Release);
        }
        is_inserted
    }

    fn remove_ended(&self, room: Room) -> usize {
        let has_ended = |slot: &mut Slot| slot.may_go(room) && !slot.is_live(room.now);
        let mut removed = 0;
        for shard in &self.shards {
            let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
            for slot in shard.extract_if(has_ended) {
                removed += 1;
                self.imported.fetch_sub(imported(&slot), Ordering::Relaxed);
            }
        }
        self.len.fetch_sub(removed, Ordering::Relaxed);
        removed
    }

    /// Removes one of a few entries: one that has ended, else the one that was not used for longest,
    /// and imported keys last.
    fn evict(&self, hash: u64, room: Room, takes_live: bool) -> bool {
        let first = shard_of(hash);
        for shard in (first..SHARDS).chain(0..first) {
            let Some(mut shard) = self.write(shard) else {
                continue;
            };
            let Ok(len) = u64::try_from(shard.len()) else {
                continue;
            };
            // The digest of the new entry decides where the few begin.
            let skipped = usize::try_from(hash % len.max(1)).unwrap_or_default();
            let all = shard.iter().cycle().skip(skipped);
            let few = all.take(shard.len()).filter(|slot| slot.may_go(room));
            let rank = |slot: &&Slot| (slot.is_live(room.now), imported(slot), slot.used());
            let victim = few.take(FEW).min_by_key(rank);
            let Some(victim) = victim.filter(|slot| takes_live || !slot.is_live(room.now)) else {
                continue;
            };
            let (digest, is_live) = (victim.digest, victim.is_live(room.now));
            if is_live && imported(victim) > 0 {
                self.leaves_out_imported.store(true, Ordering::Release);
            }
            self.remove(&mut shard, |slot| slot.digest == digest, self.hash(&digest));
            return true;
        }
        false
    }

    fn remove(&self, shard: &mut HashTable<Slot>, is_it: impl FnMut(&Slot) -> bool, hash: u64) {
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
        let Some(known) = known.filter(|known| known.is_live(now)) else {
            return false;
        };
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

    fn hash(&self, digest: &KeyDigest) -> u64 {
        self.hasher.hash_one(digest.as_bytes())
    }

    fn read(&self, shard: usize) -> Option<RwLockReadGuard<'_, HashTable<Slot>>> {
        // A thread that panicked with the lock left each entry whole.
        let shard = self.shards.get(shard)?;
        Some(shard.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write(&self, shard: usize) -> Option<RwLockWriteGuard<'_, HashTable<Slot>>> {
        let shard = self.shards.get(shard)?;
        Some(shard.write().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Slot {
    fn may_go(&self, room: Room) -> bool {
        self.known.is_some() && self.revision <= room.up_to
    }

    fn is_live(&self, now: Timestamp) -> bool {
        self.known.as_ref().is_some_and(|known| known.is_live(now))
    }

    fn used(&self) -> u64 {
        self.known.as_ref().map_or(0, Known::used)
    }
}

/// 1 for an imported key, 0 for others.
fn imported(slot: &Slot) -> u64 {
    u64::from(slot.known.as_ref().is_some_and(Known::is_imported))
}

/// Uses other bits than those with which the hash tables begin.
fn shard_of(hash: u64) -> usize {
    usize::try_from(hash >> 32).unwrap_or_default() % SHARDS
}

const SHARDS: usize = 64;
/// The number of entries of which one gives way.
const FEW: usize = 8;
