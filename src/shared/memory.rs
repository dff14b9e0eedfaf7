//! A shared state in the memory of one process.

use std::sync::Arc;

use super::{
    Admission, Count, SharedState, SharedStateError,
    counts::{Counts, MOST, Take, Taken},
    seed::Seed,
};
use crate::{answer::Answer, clock::Clock};

/// Counts in the memory of this process, in a bounded table: whoever comes, it takes no more.
///
/// Where the table is full, a bucket that is full again goes first, then the one that will be first.
/// Clones share their counts.
///
/// # Example
///
/// ```
/// use tower_auth::{Clock, shared::MemorySharedState};
///
/// // 16 bytes a bucket; a million unless set.
/// let state = MemorySharedState::new().with_max_buckets(100_000).with_clock(Clock::system());
/// # let _ = state;
/// ```
#[derive(Clone, Debug)]
pub struct MemorySharedState {
    counts: Arc<Counts>,
    seed: Seed,
    clock: Clock,
    max_buckets: usize,
}

impl MemorySharedState {
    /// An empty state of at most about a million buckets, 16 bytes each.
    pub fn new() -> Self {
        Self::of(DEFAULT_BUCKETS, Clock::system())
    }

    fn of(max_buckets: usize, clock: Clock) -> Self {
        Self {
            counts: Arc::new(Counts::new(max_buckets, clock.clone())),
            seed: Seed::new(),
            clock,
            max_buckets,
        }
    }

    /// Replaces about how many buckets it holds; it is empty then.
    #[must_use]
    pub fn with_max_buckets(self, most: usize) -> Self {
        Self::of(most, self.clock)
    }

    /// Replaces the clock; it is empty then.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        Self::of(self.max_buckets, clock)
    }

    fn take(&self, count: &Count) -> Take {
        Take {
            bucket: self.seed.hash([count.bucket().to_be_bytes().as_slice()]),
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
        Ok(match self.counts.take(&takes) {
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
}

const DEFAULT_BUCKETS: usize = 1 << 20;
