//! A time that never goes back.

use std::sync::{Mutex, PoisonError};

use super::{Clock, system};

/// Nanoseconds since it was made, whatever happens to the system's clock: a clock that is set back or
/// forward gives nobody more requests, and takes none away.
#[derive(Debug)]
pub(crate) struct Steady {
    clock: Clock,
    /// What the monotonic clock showed then.
    start: u64,
    /// The seconds that a test's clock showed last, and the nanoseconds that went by until then.
    manual: Mutex<(u64, u64)>,
}

impl Steady {
    pub(crate) fn new(clock: Clock) -> Self {
        let shown = clock.now();
        Self {
            clock,
            start: system::monotonic(),
            manual: Mutex::new((shown, 0)),
        }
    }

    /// At least 1.
    pub(crate) fn nanos(&self) -> u64 {
        let nanos = match &self.clock.manual {
            None => system::monotonic().saturating_sub(self.start),
            Some(time) => {
                let shown = time.seconds();
                let mut last = self.manual.lock().unwrap_or_else(PoisonError::into_inner);
                let went_by = shown.saturating_sub(last.0).saturating_mul(1_000_000_000);
                *last = (shown, last.1.saturating_add(went_by));
                last.1
            }
        };
        nanos.saturating_add(1)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::clock::ManualTime;

    #[test]
    fn a_clock_that_is_set_back_stands_still_and_goes_on() {
        let time = Arc::new(ManualTime::new(1_000));
        let steady = Steady::new(Clock {
            manual: Some(Arc::clone(&time)),
        });
        let at = |shown| {
            time.set(shown);
            steady.nanos() / 1_000_000_000
        };
        assert_eq!(
            [at(1_000), at(1_010), at(400), at(401), at(401)],
            [0, 10, 10, 11, 11]
        );
    }
}
