//! The time that a test sets.

use std::sync::atomic::{AtomicU64, Ordering};

use super::alarms::Alarms;

/// A time that stands still until it is set, and the alarms of that time.
#[derive(Debug)]
pub(crate) struct ManualTime {
    pub(super) seconds: AtomicU64,
    pub(super) alarms: Alarms,
}

impl ManualTime {
    pub(crate) fn seconds(&self) -> u64 {
        self.seconds.load(Ordering::Relaxed)
    }
}
