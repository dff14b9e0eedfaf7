//! Whether a shared state is asked.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

/// After some failures in a row nobody waits for a state any more, until it has answered a question for
/// which no request waits.
#[derive(Default)]
pub(super) struct Circuit {
    failures: AtomicU32,
    is_open: AtomicBool,
    watch: Task,
}

impl Circuit {
    pub(super) fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Relaxed)
    }

    /// The state has answered somebody.
    pub(super) fn succeed(&self) {
        // Requests on other cores read it too.
        if self.failures.load(Ordering::Relaxed) != 0 {
            self.failures.store(0, Ordering::Relaxed);
        }
    }

    /// The state has not answered somebody; whether it is not asked any more.
    pub(super) fn fail(&self) -> bool {
        let failures = self.failures.fetch_add(1, Ordering::Relaxed);
        if failures.saturating_add(1) >= MOST_FAILURES {
            self.is_open.store(true, Ordering::Relaxed);
        }
        self.is_open()
    }

    /// The state is asked again.
    pub(super) fn close(&self) {
        self.failures.store(0, Ordering::Relaxed);
        self.is_open.store(false, Ordering::Relaxed);
    }

    /// The task that asks whether the state is back.
    pub(super) fn watch(&self) -> &Task {
        &self.watch
    }
}

/// A task of which one runs at a time. Its runtime may end before it does, or may not be driven any more:
/// then another one may begin.
#[derive(Default)]
pub(super) struct Task(Mutex<Option<Instant>>);

impl Task {
    /// Whether one is to begin now: none has shown itself for a while.
    pub(super) fn begin(&self) -> bool {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let runs = seen.is_some_and(|seen| now.duration_since(seen) < LOST_AFTER);
        if !runs {
            *seen = Some(now);
        }
        !runs
    }

    /// Shows that it runs.
    pub(super) fn go_on(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Lets another one begin at once.
    pub(super) fn end(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// One late answer is a pause of somebody; so many in a row are an outage.
const MOST_FAILURES: u32 = 3;
/// Longer than a task goes without showing itself.
const LOST_AFTER: Duration = Duration::from_secs(3);
