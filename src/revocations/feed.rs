//! The task that polls for a replica, and the requests that wait for it.

use std::{
    future::poll_fn,
    pin::pin,
    sync::{Arc, PoisonError, Weak},
    task::Poll,
    time::Duration,
};

use tokio::{
    runtime::Handle,
    time::{Instant, sleep, timeout, timeout_at},
};

use super::{
    RevocationStoreError,
    replica::{Replica, Trust},
};
use crate::{caught::caught, clock::Tick};

impl Replica {
    /// Waits for one poll, for half a second at most.
    pub(super) async fn refreshed(self: &Arc<Self>) -> Trust {
        let mut begun = self.clock().tick();
        let mut until = Instant::now() + WAIT_LIMIT;
        let mut was_stopped = false;
        let mut last_poll = self.last_poll();
        self.start();
        loop {
            match self.trust() {
                Trust::Ask => {}
                trust => return trust,
            }
            self.wake.notify_one();
            // The replica holds the sender, so it exists.
            if !matches!(timeout_at(until, last_poll.changed()).await, Ok(Ok(()))) {
                // A process that was stopped did not wait: the store had no time to answer.
                if !was_stopped && self.clock().since(&begun) > WAIT_LIMIT * 2 {
                    was_stopped = true;
                    begun = self.clock().tick();
                    until = Instant::now() + WAIT_LIMIT;
                    continue;
                }
                self.failed(&RevocationStoreError::unavailable(
                    "no poll was answered within 500 ms",
                ));
            }
        }
    }

    /// Waits until everything was read once.
    pub(super) async fn opened(self: &Arc<Self>) -> Result<(), RevocationStoreError> {
        let mut last_poll = self.last_poll();
        while !self.is_read() {
            self.start();
            self.wake.notify_one();
            if timeout(STUCK, last_poll.changed()).await.is_err() {
                continue;
            }
            if let Some(error) = self.failure() {
                return Err(error);
            }
        }
        Ok(())
    }

    /// Starts the task that polls, unless it runs. One whose runtime is not driven any more does not
    /// run, though it has not ended.
    pub(super) fn start(self: &Arc<Self>) {
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        let runs = task.as_ref().is_some_and(|task| !task.is_finished());
        let mut progress = self.progress();
        let is_alive = |alive: &Tick| self.clock().since(alive) <= STUCK;
        if runs && progress.alive.as_ref().is_some_and(is_alive) {
            return;
        }
        if let Ok(runtime) = Handle::try_current() {
            progress.turn += 1;
            progress.alive = Some(self.clock().tick());
            let polling = runtime.spawn(keep(Arc::downgrade(self), progress.turn));
            if let Some(stuck) = task.replace(polling.abort_handle()) {
                stuck.abort();
            }
        }
    }
}

/// Polls until the replica is dropped: every 250 ms, sooner if the store gives a hint or a request
/// waits.
///
/// The task holds the replica only while it polls.
async fn keep(replica: Weak<Replica>, turn: u64) {
    loop {
        let Some(strong) = replica.upgrade() else {
            return;
        };
        if !strong.poll(turn).await {
            return;
        }
        let (store, wake) = (Arc::clone(&strong.store), Arc::clone(&strong.wake));
        drop(strong);
        let is_woken = {
            let mut hint = caught(|| store.changed());
            let mut woken = pin!(wake.notified());
            let next = poll_fn(|cx| {
                let hinted = hint
                    .as_mut()
                    .and_then(|hint| caught(|| hint.as_mut().poll(cx)));
                if hinted.is_none() {
                    // A hint that panicked is not asked for again.
                    hint = None;
                }
                let is_hinted = hinted.is_some_and(|hint| hint.is_ready());
                match is_hinted || woken.as_mut().poll(cx).is_ready() {
                    true => Poll::Ready(()),
                    false => Poll::Pending,
                }
            });
            timeout(EVERY, next).await.is_ok()
        };
        if is_woken {
            // A store may give hints without a pause.
            sleep(BETWEEN_HINTS).await;
        }
    }
}

/// How long a request waits for a poll.
const WAIT_LIMIT: Duration = Duration::from_millis(500);
/// How long the task may give no sign of life: more than the store has for a step.
const STUCK: Duration = Duration::from_secs(3);
const EVERY: Duration = Duration::from_millis(250);
const BETWEEN_HINTS: Duration = Duration::from_millis(5);
