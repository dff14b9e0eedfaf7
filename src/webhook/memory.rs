//! Deliveries remembered in this process.

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use super::replay::{ReplayKey, ReplayStore, Reserved};
use crate::{answer::Answer, clock, error::AuthError};

/// Remembers deliveries in this process: at most a set number, for at most a set time.
///
/// Clones share one memory.
///
/// # Security
///
/// A full store forgets the oldest handled delivery. A delivery in progress is never forgotten: if the
/// store holds only such ones, new deliveries are refused with 503. Only deliveries whose signature
/// verified get into the store, so an attacker cannot flood it with requests of their own. But an
/// attacker who makes the platform send many distinct events can push an older delivery out, and a
/// recorded copy of that delivery would then be handled again. Where the scheme signs a time, this
/// works only within the time window (an older copy is refused in any case): a capacity for the
/// deliveries of ten minutes closes the gap. Where it signs none (GitHub, Meta, Shopify, Telegram,
/// Twilio), a copy is refused only as long as the delivery is remembered; a handler of an event that
/// must never be handled twice should look for an id of the event in the body.
///
/// A delivery of GitHub or Shopify takes two places of the capacity if it has the header that tells
/// equal bodies apart; a delivery of Twilio takes three, or four with that header.
///
/// The memory ends with the process, and is not shared with other processes.
#[derive(Clone)]
pub struct MemoryReplayStore {
    capacity: usize,
    ttl: u64,
    seen: Arc<Mutex<Deliveries>>,
}

#[derive(Default)]
struct Deliveries {
    deliveries: HashMap<ReplayKey, Delivery>,
    // INVARIANT: holds exactly the handled deliveries, in the order in which they were handled.
    handled: VecDeque<ReplayKey>,
}

struct Delivery {
    arrived: u64,
    is_handled: bool,
}

impl MemoryReplayStore {
    /// Makes a store of at most that many deliveries (at least one), each remembered for a day.
    pub fn new(capacity: usize) -> Self {
        Self {
            capacity: capacity.max(1),
            ttl: TTL,
            seen: Arc::default(),
        }
    }

    /// Replaces how long a delivery is remembered: one day unless set, never less than twenty minutes
    /// (with a time window of five minutes each way, a copy is valid for ten).
    #[must_use]
    pub fn with_ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl.as_secs().max(SHORTEST_TTL);
        self
    }

    /// The number of deliveries that are remembered or being handled.
    pub fn len(&self) -> usize {
        self.lock().deliveries.len()
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> MutexGuard<'_, Deliveries> {
        // No step leaves it half-changed.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryReplayStore {
    /// A store of 100,000 deliveries, about 11 MB when it is full.
    fn default() -> Self {
        Self::new(CAPACITY)
    }
}

impl ReplayStore for MemoryReplayStore {
    fn reserve(&self, key: &ReplayKey, at: SystemTime) -> Answer<Result<Reserved, AuthError>> {
        let now = clock::to_unix(at);
        let mut seen = self.lock();
        seen.forget_before(now.saturating_sub(self.ttl));
        seen.reserve(key, now, self.capacity).into()
    }

    fn keep(&self, key: &ReplayKey) {
        let mut seen = self.lock();
        if let Some(delivery) = seen.deliveries.get_mut(key)
            && !std::mem::replace(&mut delivery.is_handled, true)
        {
            seen.handled.push_back(*key);
        }
    }

    fn release(&self, key: &ReplayKey) {
        let mut seen = self.lock();
        if let Entry::Occupied(delivery) = seen.deliveries.entry(*key)
            && !delivery.get().is_handled
        {
            delivery.remove();
        }
    }
}

impl Deliveries {
    fn forget_before(&mut self, time: u64) {
        while let Some(oldest) = self.handled.front()
            && self
                .deliveries
                .get(oldest)
                .is_none_or(|delivery| delivery.arrived < time)
        {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) -> bool {
        let oldest = self.handled.pop_front();
        oldest.is_some_and(|oldest| self.deliveries.remove(&oldest).is_some())
    }

    fn reserve(
        &mut self,
        key: &ReplayKey,
        now: u64,
        capacity: usize,
    ) -> Result<Reserved, AuthError> {
        if let Some(delivery) = self.deliveries.get(key) {
            return Ok(if delivery.is_handled {
                Reserved::Handled
            } else {
                Reserved::InProgress
            });
        }
        if self.deliveries.len() >= capacity && !self.forget_oldest() {
            return Err(AuthError::unavailable(
                "every delivery that is remembered is being handled",
            )
            .with_reason("replay_store_full"));
        }
        self.deliveries.insert(
            *key,
            Delivery {
                arrived: now,
                is_handled: false,
            },
        );
        Ok(Reserved::New)
    }
}

impl fmt::Debug for MemoryReplayStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryReplayStore")
            .field("capacity", &self.capacity)
            .field("ttl_seconds", &self.ttl)
            .field("deliveries", &self.len())
            .finish()
    }
}

const CAPACITY: usize = 100_000;
const TTL: u64 = 24 * 60 * 60;
const SHORTEST_TTL: u64 = 20 * 60;
