//! Measuring how long ago something was.

use std::time::{Duration, Instant};

use super::Clock;

/// A moment of a [`Clock`], to measure from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tick {
    monotonic: Instant,
    wall_millis: u64,
}

impl Clock {
    /// This moment.
    pub(crate) fn tick(&self) -> Tick {
        Tick {
            monotonic: Instant::now(),
            wall_millis: self.now_millis(),
        }
    }

    /// How long ago that was. The monotonic clock may stand still while the machine is suspended, and
    /// the system's clock may be set back: the longer of both counts, so what is kept is never
    /// younger than it seems. Where the clock is set forward it seems older, which costs a look.
    pub(crate) fn since(&self, tick: &Tick) -> Duration {
        let wall = self.now_millis().saturating_sub(tick.wall_millis);
        let wall = Duration::from_millis(wall);
        match &self.manual {
            Some(_) => wall,
            None => wall.max(tick.monotonic.elapsed()),
        }
    }
}
