//! A shared state in the memory of one process.

use std::{sync::Arc, time::Duration};

use super::{
    Admission, Begun, Count, Once, SharedState, SharedStateError,
    counts::{Counts, MOST, Take, Taken},
    memory_once::Names,
};
use crate::{answer::Answer, clock::Clock, seed::Seed};

/// Counts and remembers in the memory of this process, which is bounded: whoever comes, it takes no more.
///
/// Where the table of counts is full, a bucket that is full again goes first, then the one that will be
/// first. What is done once is never forgotten before its time; where there is no room for one name more,
/// it is an error. Clones share all of it.
///
/// # Example
///
/// ```
/// use tower_auth::{Clock, shared::MemorySharedState};
///
/// // 16 bytes a bucket; a million unless set. About 150 bytes a name; 100,000 unless set.
/// let state = MemorySharedState::new()
///     .with_max_buckets(100_000)
///     .with_max_names(10_000)
///     .with_clock(Clock::system());
/// # let _ = state;
/// ```
#[derive(Clone, Debug)]
pub struct MemorySharedState {
    counts: Arc<Counts>,
    names: Arc<Names>,
    seed: Seed,
    clock: Clock,
    max_buckets: usize,
}

impl MemorySharedState {
    /// An empty state of at most about a million buckets, 16 bytes each, and 100,000 names.
    pub fn new() -> Self {
        Self::of(DEFAULT_BUCKETS, DEFAULT_NAMES, Clock::system())
    }

    fn of(max_buckets: usize, max_names: usize, clock: Clock) -> Self {
        Self {
            counts: Arc::new(Counts::new(max_buckets, clock.clone())),
            names: Arc::new(Names::new(max_names)),
            seed: Seed::new(),
            clock,
            max_buckets,
        }
    }

    /// Replaces about how many buckets it holds; it is empty then.
    #[must_use]
    pub fn with_max_buckets(self, most: usize) -> Self {
        Self::of(most, self.names.most(), self.clock)
    }

    /// Replaces how many names of what is done once it remembers at most; it is empty then.
    #[must_use]
    pub fn with_max_names(self, most: usize) -> Self {
        Self::of(self.max_buckets, most, self.clock)
    }

    /// Replaces the clock; it is empty then.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        Self::of(self.max_buckets, self.names.most(), clock)
    }

    fn take(&self, count: &Count) -> Take {
        Take {
            bucket: self.seed.hash_block(count.bucket().to_be_bytes()),
            rate: count.quota().into(),
            units: count.units(),
        }
    }
}

impl Default for MemorySharedState {
    fn default() -> Self {
        Self::new()
    }
}

impl SharedState for MemorySharedState {
    fn admit(&self, counts: &[Count]) -> Answer<Result<Admission, SharedStateError>> {
        if counts.len() > MOST {
            return Err(SharedStateError::new("too many counts at once")).into();
        }
        let takes: Vec<Take> = counts.iter().map(|count| self.take(count)).collect();
        Ok(match self.counts.take(takes.iter().copied()) {
            Taken::All {
                tightest,
                remaining,
            } => Admission::Admitted {
                tightest,
                remaining,
            },
            Taken::None { longest, wait } => Admission::Refused {
                longest,
                retry_after: wait,
            },
        })
        .into()
    }

    fn charge(&self, counts: &[Count]) -> Answer<Result<(), SharedStateError>> {
        for count in counts {
            self.counts.take_anyway(self.take(count));
        }
        Ok(()).into()
    }

    fn give_back(&self, counts: &[Count]) -> Answer<Result<(), SharedStateError>> {
        for count in counts {
            self.counts.give_back(self.take(count));
        }
        Ok(()).into()
    }

    fn begin(&self, once: &Once, lease: Duration) -> Answer<Result<Begun, SharedStateError>> {
        let begun = self.names.begin(once, self.counts.now(), lease);
        begun.ok_or_else(full).into()
    }

    fn renew(&self, once: &Once, lease: Duration) -> Answer<Result<bool, SharedStateError>> {
        Ok(self.names.renew(once, self.counts.now(), lease)).into()
    }

    fn finish(&self, once: &Once, ttl: Duration) -> Answer<Result<(), SharedStateError>> {
        let has_room = self.names.finish(once, self.counts.now(), ttl);
        has_room.then_some(()).ok_or_else(full).into()
    }

    fn abandon(&self, once: &Once) -> Answer<Result<(), SharedStateError>> {
        self.names.abandon(once);
        Ok(()).into()
    }
}

fn full() -> SharedStateError {
    SharedStateError::new(
        "as many names are remembered as may be: allow more with MemorySharedState::with_max_names",
    )
}

const DEFAULT_BUCKETS: usize = 1 << 20;
const DEFAULT_NAMES: usize = 100_000;
