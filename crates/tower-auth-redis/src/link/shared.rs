//! The connection that all calls share, and what is known of the server.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use redis::aio::MultiplexedConnection;
use tokio::{sync::Notify, task::AbortHandle, time::Instant};

use crate::{connect::Connector, fault::Cause};

/// The pauses after a connection that could not be made. While one lasts, calls fail at once.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// A connection that ends earlier is one that could not be made.
const SHORTEST_LIFE: Duration = Duration::from_millis(50);

pub(super) struct Shared {
    pub(super) connector: Connector,
    pub(super) state: Mutex<State>,
    /// A connection has been made, or could not be made.
    pub(super) settled: Notify,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) current: Option<Current>,
    /// How many connections there were.
    pub(super) count: u64,
    pub(super) is_connecting: bool,
    pub(super) failed: Option<Failed>,
    pub(super) hints: Option<Hints>,
}

/// A channel to hear on each connection, and whom to tell.
#[derive(Clone)]
pub(super) struct Hints {
    pub(super) channel: String,
    pub(super) heard: Arc<Notify>,
}

pub(super) struct Current {
    pub(super) number: u64,
    pub(super) run: Option<u128>,
    pub(super) connection: MultiplexedConnection,
    pub(super) driver: AbortHandle,
    pub(super) made: Instant,
    pub(super) checked: Instant,
    /// Somebody is asking whether it works, or what its server does.
    pub(super) is_probed: bool,
}

pub(super) struct Failed {
    pub(super) cause: Cause,
    pub(super) until: Instant,
    pub(super) pause: Duration,
}

/// The time in which a server forgets nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Run {
    /// From its start to its end.
    Server(u128),
    /// Where it does not say when it started: as long as a connection lasts.
    Connection(u64),
}

impl Shared {
    pub(super) fn new(connector: Connector) -> Self {
        Self {
            connector,
            state: Mutex::default(),
            settled: Notify::new(),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // No step leaves it half-changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what was found of a connection.
    pub(super) fn found(&self, number: u64, found: Result<(), Cause>, is_check: bool) {
        if let Err(cause) = found {
            return self.refuse(number, cause);
        }
        let mut state = self.lock();
        if let Some(current) = &mut state.current
            && current.number == number
            && is_check
        {
            current.checked = Instant::now();
        }
    }

    /// Lets a connection go, because of what its server is, or does not: calls fail with that for a moment.
    pub(super) fn refuse(&self, number: u64, cause: Cause) {
        self.let_go(number, cause, true);
    }

    /// Lets a connection go that ended: the next call connects, unless it ended as soon as it was made.
    /// Nobody is asked for one after the other.
    pub(super) fn retire(&self, number: u64, cause: Cause) {
        self.let_go(number, cause, false);
    }

    fn let_go(&self, number: u64, cause: Cause, pauses: bool) {
        let mut state = self.lock();
        if let Some(current) = state.current.take_if(|current| current.number == number) {
            // Also where the server takes nothing: what is on the way is lost then.
            current.driver.abort();
            if pauses || current.made.elapsed() < SHORTEST_LIFE {
                state.fail(cause);
            }
        }
    }
}

impl State {
    pub(super) fn fail(&mut self, cause: Cause) {
        let pause = match &self.failed {
            Some(failed) => (failed.pause * 2).min(LONGEST_PAUSE),
            None => FIRST_PAUSE,
        };
        self.failed = Some(Failed {
            cause,
            until: Instant::now() + pause,
            pause,
        });
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(current) = state.current.take() {
            current.driver.abort();
        }
    }
}
