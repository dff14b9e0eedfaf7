//! What is done once, remembered in the memory of one process.

use std::{
    collections::{BTreeSet, HashMap, hash_map::Entry},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::once::{Begun, Once};

/// A bounded number of names. One that has to be remembered still is never forgotten: where there are
/// too many, a new one is refused.
#[derive(Debug)]
pub(super) struct Names {
    most: usize,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    names: HashMap<[u8; 32], Name>,
    // INVARIANT: holds exactly the names, in the order in which they are forgotten.
    ends: BTreeSet<(u64, [u8; 32])>,
}

#[derive(Debug)]
struct Name {
    until: u64,
    /// The attempt that is at it; `None`: it is done.
    attempt: Option<u128>,
}

impl Names {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most: most.max(1),
            held: Mutex::default(),
        }
    }

    pub(super) fn most(&self) -> usize {
        self.most
    }

    /// Begins at a time in nanoseconds; `None` where no further name is remembered.
    pub(super) fn begin(&self, once: &Once, now: u64, lease: Duration) -> Option<Begun> {
        let mut held = self.lock();
        held.forget_before(now);
        if let Some(name) = held.names.get(once.name()) {
            return Some(match name.attempt {
                Some(_) => Begun::InProgress,
                None => Begun::Done,
            });
        }
        if held.names.len() >= self.most {
            return None;
        }
        held.set(once, Some(once.attempt()), end(now, lease));
        Some(Begun::New)
    }

    /// Begins the lease of an attempt anew; whether it is at it still.
    pub(super) fn renew(&self, once: &Once, now: u64, lease: Duration) -> bool {
        let mut held = self.lock();
        held.forget_before(now);
        let name = held.names.get(once.name());
        let is_at_it = name.is_some_and(|name| name.attempt == Some(once.attempt()));
        if is_at_it {
            held.set(once, Some(once.attempt()), end(now, lease));
        }
        is_at_it
    }

    /// Remembers it as done; whether there was room.
    pub(super) fn finish(&self, once: &Once, now: u64, ttl: Duration) -> bool {
        let mut held = self.lock();
        held.forget_before(now);
        let has_room = held.names.len() < self.most || held.names.contains_key(once.name());
        if has_room {
            held.set(once, None, end(now, ttl));
        }
        has_room
    }

    pub(super) fn abandon(&self, once: &Once) {
        let mut held = self.lock();
        if let Entry::Occupied(name) = held.names.entry(*once.name())
            && name.get().attempt == Some(once.attempt())
        {
            let until = name.remove().until;
            held.ends.remove(&(until, *once.name()));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        // No step leaves it half-changed.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn forget_before(&mut self, now: u64) {
        while let Some((until, _)) = self.ends.first()
            && *until <= now
            && let Some((_, name)) = self.ends.pop_first()
        {
            self.names.remove(&name);
        }
    }

    fn set(&mut self, once: &Once, attempt: Option<u128>, until: u64) {
        let before = self.names.insert(*once.name(), Name { until, attempt });
        if let Some(before) = before {
            self.ends.remove(&(before.until, *once.name()));
        }
        self.ends.insert((until, *once.name()));
    }
}

fn end(now: u64, after: Duration) -> u64 {
    now.saturating_add(u64::try_from(after.as_nanos()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn once(name: &str) -> Once {
        Once::new("test", name.as_bytes())
    }

    #[test]
    fn what_is_remembered_is_never_pushed_out() {
        let names = Names::new(2);
        let (running, done) = (once("running"), once("done"));
        assert_eq!(names.begin(&running, 0, MINUTE), Some(Begun::New));
        assert!(names.finish(&done, 0, MINUTE * 2));
        assert_eq!(names.begin(&once("third"), 1, MINUTE), None);
        assert!(!names.finish(&once("third"), 1, MINUTE));
        assert_eq!(names.begin(&done, 1, MINUTE), Some(Begun::Done));
        // Also without room, one that is there is finished.
        assert!(names.finish(&running, 1, MINUTE));
        let after = MINUTE.as_nanos() as u64 + 1;
        assert_eq!(names.begin(&once("third"), after, MINUTE), Some(Begun::New));
        assert_eq!(names.begin(&done, after, MINUTE), Some(Begun::Done));
    }

    #[test]
    fn a_renewed_lease_lasts_from_when_it_was_renewed() {
        let names = Names::new(1);
        let (one, second) = (once("one"), MINUTE.as_nanos() as u64);
        assert_eq!(names.begin(&one, 0, MINUTE), Some(Begun::New));
        assert!(names.renew(&one, second - 1, MINUTE));
        let late = 2 * second - 2;
        assert_eq!(
            names.begin(&once("one"), late, MINUTE),
            Some(Begun::InProgress)
        );
        assert!(!names.renew(&one, late + 1, MINUTE));
        assert_eq!(names.lock().ends.len(), 0);
    }

    #[test]
    fn nothing_is_left_of_what_ended() {
        let names = Names::new(100);
        for number in 0..1_000 {
            let one = once(&number.to_string());
            assert_eq!(names.begin(&one, number, MINUTE), Some(Begun::New));
            names.abandon(&one);
        }
        let (one, far) = (once("one"), Duration::MAX);
        assert_eq!(names.begin(&one, 0, MINUTE), Some(Begun::New));
        assert!(names.finish(&one, 0, far));
        names.abandon(&one);
        let held = names.lock();
        assert_eq!((held.names.len(), held.ends.len()), (1, 1));
    }
}
