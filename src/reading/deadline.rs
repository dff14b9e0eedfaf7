//! The time limit of a body.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{runtime::Handle, time::Sleep};

use crate::caught::caught;

/// The time limit of a body that is being read.
pub(super) struct Deadline {
    limit: Duration,
    timer: Timer,
}

enum Timer {
    /// No body was waited for yet. Most bodies need no timer.
    Idle,
    Running(Pin<Box<Sleep>>),
    /// There is no timer: the runtime is not tokio, or has its timers disabled.
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
                // Tokio panics where the runtime has no timers.
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
