//! Making room for a key where a process already knows as many keys as it may.

use std::sync::{PoisonError, atomic::Ordering};

use hashbrown::HashTable;

use super::{
    slot::{Claim, Room, Slot, imported},
    table::{SHARDS, Table, shard_of},
};

/// A search for an entry that gives way.
struct Search {
    room: Room,
    takes_live: bool,
    /// The number of places, empty ones too, that it may still look at.
    places_left: usize,
}

impl Table {
    /// Makes room for a new entry; answers whether it is to be inserted.
    pub(super) fn make_room(&self, hash: u64, slot: &Slot, room: Room) -> bool {
        // Keys that have ended do not count. To look for them is worth it where many are found.
        if !self.leaves_out() && self.remove_ended(room) > self.max / 16 {
            return true;
        }
        self.leaves_out.store(true, Ordering::Release);
        let is_imported = imported(slot) > 0;
        // Whether a text of another form is looked up depends on whether all imported keys are known.
        let mut search = Search::new(room, room.claim != Claim::Reported || is_imported);
        let mut is_inserted = room.claim == Claim::Changed || self.len() < self.max;
        // One that stayed without room is made up for later.
        for _ in 0..2 {
            if self.len() < self.max || !self.evict(hash, &mut search) {
                break;
            }
            is_inserted = true;
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
    fn evict(&self, hash: u64, search: &mut Search) -> bool {
        let first = shard_of(hash);
        for shard in (first..SHARDS).chain(0..first) {
            let Some(mut shard) = self.write(shard).filter(|shard| !shard.is_empty()) else {
                continue;
            };
            if search.places_left == 0 {
                return false;
            }
            let Some(victim) = search.victim(&shard, hash) else {
                continue;
            };
            let (digest, is_live) = (victim.digest, victim.is_live(search.room.now));
            if is_live && imported(victim) > 0 {
                self.leaves_out_imported.store(true, Ordering::Release);
            }
            self.remove(&mut shard, |slot| slot.digest == digest, self.hash(&digest));
            return true;
        }
        false
    }
}

impl Search {
    fn new(room: Room, takes_live: bool) -> Self {
        Self {
            room,
            takes_live,
            // A store may report millions of keys for which there is no room, so each costs little.
            // Where live keys give way, the first shard nearly always has one.
            places_left: if takes_live { PLACES * SHARDS } else { PLACES },
        }
    }

    /// The entry of a shard that gives way.
    fn victim<'a>(&mut self, shard: &'a HashTable<Slot>, hash: u64) -> Option<&'a Slot> {
        let places = shard.num_buckets();
        // The digest of the new entry decides where the few begin: a place that is reached at once,
        // however many entries there are.
        let first = usize::try_from(hash % u64::try_from(places).ok()?).ok()?;
        let places = (first..places).chain(0..first);
        let few = places
            .take(PLACES.min(self.places_left))
            .inspect(|_| self.places_left -= 1)
            .filter_map(|place| shard.get_bucket(place))
            .filter(|slot| slot.may_go(self.room))
            .take(FEW);
        let rank = |slot: &&Slot| (slot.is_live(self.room.now), imported(slot), slot.used());
        let victim = few.min_by_key(rank);
        victim.filter(|slot| self.takes_live || !slot.is_live(self.room.now))
    }
}

/// The number of entries of which one gives way.
const FEW: usize = 8;
/// The number of places among which they are looked for: in a full shard nearly half are taken, or more.
const PLACES: usize = 64;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde::Deserialize;

    use super::*;
    use crate::{
        clock::Clock,
        keys::{
            KeyDigest, KeyFormat, KeyRecord, MemoryKeyStore, Revision, StoredKey, Timestamp,
            held::Known, settings::Settings, uses::Uses,
        },
    };

    const MAX: u64 = 10_000;
    const NOW: Timestamp = Timestamp::from_unix_millis(1_000);

    struct Filled {
        table: Table,
        settings: Settings,
        uses: Arc<Uses>,
    }

    impl Filled {
        /// A table that is full of live keys.
        fn new() -> Self {
            let uses = Uses::new(Arc::new(MemoryKeyStore::new().unwrap()), Clock::system());
            let filled = Self {
                table: Table::new(usize::try_from(MAX).unwrap()),
                settings: Settings::new(KeyFormat::new("sk").unwrap(), Arc::new([])),
                uses: Arc::new(uses),
            };
            for number in 0..MAX {
                assert!(filled.put(number, Claim::Reported));
            }
            filled
        }

        /// Puts a key; answers whether it is there.
        fn put(&self, number: u64, claim: Claim) -> bool {
            let record = KeyRecord::deserialize(serde_json::json!({
                "id": format!("key_{number}"), "account": format!("key_{number}"),
                "start": "sk_Ab3d", "name": "ci", "scopes": null, "created_at": 0,
                "created_by": {"operator": "ada"},
            }))
            .unwrap();
            let key = StoredKey::new(record, digest(number), Revision::new(number + 1));
            let known = Known::new(&key, None, &self.settings, &self.uses);
            let left_over =
                self.table
                    .put(digest(number), key.revision(), Some(known), room(claim));
            left_over.is_none()
        }
    }

    fn digest(number: u64) -> KeyDigest {
        KeyDigest::of_key(&number.to_be_bytes())
    }

    fn room(claim: Claim) -> Room {
        Room {
            now: NOW,
            up_to: Revision::new(u64::MAX),
            claim,
        }
    }

    /// The number of places that are looked at for keys with many hashes.
    fn looked_at(filled: &Filled, takes_live: bool) -> Vec<usize> {
        let hashes = (0..1_000_u64).map(|number| number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let looked_at = hashes.map(|hash| {
            let mut search = Search::new(room(Claim::Reported), takes_live);
            let before = search.places_left;
            assert_eq!(filled.table.evict(hash, &mut search), takes_live);
            before - search.places_left
        });
        looked_at.collect()
    }

    #[test]
    fn a_reported_key_without_room_looks_at_few_places() {
        let filled = Filled::new();
        assert!(looked_at(&filled, false).iter().all(|count| *count <= 64));
        // With twice and three times as many keys as there is room for, none has a place.
        for number in MAX..3 * MAX {
            assert!(!filled.put(number, Claim::Reported));
        }
        assert_eq!(filled.table.len(), 10_000);
        assert!(looked_at(&filled, false).iter().all(|count| *count <= 64));
    }

    #[test]
    fn a_key_that_takes_the_place_of_a_live_one_looks_at_few_places() {
        let filled = Filled::new();
        assert!(looked_at(&filled, true).iter().all(|count| *count <= 64));
        for number in MAX..2 * MAX {
            assert!(filled.put(number, Claim::Found));
            assert!(filled.table.len() <= 10_000);
        }
    }

    #[test]
    fn reported_keys_take_the_places_of_keys_that_have_ended() {
        let filled = Filled::new();
        assert!(!filled.put(MAX, Claim::Reported));
        let ended = MAX / 20;
        for number in 0..ended {
            assert!(filled.table.end(&digest(number), NOW));
        }
        let new = (MAX..5 * MAX).filter(|number| filled.put(*number, Claim::Reported));
        let count = u64::try_from(new.count()).unwrap();
        assert!((ended / 2..=ended).contains(&count), "{count}");
        assert_eq!(filled.table.len(), 10_000);
    }
}
