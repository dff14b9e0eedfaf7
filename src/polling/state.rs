//! The state of a copy: when the store answered last, and which task polls.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use arc_swap::{ArcSwapOption, Guard};
use tokio::{
    sync::{Notify, watch},
    task::AbortHandle,
};

use super::ask::StoreError;
use crate::{
    clock::{Clock, Tick},
    log::TARGET,
};

pub(crate) struct Polling<P, A, E> {
    clock: Clock,
    /// The last poll that was answered.
    pub(super) answered: ArcSwapOption<Answered<A>>,
    /// Whether the store cannot be asked: a poll failed or timed out, and none was answered since.
    pub(super) failing: AtomicBool,
    pub(super) last_error: ArcSwapOption<E>,
    progress: Mutex<Progress<P>>,
    /// The number of the last poll that has ended.
    ended: watch::Sender<u64>,
    /// Makes the task poll at once.
    pub(super) wake: Arc<Notify>,
    /// The task that polls; it ends with the copy.
    pub(super) task: Mutex<Option<AbortHandle>>,
}

/// A poll that was answered.
pub(crate) struct Answered<A> {
    pub(crate) begun: Tick,
    pub(crate) answer: A,
}

#[derive(Default)]
pub(crate) struct Progress<P> {
    /// Where the copy stands in the feed.
    pub(crate) place: P,
    /// The number of polls that have begun.
    pub(super) polls: u64,
    /// The task that polls: an earlier one that still runs may apply nothing.
    pub(super) turn: u64,
    /// The last sign of life of that task; `None` where it has ended.
    pub(super) alive: Option<Tick>,
}

impl<P> Progress<P> {
    /// Begins the turn of another task, which is alive now; answers its number.
    pub(crate) fn begin_turn(&mut self, now: Tick) -> u64 {
        self.turn += 1;
        self.alive = Some(now);
        self.turn
    }
}

/// How far a copy can be trusted now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trust<T> {
    /// It has the state of the store within the last second.
    Fresh(T),
    /// The store cannot be asked: what was known within the stale limit counts.
    Known(T),
    /// A request has to wait for a poll.
    Ask,
    /// The state of the store is unknown.
    Lost,
}

impl<P: Default, A, E: StoreError> Polling<P, A, E> {
    /// With the clock that measures the age of the copy.
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            clock,
            answered: ArcSwapOption::empty(),
            failing: AtomicBool::new(false),
            last_error: ArcSwapOption::empty(),
            progress: Mutex::default(),
            ended: watch::Sender::new(0),
            wake: Arc::default(),
            task: Mutex::default(),
        }
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// How far the copy can be trusted. `now` is given the last poll that was answered and its age.
    pub(crate) fn trust<T>(
        &self,
        stale_limit: impl FnOnce() -> Duration,
        now: impl FnOnce(&Answered<A>, Duration) -> T,
    ) -> Trust<T> {
        let answered = self.answered.load();
        let is_failing = self.failing.load(Ordering::Acquire);
        let Some(answered) = &*answered else {
            return if is_failing { Trust::Lost } else { Trust::Ask };
        };
        let age = self.clock.since(&answered.begun);
        match is_failing {
            false if age <= FRESH => Trust::Fresh(now(answered, age)),
            false => Trust::Ask,
            // An answer of the last second counts with a limit of zero too.
            true if age <= stale_limit().max(FRESH) => Trust::Known(now(answered, age)),
            true => Trust::Lost,
        }
    }

    /// The last poll that was answered.
    pub(crate) fn last_answer(&self) -> Guard<Option<Arc<Answered<A>>>> {
        self.answered.load()
    }

    /// Whether everything was read once.
    pub(crate) fn is_read(&self) -> bool {
        self.answered.load().is_some()
    }

    /// Why the store cannot be asked, if that is so.
    pub(crate) fn failure(&self) -> Option<E> {
        let error = self.last_error.load();
        let is_failing = self.failing.load(Ordering::Acquire);
        error.as_deref().filter(|_| is_failing).cloned()
    }

    /// Notes that a poll was answered.
    pub(crate) fn note_answer(&self, answered: Answered<A>) {
        self.answered.store(Some(Arc::new(answered)));
        if self.failing.swap(false, Ordering::AcqRel) {
            tracing::info!(target: TARGET, "{} can be asked again", E::STORE);
        }
    }

    /// Notes that the store cannot be asked. Answers whether it could until now.
    pub(crate) fn note_failure(&self, error: &E) -> bool {
        self.last_error.store(Some(Arc::new(error.clone())));
        !self.failing.swap(true, Ordering::AcqRel)
    }

    /// Makes the task poll at once.
    pub(crate) fn poll_now(&self) {
        self.wake.notify_one();
    }

    pub(crate) fn progress(&self) -> MutexGuard<'_, Progress<P>> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The progress, for the task of a turn: an error where another one has taken over.
    pub(crate) fn progress_of(&self, turn: u64) -> Result<MutexGuard<'_, Progress<P>>, E> {
        let progress = self.progress();
        match progress.turn == turn {
            true => Ok(progress),
            false => Err(E::unavailable("another task polls")),
        }
    }

    /// A sign of life of the task of a turn.
    pub(crate) fn is_alive(&self, turn: u64) {
        let mut progress = self.progress();
        if progress.turn == turn {
            progress.alive = Some(self.clock.tick());
        }
    }

    /// Tells the number of the last poll that has ended.
    pub(super) fn last_poll(&self) -> watch::Receiver<u64> {
        self.ended.subscribe()
    }

    pub(super) fn ended(&self, poll: u64) {
        self.ended.send_replace(poll);
    }

    /// Notes that the task of a turn has ended, and wakes those who wait for it: they start another.
    pub(super) fn task_ended(&self, turn: u64) {
        let mut progress = self.progress();
        if progress.turn == turn {
            progress.alive = None;
            drop(progress);
            self.ended.send_modify(|_| {});
        }
    }
}

impl<P, A, E> Drop for Polling<P, A, E> {
    fn drop(&mut self) {
        let task = self.task.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(task) = task.take() {
            task.abort();
        }
    }
}

/// The maximum age of the last answered poll for a copy that counts as current.
const FRESH: Duration = Duration::from_secs(1);
