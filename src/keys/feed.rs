//! The task that polls for a replica, and those that wait for it.

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
    KeyStoreError,
    replica::{Replica, Trust},
};
use crate::caught::caught;

impl Replica {
    /// Waits for one poll, for half a second at most.
    pub(super) async fn refreshed(self: &Arc<Self>) -> Trust {
        let mut begun = self.clock().tick();
        let mut until = Instant::now() + WAIT_LIMIT;
        let mut was_stopped = false;
        let mut ended = self.ended();
        self.start();
        loop {
            match self.trust() {
                Trust::Ask => {}
                trust => return trust,
            }
            self.wake.notify_one();
            // The replica holds the sender, so it exists.
            if !matches!(timeout_at(until, ended.changed()).await, Ok(Ok(()))) {
                // A process that was stopped did not wait: the store had no time to answer.
                if !was_stopped && self.clock().since(&begun) > WAIT_LIMIT * 2 {
                    was_stopped = true;
                    begun = self.clock().tick();
                    until = Instant::now() + WAIT_LIMIT;
                    continue;
                }
                self.failed(&KeyStoreError::unavailable(
                    "no poll was answered within 500 ms",
                ));
            }
        }
    }

    /// Waits until everything was read once.
    pub(super) async fn opened(self: &Arc<Self>) -> Result<(), KeyStoreError> {
        let mut ended = self.ended();
        self.start();
        while !self.is_read() {
            self.wake.notify_one();
            let _ = ended.changed().await;
            if let Some(error) = self.failure() {
                return Err(error);
            }
        }
        Ok(())
    }

    /// Starts the task that polls, unless it runs.
    pub(super) fn start(self: &Arc<Self>) {
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        if task.as_ref().is_some_and(|task| !task.is_finished()) {
            return;
        }
        if let Ok(runtime) = Handle::try_current() {
            let keeping = runtime.spawn(keep(Arc::downgrade(self)));
            *task = Some(keeping.abort_handle());
        }
    }
}

/// Polls until the replica is dropped: every 250 ms, sooner if the store gives a hint or a request
/// waits.
///
/// The task holds the replica only while it polls.
async fn keep(replica: Weak<Replica>) {
    loop {
        let Some(strong) = replica.upgrade() else {
            return;
        };
        strong.poll().await;
        strong.uses().flush();
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
const EVERY: Duration = Duration::from_millis(250);
const BETWEEN_HINTS: Duration = Duration::from_millis(5);
