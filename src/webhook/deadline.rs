//! How long a body may take.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{runtime::Handle, time::Sleep};

use crate::caught::caught;

/// When a body that does not come is given up.
pub(super) struct Deadline {
    limit: Duration,
    timer: Timer,
}

enum Timer {
    /// No body has been waited for yet, and most never are.
    Idle,
    Running(Pin<Box<Sleep>>),
    /// There is no timer: no tokio runtime, or one without its timers.
    Missing,
}

impl Deadline {
    pub(super) fn new(limit: Duration) -> Self {
        Self {
            limit,
            timer: Timer::Idle,
        }
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Timer::Idle = self.timer {
            let sleep = Handle::try_current().ok().and_then(|_| {
                // It panics where the runtime has no timers.
                caught(|| tokio::time::sleep(self.limit))
            });
            self.timer = sleep.map_or(Timer::Missing, |sleep| Timer::Running(Box::pin(sleep)));
        }
        match &mut self.timer {
            Timer::Running(sleep) => sleep.as_mut().poll(cx),
            Timer::Idle | Timer::Missing => Poll::Pending,
        }
    }
}

/// The time that a body may take, unless set.
pub(super) const TIME_LIMIT: Duration = Duration::from_secs(10);
