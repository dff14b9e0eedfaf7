//! The task that refreshes a keyring.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::sync::Notify;

use super::source::{FetchedKeys, KeySource};
use crate::issuer::fetch::FetchError;

/// The keyring as the task sees it.
pub(super) trait Refresh {
    /// Starts a fetch if one is due, or returns how long to sleep.
    fn next_step(&self) -> NextStep;

    /// Records the result of the fetch.
    fn finish(&self, result: Result<FetchedKeys, FetchError>);

    /// Records that the fetch will never finish.
    fn abandon(&self);
}

/// The next step of the task.
pub(super) enum NextStep {
    Fetch(Arc<KeySource>),
    Sleep(Duration),
}

/// Keeps the keys fresh until the keyring is dropped.
///
/// The task holds the keyring for moments only, so it never keeps it alive.
pub(super) async fn run<K: Refresh>(keyring: Weak<K>, wake_up: Arc<Notify>) {
    loop {
        let Some(next) = keyring.upgrade().map(|keyring| keyring.next_step()) else {
            return;
        };
        match next {
            NextStep::Fetch(source) => {
                let running = RunningFetch {
                    keyring: Some(&keyring),
                };
                let result = source.fetch().await;
                running.finish(result);
            }
            NextStep::Sleep(time) => {
                // Woken or not, the next step shows what there is to do.
                let _ = tokio::time::timeout(time, wake_up.notified()).await;
            }
        }
    }
}

/// A fetch that started. The keyring learns its end, even where the task is dropped.
struct RunningFetch<'a, K: Refresh> {
    keyring: Option<&'a Weak<K>>,
}

impl<K: Refresh> RunningFetch<'_, K> {
    fn finish(mut self, result: Result<FetchedKeys, FetchError>) {
        if let Some(keyring) = self.keyring.take().and_then(Weak::upgrade) {
            keyring.finish(result);
        }
    }
}

impl<K: Refresh> Drop for RunningFetch<'_, K> {
    fn drop(&mut self) {
        // A runtime that shuts down drops its tasks where they stand.
        if let Some(keyring) = self.keyring.take().and_then(Weak::upgrade) {
            keyring.abandon();
        }
    }
}
