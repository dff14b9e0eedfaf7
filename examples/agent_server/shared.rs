//! What the handlers share.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use axum::extract::FromRef;

use crate::stop::Stop;

#[derive(Clone, FromRef)]
pub(crate) struct Shared {
    pub(crate) stop: Stop,
    pub(crate) stats: Stats,
}

/// What the server has done since it started.
#[derive(Clone)]
pub(crate) struct Stats {
    started: Instant,
    runs: Arc<AtomicU64>,
}

impl Stats {
    pub(crate) fn new() -> Self {
        Self {
            started: Instant::now(),
            runs: Arc::default(),
        }
    }

    pub(crate) fn count_run(&self) {
        self.runs.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn runs(&self) -> u64 {
        self.runs.load(Ordering::Relaxed)
    }

    pub(crate) fn uptime(&self) -> Duration {
        self.started.elapsed()
    }
}
