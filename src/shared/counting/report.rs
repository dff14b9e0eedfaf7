//! What became of the questions to a shared state: for the log once a minute, and as counters.

use std::{
    fmt,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

use crate::{
    log::{Causes, TARGET},
    metrics,
    shared::SharedStateError,
};

#[derive(Default)]
pub(super) struct Report {
    pub(super) answered: AtomicU64,
    pub(super) failed: AtomicU64,
    pub(super) counted_alone: AtomicU64,
    said: Mutex<Said>,
}

#[derive(Default)]
struct Said {
    /// When the log said last that the state is away.
    at: Option<Instant>,
    /// What was counted alone until then.
    counted_alone: u64,
    /// Whether the log has still to say that it is back.
    is_away: bool,
}

/// Why a state has not answered.
#[derive(Clone, Debug)]
pub(super) enum Failure {
    Late,
    Panicked,
    NoTimer,
    Failed(SharedStateError),
}

impl Report {
    pub(super) fn answered(&self) {
        self.answered.fetch_add(1, Ordering::Relaxed);
        metrics::shared_state_asked(true);
    }

    pub(super) fn failed(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
        metrics::shared_state_asked(false);
    }

    pub(super) fn counted_alone(&self) {
        self.counted_alone.fetch_add(1, Ordering::Relaxed);
        metrics::counted_alone();
    }

    /// Says at most once a minute that the state is away.
    pub(super) fn say_away(&self, failure: &Failure) {
        let mut said = self.said();
        let now = Instant::now();
        let is_soon = |at| now.duration_since(at) < BETWEEN_REPORTS;
        if said.at.is_some_and(is_soon) {
            return;
        }
        let alone = self.counted_alone.load(Ordering::Relaxed);
        let since = alone.saturating_sub(said.counted_alone);
        *said = Said {
            at: Some(now),
            counted_alone: alone,
            is_away: true,
        };
        drop(said);
        let error = match failure {
            Failure::Failed(error) => Some(error as &dyn std::error::Error),
            _ => None,
        };
        tracing::warn!(
            target: TARGET,
            reason = %failure,
            error = error.map(|error| tracing::field::display(Causes(Some(error)))),
            counted_alone = since,
            "the shared state cannot be asked: this process counts limits alone, so callers may have \
             as many times a limit as there are processes, until it answers again"
        );
    }

    /// Says that the state is back, if the log says that it is away.
    pub(super) fn say_back(&self) {
        let mut said = self.said();
        if !std::mem::take(&mut said.is_away) {
            return;
        }
        drop(said);
        tracing::info!(
            target: TARGET,
            "the shared state answers again: limits are counted with the other processes"
        );
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        // No step between two statements leaves it half-changed.
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Late => "late",
            Self::Panicked => "panicked",
            Self::NoTimer => "no_timer",
            Self::Failed(_) => "failed",
        })
    }
}

const BETWEEN_REPORTS: Duration = Duration::from_secs(60);
