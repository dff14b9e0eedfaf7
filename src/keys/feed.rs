//! The task that polls for a replica.

use std::{
    future::poll_fn,
    pin::pin,
    sync::{Arc, Weak},
    task::Poll,
    time::Duration,
};

use tokio::time::{sleep, timeout};

use super::replica::Replica;
use crate::caught::caught;

/// Polls until the replica is dropped: every 250 ms, sooner if the store gives a hint or a request
/// waits.
///
/// The task holds the replica only while it polls.
pub(super) async fn keep(replica: Weak<Replica>) {
    loop {
        let Some(strong) = replica.upgrade() else {
            return;
        };
        strong.poll().await;
        strong.flush_uses();
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

const EVERY: Duration = Duration::from_millis(250);
const BETWEEN_HINTS: Duration = Duration::from_millis(5);
