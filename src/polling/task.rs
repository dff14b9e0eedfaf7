//! The task that polls.

use std::{
    future::{Future, pending, poll_fn},
    pin::pin,
    sync::{Arc, PoisonError, Weak},
    task::Poll,
    time::Duration,
};

use tokio::{
    runtime::Handle,
    time::{sleep, timeout},
};

use super::{contract::Polled, feed::STEP_LIMIT};
use crate::{
    caught::{Caught, caught},
    clock::Tick,
};

/// Starts the task that polls, unless it runs. One whose runtime is not driven any more does not run,
/// though it has not ended.
pub(crate) fn start<R: Polled>(replica: &Arc<R>) {
    let polling = replica.polling();
    let mut task = polling.task.lock().unwrap_or_else(PoisonError::into_inner);
    let runs = task.as_ref().is_some_and(|task| !task.is_finished());
    let mut progress = polling.progress();
    let is_alive = |alive: &Tick| polling.clock().since(alive) <= STUCK;
    if runs && progress.alive.as_ref().is_some_and(is_alive) {
        return;
    }
    if let Ok(runtime) = Handle::try_current() {
        let turn = progress.begin_turn(polling.clock().tick());
        let replica = Arc::downgrade(replica);
        // A runtime that is ending drops a task at once, polled or not, and the task that ends notes that.
        let keeping = keep(Keeper { replica, turn });
        drop(progress);
        let keeping = runtime.spawn(keeping);
        if let Some(stuck) = task.replace(keeping.abort_handle()) {
            stuck.abort();
        }
    }
}

/// Polls until the replica is dropped: every 250 ms, sooner if the store gives a hint or a request
/// waits.
///
/// The task holds the replica only while it polls.
async fn keep<R: Polled>(keeper: Keeper<R>) {
    loop {
        let Some(replica) = keeper.replica.upgrade() else {
            return;
        };
        if !poll(&*replica, keeper.turn).await {
            return;
        }
        let hint = caught(|| replica.hint());
        let wake = Arc::clone(&replica.polling().wake);
        drop(replica);
        let is_woken = {
            let mut hinted = pin!(hinted(hint.map(Caught::new)));
            let mut woken = pin!(wake.notified());
            let next = poll_fn(|cx| {
                let is_next = hinted.as_mut().poll(cx).is_ready();
                match is_next || woken.as_mut().poll(cx).is_ready() {
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

/// Waits for a hint. One that panicked never comes.
async fn hinted(hint: Option<Caught<()>>) {
    if let Some(hint) = hint
        && hint.await.is_some()
    {
        return;
    }
    pending().await
}

/// Reads the changes, once. Answers whether the task of this turn is to go on: another one may have
/// taken over.
async fn poll<R: Polled>(replica: &R, turn: u64) -> bool {
    let polling = replica.polling();
    let number = {
        let mut progress = polling.progress();
        progress.polls += 1;
        progress.polls
    };
    let begun = polling.clock().tick();
    let polled = match replica.read(turn).await {
        // The process may have been stopped meanwhile, so that the limit passed while nobody could
        // answer: what is known may be old, so it is asked once more.
        Err(_) if polling.clock().since(&begun) > STEP_LIMIT * 2 => replica.read(turn).await,
        polled => polled,
    };
    if polling.progress().turn != turn {
        return false;
    }
    let has_jumped = match polled {
        Ok(answered) => replica.answered(answered),
        Err(error) => {
            replica.failed(&error);
            false
        }
    };
    polling.ended(number);
    replica.settle(has_jumped).await;
    true
}

/// The task of a turn. It may be dropped wherever it waits: its runtime ends.
struct Keeper<R: Polled> {
    replica: Weak<R>,
    turn: u64,
}

impl<R: Polled> Drop for Keeper<R> {
    fn drop(&mut self) {
        if let Some(replica) = self.replica.upgrade() {
            replica.polling().task_ended(self.turn);
        }
    }
}

/// How long the task may give no sign of life: more than the store has for a step.
pub(super) const STUCK: Duration = Duration::from_secs(3);
const EVERY: Duration = Duration::from_millis(250);
const BETWEEN_HINTS: Duration = Duration::from_millis(5);
