//! The generic cell rate algorithm: a bucket as one number, the time at which it is full again.

use std::time::Duration;

use crate::quota::Quota;

/// A quota in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rate {
    /// The time until one more unit is there.
    interval: u64,
    /// The time in which an empty bucket fills.
    pub(super) capacity: u64,
}

impl Rate {
    /// The rate of any limit; none of its numbers has to make a good quota.
    pub(crate) fn new(requests: u32, seconds: u32, burst: u32) -> Self {
        let period = u64::from(seconds.max(1)) * 1_000_000_000;
        // Rounded up, so that rounding allows no more than the quota.
        let interval = period.div_ceil(u64::from(requests.max(1)));
        let burst = if requests == 0 { 0 } else { burst };
        Self {
            interval,
            capacity: interval.saturating_mul(u64::from(burst)),
        }
    }

    pub(super) fn cost(self, units: u32) -> u64 {
        self.interval.saturating_mul(u64::from(units))
    }

    /// The bucket after it gave that many units, or how long it takes until it can.
    pub(super) fn take(self, full_at: u64, now: u64, units: u32) -> Result<u64, u64> {
        let taken = self.take_anyway(full_at, now, units);
        match taken.saturating_sub(now).saturating_sub(self.capacity) {
            0 => Ok(taken),
            wait => Err(wait),
        }
    }

    /// The bucket after it gave that many units, those it does not have included.
    pub(super) fn take_anyway(self, full_at: u64, now: u64, units: u32) -> u64 {
        full_at.max(now).saturating_add(self.cost(units))
    }

    /// The bucket after it got that many units back, as far as they are still missing.
    pub(super) fn give_back(self, full_at: u64, units: u32, missing: u64) -> u64 {
        full_at.saturating_sub(self.cost(units).min(missing))
    }

    /// The whole units that a bucket has.
    pub(super) fn remaining(self, full_at: u64, now: u64) -> u32 {
        let missing = full_at.saturating_sub(now);
        let units = self.capacity.saturating_sub(missing) / self.interval.max(1);
        u32::try_from(units).unwrap_or(u32::MAX)
    }

    /// How much of a full bucket that many units are, in millionths.
    pub(super) fn share(self, units: u32) -> u64 {
        let full = (self.capacity / self.interval.max(1)).max(1);
        u64::from(units) * 1_000_000 / full
    }

    /// At most this time passes until a bucket has one unit more.
    pub(crate) fn interval(self) -> Duration {
        Duration::from_nanos(self.interval)
    }
}

impl From<Quota> for Rate {
    fn from(quota: Quota) -> Self {
        Self::new(quota.requests(), quota.seconds(), quota.burst())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn rate(text: &str) -> Rate {
        text.parse::<Quota>().unwrap().into()
    }

    #[test]
    fn a_burst_and_then_one_at_a_time() {
        let rate = rate("60 per minute, burst 3");
        let mut full_at = 0;
        for remaining in [2, 1, 0] {
            full_at = rate.take(full_at, SECOND, 1).unwrap();
            assert_eq!(rate.remaining(full_at, SECOND), remaining);
        }
        assert_eq!(rate.take(full_at, SECOND, 1), Err(SECOND));
        assert_eq!(rate.take(full_at, 2 * SECOND - 1, 1), Err(1));
        full_at = rate.take(full_at, 2 * SECOND, 1).unwrap();
        assert_eq!(rate.remaining(full_at, 2 * SECOND), 0);
        assert_eq!(rate.remaining(full_at, 9 * SECOND), 3);
    }

    #[test]
    fn units_that_come_back_are_there_again() {
        let rate = rate("60 per minute, burst 2");
        let once = rate.take(0, SECOND, 2).unwrap();
        let back = |units, missing| rate.remaining(rate.give_back(once, units, missing), SECOND);
        assert_eq!(back(1, u64::MAX), 1);
        assert_eq!(back(9, u64::MAX), 2);
        assert_eq!(back(2, 0), 0);
        assert_eq!(back(2, SECOND), 1);
    }

    #[test]
    fn a_debt_is_waited_for() {
        let rate = rate("60 per minute, burst 2");
        let owing = rate.take_anyway(0, SECOND, 10);
        assert_eq!(rate.take(owing, SECOND, 1), Err(9 * SECOND));
    }

    #[test]
    fn no_numbers_overflow_and_rounding_gives_nothing_away() {
        for (requests, seconds) in [(1, 1), (7, 60), (u32::MAX, 1), (1, u32::MAX), (0, 60)] {
            for burst in [1, u32::MAX] {
                let rate = Rate::new(requests, seconds, burst);
                let _ = rate.take(u64::MAX, u64::MAX - 1, u32::MAX);
                let _ = rate.remaining(u64::MAX, 0);
                assert!(
                    rate.interval * u64::from(requests)
                        >= u64::from(requests.min(1)) * u64::from(seconds) * SECOND
                );
            }
        }
        assert!(Rate::new(0, 60, 5).take(0, 1, 1).is_err());
    }
}
