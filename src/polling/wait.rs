//! The requests that wait for the task.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, timeout, timeout_at};

use super::{
    ask::StoreError,
    contract::Polled,
    state::Trust,
    task::{STUCK, start},
};

/// Waits for one poll, for half a second at most.
pub(crate) async fn refreshed<R: Polled>(replica: &Arc<R>) -> Trust<R::Now> {
    let polling = replica.polling();
    let mut begun = polling.clock().tick();
    let mut until = Instant::now() + WAIT_LIMIT;
    let mut was_stopped = false;
    let mut last_poll = polling.last_poll();
    loop {
        match replica.trust() {
            Trust::Ask => {}
            trust => return trust,
        }
        // The task's runtime may have ended meanwhile.
        start(replica);
        polling.poll_now();
        // The replica holds the sender, so it exists.
        if !matches!(timeout_at(until, last_poll.changed()).await, Ok(Ok(()))) {
            // A process that was stopped did not wait: the store had no time to answer.
            if !was_stopped && polling.clock().since(&begun) > WAIT_LIMIT * 2 {
                was_stopped = true;
                begun = polling.clock().tick();
                until = Instant::now() + WAIT_LIMIT;
                continue;
            }
            replica.failed(&R::Error::unavailable("no poll was answered within 500 ms"));
        }
    }
}

/// Waits for a poll that begins from now on, for half a second at most. Answers whether one ended, with an
/// answer or a failure.
pub(crate) async fn polled<R: Polled>(replica: &Arc<R>) -> bool {
    let polling = replica.polling();
    let begun = polling.progress().polls;
    let until = Instant::now() + WAIT_LIMIT;
    let mut last_poll = polling.last_poll();
    while *last_poll.borrow_and_update() <= begun {
        start(replica);
        polling.poll_now();
        if !matches!(timeout_at(until, last_poll.changed()).await, Ok(Ok(()))) {
            return false;
        }
    }
    true
}

/// Waits until everything was read once.
pub(crate) async fn opened<R: Polled>(replica: &Arc<R>) -> Result<(), R::Error> {
    let polling = replica.polling();
    let mut last_poll = polling.last_poll();
    while !polling.is_read() {
        start(replica);
        polling.poll_now();
        if timeout(STUCK, last_poll.changed()).await.is_err() {
            continue;
        }
        if let Some(error) = polling.failure() {
            return Err(error);
        }
    }
    Ok(())
}

/// How long a request waits for a poll.
const WAIT_LIMIT: Duration = Duration::from_millis(500);
