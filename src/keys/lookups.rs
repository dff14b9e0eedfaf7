//! The look-ups of keys that a process does not know: few a second, each key once at a time.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use tokio::sync::watch;

use super::{KeyDigest, held::JudgedKey};
use crate::{
    clock::{Clock, Tick},
    error::AuthError,
};

/// The result of a look-up.
#[derive(Clone)]
pub(super) enum Found {
    /// The store has the key.
    Known(JudgedKey),
    /// It could not be asked.
    NotAsked(AuthError),
    /// The store has no such key.
    Unknown,
}

#[derive(Default)]
pub(super) struct Lookups {
    /// The starts of the last look-ups.
    starts: VecDeque<Tick>,
    in_flight: HashMap<[u8; 32], InFlight>,
    unknown: Unknown,
}

struct InFlight {
    /// Whether a change of the key passed since the look-up was asked for.
    is_disturbed: bool,
    answer: watch::Sender<Option<Found>>,
}

/// The way to the answer for a key.
pub(super) enum Begun {
    /// The store had no such key a moment ago, and has reported none since.
    Unknown,
    /// There are too many look-ups.
    TooMany,
    /// Another request looks the key up.
    Joined(watch::Receiver<Option<Found>>),
    /// The caller has to look the key up.
    First(watch::Receiver<Option<Found>>),
}

impl Lookups {
    pub(super) fn begin(&mut self, digest: &KeyDigest, clock: &Clock) -> Begun {
        if self.unknown.has(digest, clock) {
            return Begun::Unknown;
        }
        if let Some(flight) = self.in_flight.get(digest.as_bytes()) {
            return Begun::Joined(flight.answer.subscribe());
        }
        if self.in_flight.len() >= MOST_IN_FLIGHT || !self.may_start(clock) {
            return Begun::TooMany;
        }
        let (answer, receiver) = watch::channel(None);
        let flight = InFlight {
            is_disturbed: false,
            answer,
        };
        self.in_flight.insert(*digest.as_bytes(), flight);
        Begun::First(receiver)
    }

    /// Counts a look-up, if there may be another one now.
    pub(super) fn may_start(&mut self, clock: &Clock) -> bool {
        if self.starts.len() >= MOST_A_SECOND {
            let is_over = |start: &Tick| clock.since(start) >= SECOND;
            if !self.starts.front().is_some_and(is_over) {
                return false;
            }
            self.starts.pop_front();
        }
        self.starts.push_back(clock.tick());
        true
    }

    /// Notes a change of a key.
    pub(super) fn disturb(&mut self, digest: &KeyDigest) {
        self.unknown.forget(digest);
        if let Some(flight) = self.in_flight.get_mut(digest.as_bytes()) {
            flight.is_disturbed = true;
        }
    }

    /// Notes that another history of the store begins.
    pub(super) fn disturb_all(&mut self) {
        self.unknown = Unknown::default();
        for flight in self.in_flight.values_mut() {
            flight.is_disturbed = true;
        }
    }

    /// Whether a change of the key passed since the look-up was asked for; one that begins now has
    /// seen it.
    pub(super) fn take_disturbed(&mut self, digest: &KeyDigest) -> bool {
        let flight = self.in_flight.get_mut(digest.as_bytes());
        flight.is_some_and(|flight| std::mem::take(&mut flight.is_disturbed))
    }

    pub(super) fn remember_unknown(&mut self, digest: &KeyDigest, clock: &Clock) {
        self.unknown.add(digest, clock);
    }

    /// Ends a look-up, with or without an answer.
    pub(super) fn end(&mut self, digest: &KeyDigest, found: Option<Found>) {
        if let Some(flight) = self.in_flight.remove(digest.as_bytes())
            && found.is_some()
        {
            flight.answer.send_replace(found);
        }
    }
}

/// Digests that the store did not have a moment ago.
#[derive(Default)]
struct Unknown {
    since: HashMap<[u8; 32], Tick>,
    order: VecDeque<[u8; 32]>,
}

impl Unknown {
    fn has(&self, digest: &KeyDigest, clock: &Clock) -> bool {
        let since = self.since.get(digest.as_bytes());
        since.is_some_and(|since| clock.since(since) < UNKNOWN_FOR)
    }

    fn add(&mut self, digest: &KeyDigest, clock: &Clock) {
        while self.order.len() >= MOST_UNKNOWN {
            if let Some(oldest) = self.order.pop_front() {
                self.since.remove(&oldest);
            }
        }
        if self
            .since
            .insert(*digest.as_bytes(), clock.tick())
            .is_none()
        {
            self.order.push_back(*digest.as_bytes());
        }
    }

    fn forget(&mut self, digest: &KeyDigest) {
        self.since.remove(digest.as_bytes());
    }
}

const MOST_A_SECOND: usize = 100;
const SECOND: Duration = Duration::from_secs(1);
/// The number of look-ups that may wait for the store.
const MOST_IN_FLIGHT: usize = 64;
/// How long a digest counts as unknown: short, although the feed reports a key that is made meanwhile.
const UNKNOWN_FOR: Duration = Duration::from_secs(10);
/// The number of unknown digests that are remembered.
const MOST_UNKNOWN: usize = 4_096;
