//! A moment that no change of the system's clock moves, to within a tick of the kernel.

use std::time::Duration;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
use std::time::Instant;

/// A moment to measure from. Where the machine is suspended it may stand still.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment(Duration);

#[cfg(any(target_os = "linux", target_os = "android"))]
impl Moment {
    /// As [`super::system`] does, it reads the copy that the kernel keeps.
    pub(super) fn now() -> Self {
        use rustix::time::{ClockId, clock_gettime};

        Self(Duration::try_from(clock_gettime(ClockId::MonotonicCoarse)).unwrap_or_default())
    }

    pub(super) fn elapsed(self) -> Duration {
        Self::now().0.saturating_sub(self.0)
    }
}

/// A moment to measure from. Where the machine is suspended it may stand still.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment(Instant);

#[cfg(not(any(target_os = "linux", target_os = "android")))]
impl Moment {
    pub(super) fn now() -> Self {
        Self(Instant::now())
    }

    pub(super) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use std::{thread, time::Instant};

    use super::*;

    #[test]
    fn a_moment_goes_on_as_the_fine_clock_does() {
        let (fine, moment) = (Instant::now(), Moment::now());
        thread::sleep(Duration::from_millis(30));
        let elapsed = moment.elapsed();
        // A tick is 10 ms at most, and shows late twice.
        assert!(elapsed >= Duration::from_millis(10));
        assert!(elapsed <= fine.elapsed() + Duration::from_millis(10));
    }
}
