//! What the system's clocks show.

use std::time::Duration;

/// How long ago 1970 was, to within a tick of the kernel; a time before it counts as the epoch itself.
///
/// Linux keeps a copy of it that it renews at each tick, every 1 to 10 ms, and reads it in a fifth of the
/// time. Whoever asks for it here needs no more: times in tokens are whole seconds, and a suspension shows with
/// the first tick after it.
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

/// Nanoseconds since some moment: a clock that nobody sets.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[inline]
pub(super) fn monotonic() -> u64 {
    use rustix::time::{ClockId, clock_gettime};

    // `Instant` makes a `Duration` of it first, which is 90 instructions for each request with a limit.
    let time = clock_gettime(ClockId::Monotonic);
    (time.tv_sec as u64)
        .wrapping_mul(1_000_000_000)
        .wrapping_add(time.tv_nsec as u64)
}

/// Nanoseconds since some moment: a clock that nobody sets.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) fn monotonic() -> u64 {
    use std::{sync::LazyLock, time::Instant};

    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    u64::try_from(START.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::{Instant, SystemTime, UNIX_EPOCH};

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

    #[test]
    fn the_monotonic_clock_goes_as_that_of_the_standard_library() {
        let before = Instant::now();
        let start = monotonic();
        let after = Instant::now();
        for _ in 0..1_000 {
            let least = after.elapsed();
            let went_by = Duration::from_nanos(monotonic() - start);
            assert!((least..=before.elapsed()).contains(&went_by));
        }
    }
}
