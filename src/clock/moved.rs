//! A time that is moved by hand.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{alarms::Alarms, manual::ManualTime};

impl ManualTime {
    pub(crate) fn new(seconds: u64) -> Self {
        Self {
            seconds: AtomicU64::new(seconds),
            alarms: Alarms::new(),
        }
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
