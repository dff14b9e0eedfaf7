//! The time that a test sets.

use std::sync::atomic::{AtomicU64, Ordering};

use super::alarms::Alarms;

/// A time that stands still until it is set, and the alarms of that time.
#[derive(Debug)]
pub(crate) struct ManualTime {
    seconds: AtomicU64,
    pub(super) alarms: Alarms,
}

impl ManualTime {
    pub(crate) fn new(seconds: u64) -> Self {
        Self {
            seconds: AtomicU64::new(seconds),
            alarms: Alarms::new(),
        }
    }

    pub(crate) fn seconds(&self) -> u64 {
        self.seconds.load(Ordering::Relaxed)
    }

    /// Sets the time, and wakes those whose time has come.
    pub(crate) fn set(&self, seconds: u64) {
        self.seconds.store(seconds, Ordering::Relaxed);
        self.ring();
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.seconds.fetch_add(seconds, Ordering::Relaxed);
        self.ring();
    }

    fn ring(&self) {
        self.alarms.ring(self.seconds().saturating_mul(1_000));
    }
}
