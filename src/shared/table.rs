//! A bounded table of times, whoever the keys are from.

use std::{
    convert::Infallible,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Times by hashed keys, in no more memory than was said when it was made: a key of a caller's choice
/// takes no more.
///
/// Each hash has its place in one of two of many small sets, the one with more room: so about half of the places
/// are taken before two sets are full at once. Where all entries of both are still needed, the sets double, up to
/// what was said: a table with few such entries stays in the processor's caches, which
/// `tower-auth, by address` in `benches/peers` shows. After that, the entry with the earliest time goes:
/// that of a bucket which will be full again first. So what is active stays.
///
/// INVARIANT: hashes are keyed with a secret, so that nobody can fill one set on purpose.
pub(crate) struct Table {
    shards: Box<[Mutex<Shard>]>,
}

/// Sets of one lock.
pub(super) struct Shard {
    sets: Box<[Set]>,
    /// How often the sets may double.
    doublings: u32,
}

/// It is one cache line: a set that nobody has looked at for a while is fetched once.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Set([Entry; WAYS]);

/// What tells an entry from others, and its time; a time of 0 is an empty place.
#[derive(Clone, Copy)]
struct Entry {
    tag: u64,
    time: u64,
}

impl Table {
    /// A table of about that many entries, 16 bytes each: memory is taken when entries come.
    pub(crate) fn new(entries: usize) -> Self {
        let most = entries.div_ceil(SHARDS * WAYS).max(1);
        let doublings = (most / FEWEST_SETS).checked_ilog2().unwrap_or(0);
        let shard = || {
            Mutex::new(Shard {
                sets: vec![EMPTY; most.div_ceil(1 << doublings)].into_boxed_slice(),
                doublings,
            })
        };
        Self {
            shards: (0..SHARDS).map(|_| shard()).collect(),
        }
    }

    /// The number of the lock for a hash.
    pub(super) fn shard_of(hash: u128) -> usize {
        // The low bits choose the lock.
        usize::try_from(hash % SHARDS as u128).unwrap_or_default()
    }

    /// The entries beside a hash, under their lock.
    pub(super) fn lock(&self, shard: usize) -> MutexGuard<'_, Shard> {
        let shard = self.shards.get(shard).or(self.shards.first());
        let shard = shard.expect("INVARIANT: a table has shards");
        // No step between two statements leaves it half-changed.
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time of a hash; 0 where it has none.
    pub(crate) fn get(&self, hash: u128) -> u64 {
        self.lock(Self::shard_of(hash)).get(hash)
    }

    /// Replaces the time of a hash. Entries with a time up to `now` are not needed any more.
    pub(crate) fn set(&self, hash: u128, time: u64, now: u64) {
        self.lock(Self::shard_of(hash)).set(hash, time, now);
    }

    /// Forgets the time of a hash.
    pub(crate) fn remove(&self, hash: u128) {
        if let Some(entry) = self.lock(Self::shard_of(hash)).find(tag(hash)) {
            entry.time = 0;
        }
    }
}

impl Shard {
    pub(super) fn get(&mut self, hash: u128) -> u64 {
        self.find(tag(hash)).map_or(0, |entry| entry.time)
    }

    pub(super) fn set(&mut self, hash: u128, time: u64, now: u64) {
        let Ok(_) = self.change(hash, now, |_| Ok::<_, Infallible>(time));
    }

    /// Makes another time of that of a hash, 0 where it has none.
    pub(super) fn change<E>(
        &mut self,
        hash: u128,
        now: u64,
        change: impl FnOnce(u64) -> Result<u64, E>,
    ) -> Result<u64, E> {
        let tag = tag(hash);
        match self.find(tag) {
            Some(entry) => {
                entry.time = change(entry.time)?;
                Ok(entry.time)
            }
            None => {
                let time = change(0)?;
                self.add(Entry { tag, time }, now);
                Ok(time)
            }
        }
    }

    fn find(&mut self, tag: u64) -> Option<&mut Entry> {
        let sets = self.sets_of(tag);
        let has = |set: usize| self.sets.get(set).is_some_and(|set| set.has(tag));
        // Both are looked at, whatever the first one says, so that memory is waited for once.
        let set = match sets.map(has) {
            [true, _] => sets[0],
            [_, true] => sets[1],
            _ => return None,
        };
        let mut entries = self.sets.get_mut(set)?.0.iter_mut();
        entries.find(|entry| entry.tag == tag)
    }

    fn add(&mut self, entry: Entry, now: u64) {
        while self.doublings > 0 && self.place(entry.tag, now).time > now {
            self.double(now);
        }
        *self.place(entry.tag, now) = entry;
    }

    /// Spreads what is still needed over twice as many sets.
    #[cold]
    fn double(&mut self, now: u64) {
        self.doublings = self.doublings.saturating_sub(1);
        let twice = vec![EMPTY; self.sets.len().saturating_mul(2)];
        let sets = std::mem::replace(&mut self.sets, twice.into_boxed_slice());
        let entries = sets.iter().flat_map(|set| set.0);
        for entry in entries.filter(|entry| entry.time > now) {
            self.add(entry, now);
        }
    }

    /// The place for another entry beside a tag: the earliest of the set that has fewer which are needed.
    fn place(&mut self, tag: u64, now: u64) -> &mut Entry {
        let room = |set: &usize| self.sets.get(*set).map(|set| set.needed(now));
        let set = self.sets_of(tag).into_iter().min_by_key(room);
        let set = set.and_then(|set| self.sets.get_mut(set));
        let entries = set.into_iter().flat_map(|set| &mut set.0);
        let earliest = entries.min_by_key(|entry| entry.time);
        earliest.expect("INVARIANT: a set has places")
    }

    /// The numbers of the two sets for a tag.
    fn sets_of(&self, tag: u64) -> [usize; 2] {
        // The high bits of both halves, spread over the sets.
        let spread = |half: u64| ((u128::from(half) * self.sets.len() as u128) >> 64) as usize;
        [spread(tag), spread(tag.rotate_left(32))]
    }
}

impl Set {
    fn has(&self, tag: u64) -> bool {
        self.0
            .iter()
            .fold(false, |has, entry| has | (entry.tag == tag))
    }

    /// How many entries are needed, and the earliest time.
    fn needed(&self, now: u64) -> (usize, u64) {
        let times = self.0.iter().map(|entry| entry.time);
        let needed = times.clone().filter(|time| *time > now).count();
        (needed, times.min().unwrap_or_default())
    }
}

/// What tells entries of one lock apart: 64 bits, keyed with a secret. In a full table of a million, a hash
/// that is not there is taken for another once in ten million million times.
fn tag(hash: u128) -> u64 {
    (hash >> 64) as u64
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Table(…)")
    }
}

const SHARDS: usize = 64;
const WAYS: usize = 4;
/// So many sets a lock begins with, or more.
const FEWEST_SETS: usize = 8;
const EMPTY: Set = Set([Entry { tag: 0, time: 0 }; WAYS]);

#[cfg(test)]
mod tests {
    use super::*;

    /// Hashes of one lock; of one set, as long as it has few.
    fn hash(tag: u64) -> u128 {
        u128::from(tag) << 64
    }

    #[test]
    fn an_entry_is_found_and_replaced() {
        let table = Table::new(1);
        table.set(hash(1), 10, 1);
        table.set(hash(2), 20, 1);
        table.set(hash(1), 30, 1);
        assert_eq!([1, 2, 3].map(|tag| table.get(hash(tag))), [30, 20, 0]);
    }

    #[test]
    fn a_removed_entry_leaves_its_place_and_can_come_again() {
        let table = Table::new(1);
        for tag in 1..=4 {
            table.set(hash(tag), 10, 1);
        }
        table.remove(hash(2));
        table.remove(hash(9));
        table.set(hash(5), 20, 1);
        let times = |tags: [u64; 5]| tags.map(|tag| table.get(hash(tag)));
        assert_eq!(times([1, 2, 3, 4, 5]), [10, 0, 10, 10, 20]);
        table.remove(hash(5));
        table.set(hash(5), 30, 1);
        assert_eq!(times([1, 2, 3, 4, 5]), [10, 0, 10, 10, 30]);
    }

    #[test]
    fn a_full_set_lets_the_earliest_time_go() {
        let table = Table::new(1);
        for tag in 1..=4 {
            table.set(hash(tag), 100 - tag, 1);
        }
        table.set(hash(5), 200, 1);
        assert_eq!(table.get(hash(4)), 0);
        for tag in [1, 2, 3, 5] {
            assert_ne!(table.get(hash(tag)), 0, "{tag}");
        }
    }

    /// Hashes that nobody chose.
    fn hashes(count: u32) -> Vec<u128> {
        let seed = crate::seed::Seed::new();
        let hash = |number: u32| seed.hash([number.to_be_bytes().as_slice()]);
        (0..count).map(hash).collect()
    }

    fn sets(table: &Table) -> usize {
        let shards = table.shards.iter();
        shards.map(|shard| shard.lock().unwrap().sets.len()).sum()
    }

    #[test]
    fn it_holds_about_as_many_as_was_said() {
        let table = Table::new(4_096);
        let hashes = hashes(100_000);
        for (number, hash) in hashes.iter().enumerate() {
            table.set(*hash, number as u64 + 2, 1);
        }
        let held = hashes.iter().filter(|hash| table.get(**hash) != 0).count();
        assert_eq!((held, sets(&table)), (4_096, 1_024));
        let newest = hashes.iter().rev().take(2_000);
        let kept = newest.filter(|hash| table.get(**hash) != 0).count();
        assert!(kept > 1_850, "{kept}");
    }

    #[test]
    fn entries_stay_while_it_grows() {
        let table = Table::new(1 << 20);
        let hashes = hashes(20_000);
        for (number, hash) in hashes.iter().enumerate() {
            table.set(*hash, number as u64 + 2, 1);
        }
        for (number, hash) in hashes.iter().enumerate() {
            assert_eq!(table.get(*hash), number as u64 + 2);
        }
    }

    #[test]
    fn it_does_not_grow_before_a_good_part_of_it_is_taken() {
        for entries in [1_000, 20_000, 200_000] {
            let table = Table::new(1 << 20);
            for (number, hash) in hashes(entries).iter().enumerate() {
                table.set(*hash, number as u64 + 2, 1);
            }
            let places = sets(&table) * WAYS;
            assert!(places <= 4 * entries as usize, "{entries}: {places}");
        }
    }

    #[test]
    fn it_grows_for_entries_that_are_needed_alone() {
        let table = Table::new(1 << 20);
        let at_first = sets(&table);
        for (number, hash) in hashes(100_000).iter().enumerate() {
            let now = number as u64 + 1;
            table.set(*hash, now + 100, now); // a hundred at once
        }
        assert!(sets(&table) <= 2 * at_first, "{}", sets(&table));
    }

    #[test]
    fn numbers_of_all_sizes_are_about_kept_to() {
        for entries in [0, 1, 256, 257, 3_000, 4_000, 100_000, 1 << 20] {
            let table = Table::new(entries);
            let doublings = table.shards.first().unwrap().lock().unwrap().doublings;
            let most = (sets(&table) << doublings) * WAYS;
            let room = entries / 8 + SHARDS * WAYS;
            assert!(
                (entries..=entries + room).contains(&most),
                "{entries}: {most}"
            );
        }
    }
}
