//! Whether a request is within its limits.

use std::time::Duration;

use super::{Count, gcra::Rate};

/// Whether a request is within its limits. Counts are numbered as they were given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Every count was taken.
    Admitted {
        /// The count that has the least left, measured by its burst.
        tightest: usize,
        /// The whole units that are left of it.
        remaining: u32,
    },
    /// No count was taken, because one had not enough left.
    Refused {
        /// The count that takes the longest to come back.
        longest: usize,
        /// The time until it will have enough, if nobody else takes any.
        retry_after: Duration,
    },
}

impl Admission {
    /// The answer where all counts were taken, for whoever implements a
    /// [`SharedState`](super::SharedState). For each count it is given the time after which its bucket is
    /// full again.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    /// use tower_auth::shared::{Admission, Count};
    ///
    /// let count = Count::new("caller", "ada", "60 per minute, burst 5".parse()?);
    /// let admitted = Admission::admitted(&[count], &[Duration::from_millis(1_500)]);
    /// assert_eq!(admitted, Admission::Admitted { tightest: 0, remaining: 3 });
    /// // Where taking one more would make it 5.2 seconds, it is not taken.
    /// let refused = Admission::refused(&[count], &[Duration::from_millis(5_200)]);
    /// let retry_after = Duration::from_millis(200);
    /// assert_eq!(refused, Admission::Refused { longest: 0, retry_after });
    /// # Ok::<(), tower_auth::ConfigError>(())
    /// ```
    pub fn admitted(counts: &[Count], full_after: &[Duration]) -> Self {
        let mut tightest = (0, u32::MAX, u64::MAX);
        for (number, (count, full_after)) in counts.iter().zip(full_after).enumerate() {
            let rate = Rate::from(count.quota());
            let full_at = u64::try_from(full_after.as_nanos()).unwrap_or(u64::MAX);
            let remaining = rate.remaining(full_at, 0);
            let share = rate.share(remaining);
            if share < tightest.2 {
                tightest = (number, remaining, share);
            }
        }
        Self::Admitted {
            tightest: tightest.0,
            remaining: tightest.1,
        }
    }

    /// The answer where no count was taken. For each it is given the time after which its bucket would be
    /// full again, had it been taken.
    pub fn refused(counts: &[Count], full_after: &[Duration]) -> Self {
        let mut longest = (0, Duration::ZERO);
        for (number, (count, full_after)) in counts.iter().zip(full_after).enumerate() {
            let wait = full_after.saturating_sub(count.capacity());
            if wait > longest.1 {
                longest = (number, wait);
            }
        }
        Self::Refused {
            longest: longest.0,
            retry_after: longest.1,
        }
    }
}
