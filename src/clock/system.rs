//! What the system's clock shows, to within a tick of the kernel.
//!
//! Linux keeps a copy of it that it renews at each tick, every 1 to 10 ms, and reads it in a fifth of the
//! time. Whoever asks for it here needs no more: times in tokens are whole seconds, and a suspension shows with
//! the first tick after it.

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

    /// A machine that others use may give a tick late.
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
