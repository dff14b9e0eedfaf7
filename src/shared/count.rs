//! What is counted.

use std::time::Duration;

use super::{bucket_digest::BucketDigest, gcra::Rate};
use crate::quota::Quota;

/// Units to take from the bucket of one subject, for a [`SharedState`](super::SharedState).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    bucket: u128,
    quota: Quota,
    units: u32,
}

impl Count {
    /// Makes a count of one unit for a subject (`ada`) of a limit (`caller`).
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::shared::Count;
    ///
    /// let quota = "2 per minute".parse()?;
    /// let count = Count::new("caller", "ada", quota).with_units(2);
    /// assert_eq!((count.quota(), count.units()), (quota, 2));
    /// // Every process makes the same bucket of one subject, and another of every other.
    /// assert_eq!(count.bucket(), Count::new("caller", "ada", quota).bucket());
    /// assert_ne!(count.bucket(), Count::new("tenant", "ada", quota).bucket());
    /// # Ok::<(), tower_auth::ConfigError>(())
    /// ```
    pub fn new(limit: &str, subject: &str, quota: Quota) -> Self {
        let mut bucket = BucketDigest::default();
        bucket.write(limit.as_bytes());
        bucket.write(subject.as_bytes());
        Self::of_bucket(bucket.finish(), quota)
    }

    pub(crate) fn of_bucket(bucket: u128, quota: Quota) -> Self {
        Self {
            bucket,
            quota,
            units: 1,
        }
    }

    /// Replaces the units: 1 unless set.
    #[must_use]
    pub fn with_units(self, units: u32) -> Self {
        Self { units, ..self }
    }

    /// The bucket: the first half of a SHA-256 over limit and subject. No store reads there who it counts;
    /// whoever reads the store can try out names that are few, such as IPv4 addresses.
    pub fn bucket(&self) -> u128 {
        self.bucket
    }

    /// The quota that fills the bucket.
    pub fn quota(&self) -> Quota {
        self.quota
    }

    /// The units to take.
    pub fn units(&self) -> u32 {
        self.units
    }

    /// The time in which the units come back.
    ///
    /// A bucket is one number, the time after which it is full again: taking units adds their cost to it,
    /// and one that would be more than the capacity is not given.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    /// use tower_auth::shared::Count;
    ///
    /// let count = Count::new("caller", "ada", "60 per minute, burst 5".parse()?).with_units(2);
    /// assert_eq!(count.cost(), Duration::from_secs(2));
    /// assert_eq!(count.capacity(), Duration::from_secs(5));
    /// # Ok::<(), tower_auth::ConfigError>(())
    /// ```
    pub fn cost(&self) -> Duration {
        Duration::from_nanos(Rate::from(self.quota).cost(self.units))
    }

    /// The time in which an empty bucket fills.
    pub fn capacity(&self) -> Duration {
        Duration::from_nanos(Rate::from(self.quota).capacity)
    }
}
