//! Where each record stands.

use std::hash::{BuildHasher, Hasher};

use foldhash::quality::RandomState;

use super::ApiKeyRecord;
use crate::secret;

/// Records in one row of slots, each in the first free one from its home on (linear probing).
///
/// Most stand at home or beside it, so that of a million keys one is found at about one step to the
/// memory, where a table that keeps marks beside its records takes two.
#[derive(Clone, Default)]
pub(super) struct Slots {
    /// INVARIANT: from the home of each record to its slot none is free, and a third of all are.
    slots: Box<[Option<ApiKeyRecord>]>,
    len: usize,
    /// A digest may be whatever somebody says it is ([`ApiKeyRecord::from_sha256`]), so it is not its
    /// own hash: nobody can make many stand in one place.
    hasher: RandomState,
}

impl Slots {
    /// Takes the records, of which each has a digest of its own.
    pub(super) fn of(records: Vec<ApiKeyRecord>) -> Self {
        let len = records.len();
        let mut made = Self {
            slots: (0..=len + len / 2).map(|_| None).collect(),
            len,
            hasher: RandomState::default(),
        };
        for record in records {
            let home = made.home(&record.digest);
            let (before, after) = made.slots.split_at_mut(home);
            let mut from_home = after.iter_mut().chain(before);
            if let Some(free) = from_home.find(|slot| slot.is_none()) {
                *free = Some(record);
            }
        }
        made
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn get(&self, digest: &[u8; 32]) -> Option<&ApiKeyRecord> {
        let (before, after) = self.slots.split_at_checked(self.home(digest))?;
        let mut from_home = after.iter().chain(before).map_while(Option::as_ref);
        from_home.find(|record| secret::equal(&record.digest, digest))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &ApiKeyRecord> {
        self.slots.iter().flatten()
    }

    /// Where the search for a digest begins.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the upper half of the product is below the number of slots"
    )]
    fn home(&self, digest: &[u8; 32]) -> usize {
        let mut hasher = self.hasher.build_hasher();
        hasher.write(digest);
        ((u128::from(hasher.finish()) * self.slots.len() as u128) >> 64) as usize
    }
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
        // Of three in a row of five, some stand behind the last slot sooner or later.
        let digests = [(1, 1), (2, 2), (3, 3)];
        let wraps = |slots: &Slots| {
            let stands = |digest: (u8, u8)| {
                let is_it = |slot: &Option<ApiKeyRecord>| {
                    let found = slot.as_ref().map(|record| record.digest);
                    found == Some(record(digest).digest)
                };
                slots.slots.iter().position(is_it).unwrap()
            };
            let is_before = |digest| stands(digest) < slots.home(&record(digest).digest);
            digests.into_iter().any(is_before)
        };
        let mut made = (0..1000).map(|_| Slots::of(digests.map(record).into()));
        let slots = made.find(wraps).expect("one in six does");
        for digest in digests {
            assert_eq!(named(&slots, digest), Some(&*format!("{0}-{0}", digest.0)));
        }
        assert_eq!(named(&slots, (4, 4)), None);
    }

    #[test]
    fn digests_that_somebody_chose_make_no_search_long() {
        for at in [0, 4, 8, 14, 28] {
            let one = record((0, 0));
            let counted = (1..=20_000_u32).map(|number| {
                let mut record = one.clone();
                record.digest[at..at + 4].copy_from_slice(&number.to_be_bytes());
                record
            });
            let slots = Slots::of(counted.collect());
            let mut longest = 0;
            let mut row = 0;
            for slot in &slots.slots {
                row = if slot.is_some() { row + 1 } else { 0 };
                longest = longest.max(row);
            }
            assert!(longest < 500, "{longest} in a row, counted at byte {at}");
        }
    }

    proptest! {
        #[test]
        fn finds_whoever_is_there_and_nobody_else(
            known in btree_set((0..8_u8, 0..8_u8), 0..64),
        ) {
            let slots = Slots::of(known.iter().copied().map(record).collect());
            prop_assert_eq!(slots.len(), known.len());
            prop_assert_eq!(slots.iter().count(), known.len());
            for digest in (0..8).flat_map(|first| (0..8).map(move |last| (first, last))) {
                let name = format!("{}-{}", digest.0, digest.1);
                let expected = known.contains(&digest).then_some(&*name);
                prop_assert_eq!(named(&slots, digest), expected);
            }
        }
    }
}
