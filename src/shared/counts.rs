//! Buckets in the memory of one process.

use std::{sync::MutexGuard, time::Duration};

use super::{
    gcra::Rate,
    table::{Shard, Table},
};
use crate::clock::{Clock, Steady};

/// The buckets of one layer, by hashed keys.
#[derive(Debug)]
pub(crate) struct Counts {
    pub(super) table: Table,
    steady: Steady,
}

/// Units to take from one bucket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Take {
    /// INVARIANT: keyed with a secret: see [`Table`].
    pub(crate) bucket: u128,
    pub(crate) rate: Rate,
    pub(crate) units: u32,
}

/// What became of several takes, numbered as they were given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// All took their units; this one has the least left, measured by its capacity.
    All { tightest: usize, remaining: u32 },
    /// None took anything; this one has to wait the longest.
    None { longest: usize, wait: Duration },
}

impl Counts {
    pub(crate) fn new(entries: usize, clock: Clock) -> Self {
        Self {
            table: Table::new(entries),
            steady: Steady::new(clock),
        }
    }

    /// Nanoseconds that never go back.
    pub(crate) fn now(&self) -> u64 {
        self.steady.nanos()
    }

    /// Takes the units of one bucket if it has them: how many it has left, or how long to wait.
    pub(crate) fn take_one(&self, take: Take, now: u64) -> Result<u32, Duration> {
        let full_at = self.take_until(take, now)?;
        Ok(take.rate.remaining(full_at, now))
    }

    /// Takes the units of one bucket if it has them: when it will be full again, or how long to wait.
    pub(crate) fn take_until(&self, take: Take, now: u64) -> Result<u64, Duration> {
        let mut shard = self.table.lock(Table::shard_of(take.bucket));
        let taken = shard.change(take.bucket, now, |full_at| {
            take.rate.take(full_at, now, take.units)
        });
        taken.map_err(Duration::from_nanos)
    }

    /// As [`take`](Self::take) from one bucket.
    #[inline]
    pub(crate) fn take_alone(&self, take: Take) -> Taken {
        match self.take_one(take, self.now()) {
            Ok(remaining) => Taken::All {
                tightest: 0,
                remaining,
            },
            Err(wait) => Taken::None { longest: 0, wait },
        }
    }

    /// Takes from all of at most [`MOST`] buckets, or from none where one has not enough.
    pub(crate) fn take(&self, takes: impl Iterator<Item = Take> + Clone) -> Taken {
        let now = self.now();
        let mut held = Held::lock(&self.table, takes.clone());
        let mut longest = None;
        for (number, take) in takes.clone().enumerate() {
            let full_at = held.shard(&take).map_or(0, |shard| shard.get(take.bucket));
            if let Err(wait) = take.rate.take(full_at, now, take.units)
                && longest.is_none_or(|(_, longest)| wait > longest)
            {
                longest = Some((number, wait));
            }
        }
        if let Some((longest, wait)) = longest {
            let wait = Duration::from_nanos(wait);
            return Taken::None { longest, wait };
        }
        let mut tightest = (0, u32::MAX, u64::MAX);
        for (number, take) in takes.enumerate() {
            let Some(shard) = held.shard(&take) else {
                continue;
            };
            let full_at = take
                .rate
                .take_anyway(shard.get(take.bucket), now, take.units);
            shard.set(take.bucket, full_at, now);
            let remaining = take.rate.remaining(full_at, now);
            let share = take.rate.share(remaining);
            if share < tightest.2 {
                tightest = (number, remaining, share);
            }
        }
        Taken::All {
            tightest: tightest.0,
            remaining: tightest.1,
        }
    }

    /// Takes units after the fact, those that a bucket does not have included: the next requests wait
    /// until they have come back.
    pub(crate) fn take_anyway(&self, take: Take) {
        let now = self.now();
        let mut shard = self.table.lock(Table::shard_of(take.bucket));
        let full_at = take
            .rate
            .take_anyway(shard.get(take.bucket), now, take.units);
        shard.set(take.bucket, full_at, now);
    }

    /// Gives units back that were taken a moment ago.
    pub(crate) fn give_back(&self, take: Take) {
        self.give_back_missing(take, u64::MAX);
    }

    /// Gives units back that were taken some time ago from a bucket that would be full again at
    /// `full_at`: what of them has not come back with time. Else both would come back, and a bucket
    /// would give more than its burst.
    pub(crate) fn give_back_missing(&self, take: Take, full_at: u64) {
        let now = self.now();
        let missing = full_at.saturating_sub(now);
        let mut shard = self.table.lock(Table::shard_of(take.bucket));
        let full_now = shard.get(take.bucket);
        // A bucket that is not there any more is full.
        if full_now != 0 {
            // At least 1, because 0 is an empty place.
            let full_at = take.rate.give_back(full_now, take.units, missing).max(1);
            shard.set(take.bucket, full_at, now);
        }
    }
}

/// The locks of several buckets, taken in one order by everybody.
struct Held<'a> {
    shards: [Option<(usize, MutexGuard<'a, Shard>)>; MOST],
}

impl<'a> Held<'a> {
    fn lock(table: &'a Table, takes: impl Iterator<Item = Take>) -> Self {
        let mut numbers = [usize::MAX; MOST];
        for (number, take) in numbers.iter_mut().zip(takes) {
            *number = Table::shard_of(take.bucket);
        }
        numbers.sort_unstable();
        let mut last = usize::MAX;
        let shards = numbers.map(|number| {
            let is_new = number != last;
            last = number;
            (is_new && number != usize::MAX).then(|| (number, table.lock(number)))
        });
        Self { shards }
    }

    fn shard(&mut self, take: &Take) -> Option<&mut Shard> {
        let wanted = Table::shard_of(take.bucket);
        let mut held = self.shards.iter_mut().flatten();
        held.find(|(number, _)| *number == wanted)
            .map(|(_, shard)| &mut **shard)
    }
}

/// The most buckets that one request takes from.
pub(crate) const MOST: usize = 8;

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        thread,
    };

    use super::*;
    use crate::clock::ManualTime;

    fn take(bucket: u128, text: &str, units: u32) -> Take {
        let quota: crate::quota::Quota = text.parse().unwrap();
        Take {
            bucket,
            rate: quota.into(),
            units,
        }
    }

    fn counts() -> (Counts, Arc<ManualTime>) {
        let time = Arc::new(ManualTime::new(1_000));
        let clock = Clock {
            manual: Some(Arc::clone(&time)),
        };
        (Counts::new(1_024, clock), time)
    }

    #[test]
    fn all_are_taken_or_none() {
        let (counts, _) = counts();
        let (wide, narrow) = (
            take(1, "10 per minute", 1),
            take(2 << 96, "2 per minute", 1),
        );
        for remaining in [1, 0] {
            let taken = counts.take([wide, narrow].into_iter());
            assert_eq!(
                taken,
                Taken::All {
                    tightest: 1,
                    remaining
                }
            );
        }
        let wait = Duration::from_secs(30);
        assert_eq!(
            counts.take([wide, narrow].into_iter()),
            Taken::None { longest: 1, wait }
        );
        // The refused one took nothing from the wide bucket.
        assert_eq!(counts.take_one(wide, counts.now()), Ok(7));
    }

    #[test]
    fn buckets_of_one_lock_and_of_several_are_taken_from() {
        let (counts, _) = counts();
        let takes: Vec<_> = (0..8)
            .map(|number| take((number << 96) + number / 2, "3 per minute", 1))
            .collect();
        for remaining in [2, 1, 0] {
            let taken = counts.take(takes.iter().copied());
            assert!(
                matches!(taken, Taken::All { remaining: left, .. } if left == remaining),
                "{taken:?}"
            );
        }
        assert!(matches!(
            counts.take(takes.iter().copied()),
            Taken::None { .. }
        ));
    }

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let (counts, _) = counts();
        let one = take(1, "1 per minute", 1);
        counts.give_back(one); // of a bucket that is not there
        assert_eq!(counts.take_one(one, counts.now()), Ok(0));
        assert!(counts.take_one(one, counts.now()).is_err());
        counts.give_back(one);
        assert_eq!(counts.take_one(one, counts.now()), Ok(0));
    }

    #[test]
    fn a_clock_that_is_set_back_neither_gives_nor_locks() {
        let (counts, time) = counts();
        let one = take(1, "1 per minute", 1);
        assert!(counts.take_one(one, counts.now()).is_ok());
        time.set(10);
        let wait = counts.take_one(one, counts.now()).unwrap_err();
        assert_eq!(wait, Duration::from_secs(60));
        time.set(70);
        assert!(counts.take_one(one, counts.now()).is_ok());
    }

    #[test]
    fn many_threads_take_exactly_the_burst() {
        let (counts, _) = counts();
        let (taken, passed) = (AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for number in 0..200 {
                        let other = take((number % 7 + 2) << 96 | number, "100000 per minute", 1);
                        let takes = [take(1, "100 per minute", 1), other];
                        passed.fetch_add(1, Ordering::Relaxed);
                        if let Taken::All { .. } = counts.take(takes.iter().copied()) {
                            taken.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        assert_eq!(taken.into_inner(), 100);
    }
}
