//! The callers with an open stream, who are told when they are revoked.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    task::Waker,
};

use crate::context::RestingContext;

/// Callers and the tasks that wait for their end, in places that are used again.
#[derive(Default)]
pub(super) struct Watchers(Mutex<Places>);

#[derive(Default)]
struct Places {
    all: Vec<Option<Watcher>>,
    free: Vec<u32>,
    /// The turn in which they were told last.
    told: u32,
}

#[derive(Clone)]
pub(super) struct Watcher {
    pub(super) caller: RestingContext,
    pub(super) waker: Waker,
}

impl Watchers {
    /// Whether all of them were told in that turn.
    pub(super) fn were_told(&self, turn: u32) -> bool {
        self.places().told == turn
    }

    pub(super) fn note_told(&self, turn: u32) {
        self.places().told = turn;
    }

    /// Those in some of the places; `None` behind the last one.
    pub(super) fn some(&self, from: usize, count: usize) -> Option<Vec<Watcher>> {
        let places = self.places();
        let places = places.all.get(from..)?.iter().take(count);
        Some(places.flatten().cloned().collect())
    }

    /// Puts somebody into that place or into a new one; answers where.
    pub(super) fn put(&self, watcher: Watcher, place: Option<u32>) -> Option<u32> {
        let (place, before) = self.places().put(watcher, place);
        // A waker is not ours: what its drop does is done without the lock.
        drop(before);
        place
    }

    pub(super) fn remove(&self, place: u32) {
        let gone = self.places().remove(place);
        drop(gone);
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        // No step between two statements leaves it half-changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Places {
    fn put(&mut self, watcher: Watcher, place: Option<u32>) -> (Option<u32>, Option<Watcher>) {
        let place = place.or_else(|| self.free.pop());
        let there = place.and_then(|place| self.all.get_mut(usize::try_from(place).ok()?));
        if let Some(there) = there {
            return (place, there.replace(watcher));
        }
        let Ok(new) = u32::try_from(self.all.len()) else {
            return (None, Some(watcher));
        };
        self.all.push(Some(watcher));
        (Some(new), None)
    }

    fn remove(&mut self, place: u32) -> Option<Watcher> {
        let gone = self.all.get_mut(usize::try_from(place).ok()?)?.take();
        self.free.push(place);
        if self.free.len() == self.all.len() {
            // Nobody waits: a crowd that has gone leaves no memory behind.
            (self.all, self.free) = (Vec::new(), Vec::new());
        }
        gone
    }
}
