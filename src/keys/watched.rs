//! The keys for whose end somebody waits.

use std::{
    collections::{HashMap, VecDeque},
    mem,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    task::Waker,
};

use super::{KeyDigest, Timestamp};
use crate::{
    clock::{Alarm, Clock},
    ended::End,
};

/// How long a key lasts, as far as is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lasts {
    /// It has ended.
    Over,
    /// To that time of the store's clock.
    Until(Timestamp),
    /// To that time at most: this process does not know the key any more, and has to ask the store.
    Unsure(Timestamp),
}

/// An entry for each key with an open stream, however many streams it has.
pub(super) struct WatchedKeys {
    keys: Mutex<HashMap<[u8; 32], Watched>>,
    len: AtomicUsize,
    /// The keys that changed, and what the change said: it is looked into when no lock is held.
    changed: Mutex<VecDeque<(KeyDigest, Lasts)>>,
    /// No key expires before that time of the store's clock, in milliseconds.
    earliest: AtomicU64,
}

struct Watched {
    digest: KeyDigest,
    end: Weak<End>,
    alarm: Option<Alarm>,
    lasts: Lasts,
}

impl WatchedKeys {
    pub(super) fn new() -> Self {
        Self {
            keys: Mutex::default(),
            len: AtomicUsize::new(0),
            changed: Mutex::default(),
            earliest: AtomicU64::new(u64::MAX),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len.load(Ordering::Acquire) == 0
    }

    /// The end of a key, and whether it is a new one, which `make` made.
    pub(super) fn end_of(
        &self,
        digest: &KeyDigest,
        clock: &Clock,
        make: impl FnOnce() -> End,
    ) -> (Arc<End>, bool) {
        let mut keys = self.keys();
        if let Some(end) = keys
            .get(digest.as_bytes())
            .and_then(|key| key.end.upgrade())
        {
            return (end, false);
        }
        let end = Arc::new(make());
        let watched = Watched {
            digest: *digest,
            end: Arc::downgrade(&end),
            alarm: None,
            lasts: Lasts::Unsure(NEVER),
        };
        let before = keys.insert(*digest.as_bytes(), watched);
        self.len.store(keys.len(), Ordering::Release);
        drop(keys);
        // The last one who waited has gone this moment, and has not forgotten the key yet.
        if let Some(alarm) = before.and_then(|before| before.alarm) {
            clock.end_alarm(&alarm);
        }
        (end, true)
    }

    /// Forgets a key for whose end nobody waits.
    pub(super) fn forget(&self, digest: &KeyDigest, clock: &Clock) {
        let mut keys = self.keys();
        if keys
            .get(digest.as_bytes())
            .is_some_and(|key| key.end.strong_count() == 0)
        {
            self.remove(&mut keys, digest, clock);
        }
    }

    /// Takes the end of a key out, to finish it when no lock is held.
    pub(super) fn take(&self, digest: &KeyDigest, clock: &Clock) -> Option<Arc<End>> {
        let mut keys = self.keys();
        self.remove(&mut keys, digest, clock)?.end.upgrade()
    }

    fn remove(
        &self,
        keys: &mut HashMap<[u8; 32], Watched>,
        digest: &KeyDigest,
        clock: &Clock,
    ) -> Option<Watched> {
        let mut gone = keys.remove(digest.as_bytes())?;
        self.len.store(keys.len(), Ordering::Release);
        if let Some(alarm) = gone.alarm.take() {
            clock.end_alarm(&alarm);
        }
        Some(gone)
    }

    /// Notes how long a key lasts, and wakes somebody at a time of the clock.
    pub(super) fn set(
        &self,
        digest: &KeyDigest,
        lasts: Lasts,
        clock: &Clock,
        wake: Option<(u64, Waker)>,
    ) {
        let alarm = wake.map(|(at, waker)| clock.wake_at(at, &waker));
        let mut keys = self.keys();
        let before = match keys.get_mut(digest.as_bytes()) {
            Some(key) => {
                key.lasts = lasts;
                if let Lasts::Until(at) | Lasts::Unsure(at) = lasts {
                    let at = at.as_unix_millis();
                    self.earliest.fetch_min(at, Ordering::AcqRel);
                }
                mem::replace(&mut key.alarm, alarm)
            }
            None => alarm,
        };
        drop(keys);
        if let Some(before) = before {
            clock.end_alarm(&before);
        }
    }

    /// Notes a change of a key, if anybody waits for its end.
    pub(super) fn note(&self, digest: &KeyDigest, said: Lasts) {
        if !self.is_empty() && self.keys().contains_key(digest.as_bytes()) {
            self.changed().push_back((*digest, said));
        }
    }

    /// One of the keys that changed.
    pub(super) fn pop_changed(&self) -> Option<(KeyDigest, Lasts)> {
        self.changed().pop_front()
    }

    /// The keys that are to have expired by that time of the store's clock.
    pub(super) fn due(&self, now: Timestamp) -> Vec<(KeyDigest, Lasts)> {
        if now.as_unix_millis() < self.earliest.load(Ordering::Acquire) {
            return Vec::new();
        }
        let keys = self.keys();
        let mut due = Vec::new();
        let mut earliest = u64::MAX;
        for key in keys.values() {
            match key.lasts {
                Lasts::Until(at) | Lasts::Unsure(at) if at > now => {
                    earliest = earliest.min(at.as_unix_millis());
                }
                lasts => due.push((key.digest, lasts)),
            }
        }
        self.earliest.store(earliest, Ordering::Release);
        due
    }

    /// All keys, and how long each lasts as far as was known.
    pub(super) fn all(&self) -> Vec<(KeyDigest, Lasts)> {
        let keys = self.keys();
        keys.values().map(|key| (key.digest, key.lasts)).collect()
    }

    /// Some of the keys that the store has to be asked for.
    pub(super) fn unsure(&self) -> Vec<KeyDigest> {
        let keys = self.keys();
        let unsure = keys
            .values()
            .filter(|key| matches!(key.lasts, Lasts::Unsure(_)));
        unsure.map(|key| key.digest).take(MOST_ASKED).collect()
    }

    fn keys(&self) -> MutexGuard<'_, HashMap<[u8; 32], Watched>> {
        // No step between two statements leaves it half-changed.
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changed(&self) -> MutexGuard<'_, VecDeque<(KeyDigest, Lasts)>> {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// After every time that a store's clock shows.
pub(super) const NEVER: Timestamp = Timestamp::from_unix_millis(u64::MAX);
/// The number of keys that the store is asked for at once.
const MOST_ASKED: usize = 8;
