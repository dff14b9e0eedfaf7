//! A bounded table of times, whoever the keys are from.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Times by hashed keys, in as much memory as was said when it was made: a key of a caller's choice
/// takes no more.
///
/// Each hash has its place in one of many small sets. Where a set is full, the entry with the earliest
/// time goes: that of a bucket which is full again, or will be first. So what is active stays.
///
/// INVARIANT: hashes are keyed with a secret, so that nobody can fill one set on purpose.
pub(crate) struct Table {
    shards: Box<[Mutex<Shard>]>,
}

/// Sets of one lock.
pub(super) struct Shard {
    sets: Box<[Set]>,
}

/// What tells the entries of a set apart, and their times; a time of 0 is an empty place.
///
/// It is one cache line: a set that nobody has looked at for a while is fetched once.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Set {
    times: [u64; WAYS],
    tags: [u32; WAYS],
}

impl Table {
    /// A table of about that many entries, 13 bytes each: memory is taken when entries come.
    pub(crate) fn new(entries: usize) -> Self {
        let sets = entries.div_ceil(SHARDS * WAYS).max(1);
        let shard = || {
            Mutex::new(Shard {
                sets: vec![EMPTY; sets].into_boxed_slice(),
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

    pub(crate) fn set(&self, hash: u128, time: u64) {
        self.lock(Self::shard_of(hash)).set(hash, time);
    }
}

impl Shard {
    pub(super) fn get(&mut self, hash: u128) -> u64 {
        let tag = tag(hash);
        let set = self.set_of(hash);
        let mut entries = set.tags.iter().zip(&set.times);
        let own = entries.find(|(there, time)| **there == tag && **time != 0);
        own.map_or(0, |(_, time)| *time)
    }

    pub(super) fn set(&mut self, hash: u128, time: u64) {
        let tag = tag(hash);
        let set = self.set_of(hash);
        let entries = || set.tags.iter().zip(&set.times);
        let own = entries().position(|(there, time)| *there == tag && *time != 0);
        let place = own.or_else(|| {
            let earliest = set.times.iter().enumerate().min_by_key(|(_, time)| **time);
            earliest.map(|(place, _)| place)
        });
        if let Some(place) = place
            && let (Some(tag_there), Some(time_there)) =
                (set.tags.get_mut(place), set.times.get_mut(place))
        {
            *tag_there = tag;
            *time_there = time;
        }
    }

    fn set_of(&mut self, hash: u128) -> &mut Set {
        // The high bits of the low half, spread over the sets.
        let spread = (hash & u128::from(u64::MAX)) * self.sets.len() as u128;
        let set = self.sets.get_mut((spread >> 64) as usize);
        set.expect("INVARIANT: a part below one of the number of sets is below it")
    }
}

/// What tells entries of one set apart: no bit of it chooses the set or the lock. With a secret behind it, an
/// entry is taken for another once in a thousand million times.
fn tag(hash: u128) -> u32 {
    (hash >> 96) as u32
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Table(…)")
    }
}

const SHARDS: usize = 64;
const WAYS: usize = 5;
const EMPTY: Set = Set {
    times: [0; WAYS],
    tags: [0; WAYS],
};

#[cfg(test)]
mod tests {
    use super::*;

    /// Hashes of one set.
    fn hash(tag: u64) -> u128 {
        u128::from(tag) << 96
    }

    #[test]
    fn an_entry_is_found_and_replaced() {
        let table = Table::new(1);
        table.set(hash(1), 10);
        table.set(hash(2), 20);
        table.set(hash(1), 30);
        assert_eq!([1, 2, 3].map(|tag| table.get(hash(tag))), [30, 20, 0]);
    }

    #[test]
    fn a_full_set_lets_the_earliest_time_go() {
        let table = Table::new(1);
        for tag in 1..=5 {
            table.set(hash(tag), 100 - tag);
        }
        table.set(hash(6), 200);
        assert_eq!(table.get(hash(5)), 0);
        for tag in (1..5).chain([6]) {
            assert_ne!(table.get(hash(tag)), 0, "{tag}");
        }
    }

    #[test]
    fn it_holds_about_as_many_as_was_said() {
        let table = Table::new(4_096);
        let seed = super::super::seed::Seed::new();
        let hashes: Vec<_> = (0..100_000_u32)
            .map(|number| seed.hash([number.to_be_bytes().as_slice()]))
            .collect();
        for (number, hash) in hashes.iter().enumerate() {
            table.set(*hash, number as u64 + 1);
        }
        let held = hashes.iter().filter(|hash| table.get(**hash) != 0).count();
        assert_eq!(held, 13 * 5 * SHARDS);
        let newest = hashes.iter().rev().take(2_000);
        let kept = newest.filter(|hash| table.get(**hash) != 0).count();
        assert!(kept > 1_900, "{kept}");
    }
}
