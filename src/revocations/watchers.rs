//! The callers with an open stream, who are told when they are revoked [13.2].

use std::{
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
    task::Waker,
};

use tokio::task::yield_now;

use super::{
    Revocations,
    replica::{Replica, Trust},
};
use crate::{
    caught::caught,
    context::{AuthContext, RestingContext, Revokes},
};

/// Callers and the tasks that wait for their end, in places that are used again.
#[derive(Default)]
pub(super) struct Watchers(Mutex<Places>);

#[derive(Default)]
struct Places {
    all: Vec<Option<Watcher>>,
    free: Vec<u32>,
    /// When they were told last.
    told: u32,
}

struct Watcher {
    caller: RestingContext,
    waker: Waker,
}

impl Watchers {
    fn places(&self) -> MutexGuard<'_, Places> {
        // No step between two statements leaves it half-changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Replica {
    /// Wakes the callers who have ended since they were told last. There may be many, so others have
    /// their turn in between.
    pub(super) async fn tell_watchers(&self) {
        let turn = self.turn();
        if mem::replace(&mut self.watchers.places().told, turn) == turn {
            return;
        }
        let mut from = 0;
        loop {
            let some: Vec<_> = {
                let places = self.watchers.places();
                let some = places.all.iter().skip(from).take(AT_ONCE);
                some.flatten()
                    .map(|watcher| (watcher.caller.clone(), watcher.waker.clone()))
                    .collect()
            };
            for (caller, waker) in some {
                if self.has_ended(&caller.to_context()) {
                    // It may panic.
                    caught(|| waker.wake());
                }
            }
            from += AT_ONCE;
            if from >= self.watchers.places().all.len() {
                return;
            }
            yield_now().await;
        }
    }

    fn has_ended(&self, caller: &AuthContext) -> bool {
        self.ended_by_now(caller).is_some() || self.trust() == Trust::Lost
    }
}

impl Revokes for Revocations {
    fn turn(&self) -> u32 {
        self.replica().turn()
    }

    fn has_ended(&self, caller: &AuthContext) -> bool {
        self.replica().has_ended(caller)
    }

    fn leave(&self, caller: &RestingContext, waker: &Waker, place: Option<u32>) -> Option<u32> {
        let watcher = Watcher {
            caller: caller.clone(),
            waker: waker.clone(),
        };
        let mut places = self.replica().watchers.places();
        let (place, before) = places.put(watcher, place);
        drop(places);
        // A waker is not ours: what its drop does is done without the lock.
        drop(before);
        place
    }

    fn give_back(&self, place: u32) {
        let gone = self.replica().watchers.places().remove(place);
        drop(gone);
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

/// The number of callers after which others have their turn.
const AT_ONCE: usize = 200;
