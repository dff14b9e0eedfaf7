//! The source of the current time.

mod alarms;
mod manual;
mod millis;
#[cfg(any(test, feature = "test-util"))]
mod moved;
mod steady;
mod system;
#[cfg(feature = "keys")]
mod tick;

#[cfg(feature = "keys")]
pub(crate) use self::tick::Tick;
pub(crate) use self::{alarms::Alarm, manual::ManualTime, steady::Steady};

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// Where a provider reads the time: the system's, or one that a test moves by hand.
///
/// # Example
///
/// ```
/// use tower_auth::{Clock, provider::ApiKeyAuth};
///
/// let keys = ApiKeyAuth::new(["sk-live-9f"])?.with_clock(Clock::system()); // as it is unless set
/// # let _ = keys;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Clock {
    /// The time that a test sets; `None` means the system's clock.
    pub(crate) manual: Option<Arc<ManualTime>>,
}

impl Clock {
    pub(crate) const SYSTEM: Self = Self { manual: None };

    /// The system's clock.
    pub fn system() -> Self {
        Self::SYSTEM
    }

    /// Whole seconds since the Unix epoch.
    pub(crate) fn now(&self) -> u64 {
        match &self.manual {
            Some(time) => time.seconds(),
            None => system::since_epoch().as_secs(),
        }
    }
}

/// Whole seconds since the epoch; a time before it counts as the epoch itself.
pub(crate) fn to_unix(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// The time that many seconds after the epoch; `None` where the platform cannot hold it.
pub(crate) fn from_unix(seconds: u64) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}
