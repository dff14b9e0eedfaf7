//! How many requests are allowed in which time.

mod parse;

use std::time::Duration;

use crate::error::{ConfigError, ConfigErrorKind};

/// A number of requests in a time, and how many of them may come at once.
///
/// A request takes one unit, and units come back evenly: of `60 per minute`, one each second. The
/// burst is the most that can be taken at once: all of the requests unless set, so
/// `60 per minute` allows 60 at once and then one each second; `60 per minute, burst 10` allows 10 at
/// once.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use tower_auth::throttle::Quota;
///
/// let quota = Quota::new(100, Duration::from_secs(60))?.with_burst(20)?;
/// assert_eq!(quota, "100 per minute, burst 20".parse()?);
/// assert_eq!(Quota::new(10, Duration::from_secs(90))?, "10/90s".parse()?);
/// assert_eq!(quota.to_string(), "100 per minute, burst 20");
/// assert_eq!((quota.requests(), quota.seconds(), quota.burst()), (100, 60, 20));
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
///
/// What is no quota says what to write:
///
/// ```
/// use tower_auth::throttle::Quota;
///
/// let error = "lots".parse::<Quota>().unwrap_err();
/// assert!(error.to_string().contains("100 per minute"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Quota {
    requests: u32,
    seconds: u32,
    burst: u32,
}

impl Quota {
    /// Makes a quota of that many requests in a time, all of which may come at once.
    ///
    /// # Errors
    ///
    /// The number is 0 or more than a million a second, or the time is not a number of whole seconds
    /// between 1 and 366 days.
    pub fn new(requests: u32, period: Duration) -> Result<Self, ConfigError> {
        let seconds = u32::try_from(period.as_secs()).unwrap_or(u32::MAX);
        if seconds == 0 || period.subsec_nanos() > 0 || seconds > LONGEST_PERIOD {
            return Err(malformed(
                "the time of a quota is a number of whole seconds, from 1 second to 366 days",
            ));
        }
        if requests == 0 {
            return Err(malformed(
                "a quota of 0 requests would refuse everything: write 1 or more",
            ));
        }
        if u64::from(requests) > u64::from(seconds) * MOST_A_SECOND {
            return Err(malformed(
                "a quota is at most a million requests a second: leave the limit out instead",
            ));
        }
        Ok(Self {
            requests,
            seconds,
            burst: requests,
        })
    }

    /// Replaces how many requests may come at once.
    ///
    /// # Errors
    ///
    /// The burst is 0, which would refuse everything.
    pub fn with_burst(self, burst: u32) -> Result<Self, ConfigError> {
        if burst == 0 {
            return Err(malformed(
                "a burst of 0 would refuse everything: write 1 or more",
            ));
        }
        Ok(Self { burst, ..self })
    }

    /// The number of requests in the time.
    pub fn requests(self) -> u32 {
        self.requests
    }

    /// The time in seconds.
    pub fn seconds(self) -> u32 {
        self.seconds
    }

    /// How many requests may come at once.
    pub fn burst(self) -> u32 {
        self.burst
    }
}

fn malformed(message: &'static str) -> ConfigError {
    ConfigError::new(ConfigErrorKind::Malformed, message)
}

/// In seconds.
const LONGEST_PERIOD: u32 = 366 * 24 * 60 * 60;
/// Up to here, rounding the time between two units to whole nanoseconds changes less than a thousandth.
const MOST_A_SECOND: u64 = 1_000_000;
