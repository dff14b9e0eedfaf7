//! The current time in milliseconds.

use std::time::{SystemTime, UNIX_EPOCH};

use super::Clock;

impl Clock {
    /// Milliseconds since the Unix epoch.
    pub(crate) fn now_millis(&self) -> u64 {
        match &self.manual {
            Some(time) => time.seconds().saturating_mul(1_000),
            None => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH);
                since.map_or(0, |since| {
                    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
                })
            }
        }
    }
}
