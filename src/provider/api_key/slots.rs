//! Where each record stands.

use super::ApiKeyRecord;
use crate::secret;

/// Records in one row of slots, each in the first free one from its home on (linear probing).
///
/// A digest is its own hash: it is as even as a hash can be, and a caller who could choose where it
/// lands would have to find a key for it first. So its home is known at once, and of a million keys one
/// is found at one step to the memory, where a table that keeps marks beside its records takes two.
#[derive(Clone, Default)]
pub(super) struct Slots {
    /// INVARIANT: a third of them is free, so that no search is long.
    slots: Box<[Option<ApiKeyRecord>]>,
    len: usize,
}

impl Slots {
    /// Takes the records, of which each has a digest of its own.
    pub(super) fn of(records: Vec<ApiKeyRecord>) -> Self {
        let len = records.len();
        let mut slots: Box<[_]> = (0..=len + len / 2).map(|_| None).collect();
        for record in records {
            let (before, after) = slots.split_at_mut(home(&record.digest, slots.len()));
            let mut free = after.iter_mut().chain(before).filter(|slot| slot.is_none());
            if let Some(slot) = free.next() {
                *slot = Some(record);
            }
        }
        Self { slots, len }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn get(&self, digest: &[u8; 32]) -> Option<&ApiKeyRecord> {
        let (before, after) = self
            .slots
            .split_at_checked(home(digest, self.slots.len()))?;
        // Behind a free slot stands nobody whose home is here or before.
        let mut taken = after.iter().chain(before).map_while(Option::as_ref);
        taken.find(|record| {
            start(&record.digest) == start(digest) && secret::equal(&record.digest, digest)
        })
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &ApiKeyRecord> {
        self.slots.iter().flatten()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut ApiKeyRecord> {
        self.slots.iter_mut().flatten()
    }

    /// All records but those.
    pub(super) fn without(self, leave_out: impl Fn(&ApiKeyRecord) -> bool) -> Vec<ApiKeyRecord> {
        let records = self.slots.into_iter().flatten();
        records.filter(|record| !leave_out(record)).collect()
    }
}

/// The slot where the search for a digest begins: as far from the first as the digest is from zero.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the upper half of the product is below the number of slots"
)]
fn home(digest: &[u8; 32], slots: usize) -> usize {
    ((u128::from(start(digest)) * slots as u128) >> 64) as usize
}

fn start(digest: &[u8; 32]) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = *digest;
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

#[cfg(test)]
mod tests {
    use proptest::{collection::btree_set, prelude::*};

    use super::*;

    /// A record with a digest of which only the first and the last byte are not zero.
    fn record((first, last): (u8, u8)) -> ApiKeyRecord {
        let mut digest = [0; 32];
        (digest[0], digest[31]) = (first, last);
        let mut record = ApiKeyRecord::new(format!("{first}-{last}"), "key").unwrap();
        record.digest = digest;
        record
    }

    fn named(slots: &Slots, digest: (u8, u8)) -> Option<&str> {
        slots.get(&record(digest).digest).map(ApiKeyRecord::name)
    }

    #[test]
    fn in_no_slots_nothing_is_found() {
        assert_eq!(named(&Slots::default(), (0, 0)), None);
        assert_eq!(named(&Slots::of(Vec::new()), (255, 255)), None);
    }

    #[test]
    fn a_search_goes_on_behind_the_last_slot() {
        let last = [(255, 1), (255, 2), (255, 3), (255, 4)];
        let slots = Slots::of(last.map(record).into());
        for digest in last {
            assert_eq!(named(&slots, digest), Some(&*format!("255-{}", digest.1)));
        }
        assert_eq!(named(&slots, (255, 5)), None);
        assert_eq!(named(&slots, (0, 1)), None);
    }

    proptest! {
        /// Many share a home here, and some the part of the digest that chooses it.
        #[test]
        fn finds_whoever_is_there_and_nobody_else(
            known in btree_set((0..8_u8, 0..8_u8), 0..64),
            gone in btree_set((0..8_u8, 0..8_u8), 0..64),
            spread in 1..32_u8,
        ) {
            let spread = |(first, last): (u8, u8)| (first * spread, last);
            let slots = Slots::of(known.iter().copied().map(spread).map(record).collect());
            prop_assert_eq!(slots.len(), known.len());
            prop_assert_eq!(slots.iter().count(), known.len());
            let gone_names: Vec<_> = gone.iter().copied().map(spread)
                .map(|digest| record(digest).name().to_owned()).collect();
            let left = Slots::of(
                slots.clone().without(|record| gone_names.iter().any(|name| name == record.name())),
            );
            for digest in (0..8).flat_map(|first| (0..8).map(move |last| (first, last))) {
                let (at, is_known) = (spread(digest), known.contains(&digest));
                let name = format!("{}-{}", at.0, at.1);
                prop_assert_eq!(named(&slots, at), is_known.then_some(&*name));
                let is_left = is_known && !gone.contains(&digest);
                prop_assert_eq!(named(&left, at), is_left.then_some(&*name));
            }
        }
    }
}
