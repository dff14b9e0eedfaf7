//! A clock that tests move by hand.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use crate::clock::{self, Clock, ManualTime};

/// A clock that stands still until it is moved.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use tower_auth::{provider::ApiKeyAuth, testing::ManualClock};
///
/// let clock = ManualClock::at_unix(1_700_000_000);
/// let keys = ApiKeyAuth::new(["sk-live-9f"])?.with_clock(clock.clock());
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(clock.unix(), 1_700_000_060);
/// # let _ = keys;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
///
/// To any time:
///
/// ```
/// use tower_auth::testing::ManualClock;
///
/// let clock = ManualClock::at_unix(1_800_000_000);
/// clock.set_unix(1_700_000_000); // also back
/// assert_eq!(clock.unix(), 1_700_000_000);
/// ```
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<ManualTime>);

impl ManualClock {
    /// A clock that shows that many seconds since the Unix epoch.
    pub fn at_unix(seconds: u64) -> Self {
        Self(Arc::new(ManualTime::new(seconds)))
    }

    /// A clock that stands at the present second.
    pub fn now() -> Self {
        Self::at_unix(clock::to_unix(SystemTime::now()))
    }

    /// Moves it on by whole seconds.
    pub fn advance(&self, by: Duration) {
        self.0.advance(by.as_secs());
    }

    /// Sets it to that many seconds since the Unix epoch, back too.
    pub fn set_unix(&self, seconds: u64) {
        self.0.set(seconds);
    }

    /// The seconds since the Unix epoch that it shows.
    pub fn unix(&self) -> u64 {
        self.0.seconds()
    }

    /// The clock to hand to a provider.
    pub fn clock(&self) -> Clock {
        Clock {
            manual: Some(Arc::clone(&self.0)),
        }
    }
}
