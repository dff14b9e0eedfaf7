//! The buffers for bodies: how many there are, how many of them one peer may hold, and for how long.

use std::{
    collections::HashMap,
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use tokio::{runtime::Handle, time::Sleep};

use crate::{ClientAddress, caught::caught};

/// The buffers of one layer. Whoever sends a body has proven nothing yet, so they are bounded, and
/// no peer holds more than a quarter of them.
pub(super) struct Buffers {
    most: usize,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    all: usize,
    /// INVARIANT: no entry is zero, so that it has no more entries than there are buffers.
    by_peer: HashMap<ClientAddress, usize>,
    warned_at: Option<u64>,
}

impl Buffers {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most: most.max(1),
            held: Mutex::default(),
        }
    }

    /// A buffer for the body of that peer; nothing where there is none left for it. A peer that
    /// nobody names has no share: all such requests hold what is there.
    pub(super) fn take(self: &Arc<Self>, peer: Option<ClientAddress>) -> Option<Buffer> {
        let mut held = self.lock();
        if held.all >= self.most {
            return None;
        }
        if let Some(peer) = peer {
            let of_peer = held.by_peer.entry(peer).or_default();
            if *of_peer >= (self.most / 4).max(1) {
                return None;
            }
            *of_peer += 1;
        }
        held.all += 1;
        Some(Buffer {
            buffers: Arc::clone(self),
            peer,
        })
    }

    /// Whether it is time to warn that there are too few: once a minute.
    pub(super) fn should_warn(&self, now: u64) -> bool {
        let mut held = self.lock();
        let is_due = held
            .warned_at
            .is_none_or(|before| now.saturating_sub(before) >= 60);
        if is_due {
            held.warned_at = Some(now);
        }
        is_due
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        // No step in between leaves it half-changed.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One body's place, given back when it is dropped.
pub(super) struct Buffer {
    buffers: Arc<Buffers>,
    peer: Option<ClientAddress>,
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let mut held = self.buffers.lock();
        held.all = held.all.saturating_sub(1);
        if let Some(peer) = self.peer
            && let Some(of_peer) = held.by_peer.get_mut(&peer)
        {
            *of_peer = of_peer.saturating_sub(1);
            if *of_peer == 0 {
                held.by_peer.remove(&peer);
            }
        }
    }
}

/// When a body that does not come is given up.
pub(super) struct Deadline {
    limit: Duration,
    timer: Timer,
}

enum Timer {
    /// No body has been waited for yet, and most never are.
    Idle,
    Running(Pin<Box<Sleep>>),
    /// Nobody keeps time here: no tokio runtime, or one without its timers.
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

impl fmt::Debug for Buffers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffers")
            .field("most", &self.most)
            .field("held", &self.lock().all)
            .finish()
    }
}

/// How many bodies a layer reads at the same time, each of up to a mebibyte, unless set.
pub(super) const MOST: usize = 128;
/// How long a body may take, unless set.
pub(super) const TIME_LIMIT: Duration = Duration::from_secs(10);
