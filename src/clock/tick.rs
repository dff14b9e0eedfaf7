//! Measuring how long ago something was.

use std::time::{Duration, Instant};

use super::{Clock, system};

/// A moment of a [`Clock`], to measure from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tick {
    monotonic: Instant,
    wall: Duration,
}

impl Clock {
    /// This moment.
    pub(crate) fn tick(&self) -> Tick {
        Tick {
            monotonic: Instant::now(),
            wall: self.wall(),
        }
    }

    /// How long ago that was. The monotonic clock may stand still while the machine is suspended, and
    /// the system's clock may be set back: the longer of both counts, so what is kept is never
    /// younger than it seems. Where the clock is set forward it seems older, which costs a look.
    pub(crate) fn since(&self, tick: &Tick) -> Duration {
        let wall = self.wall().saturating_sub(tick.wall);
        match &self.manual {
            Some(_) => wall,
            // What the kernel's tick adds is nothing that was missed.
            None => wall.saturating_sub(TICK).max(tick.monotonic.elapsed()),
        }
    }

    /// How long ago 1970 was.
    fn wall(&self) -> Duration {
        match &self.manual {
            Some(time) => Duration::from_secs(time.seconds()),
            None => system::since_epoch(),
        }
    }
}

/// At most so much is between two of the kernel's ticks.
const TICK: Duration = Duration::from_millis(10);
