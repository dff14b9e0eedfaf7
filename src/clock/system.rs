//! What the system's clock shows, to within a tick of the kernel.
//!
//! Linux keeps a copy of its clocks that it renews at each tick, every 1 to 10 ms, and reads it in a
//! fifth of the time. Nothing here needs more: times in tokens are whole seconds, and the state of a store
//! may be a second old. A suspension, a stop of the process and a clock that is set show with the first
//! tick after them.

use std::time::Duration;

/// How long ago 1970 was; a time before it counts as the epoch itself.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn since_epoch() -> Duration {
    use rustix::time::{ClockId, clock_gettime};

    Duration::try_from(clock_gettime(ClockId::RealtimeCoarse)).unwrap_or_default()
}

/// How long ago 1970 was; a time before it counts as the epoch itself.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) fn since_epoch() -> Duration {
    use std::time::{SystemTime, UNIX_EPOCH};

    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::{SystemTime, UNIX_EPOCH};

    use super::*;

    /// A tick is 10 ms at most; a machine that others use may give one late.
    const LATE: Duration = Duration::from_secs(1);

    #[test]
    fn a_time_is_behind_that_of_the_fine_clock_by_no_more_than_a_tick() {
        let fine = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        for _ in 0..1_000 {
            let before = fine();
            let shown = since_epoch();
            assert!(before <= shown + LATE && shown <= fine());
        }
    }
}
