//! The lookups that are queued or running: at most one for each token.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

use super::cache::EndpointAnswer;

/// The lookups that are queued or running, by the hash of their token.
#[derive(Default)]
pub(super) struct InFlight {
    lookups: Mutex<Lookups>,
}

pub(super) type Lookups = HashMap<u128, Arc<AnswerSender>>;

/// Sends the answer to the requests that wait for it. Only those requests hold a receiver, so the
/// sender shows when none waits any more.
pub(super) type AnswerSender = watch::Sender<Option<EndpointAnswer>>;

impl InFlight {
    pub(super) fn lock(&self) -> MutexGuard<'_, Lookups> {
        // Entries are inserted and removed whole, so a panic elsewhere leaves nothing half-changed.
        self.lookups.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An entry in the list of lookups. Dropping it removes it from the list, however the lookup ended.
pub(super) struct RunningLookup {
    pub(super) list: Arc<InFlight>,
    pub(super) hash: u128,
    pub(super) answer: Arc<AnswerSender>,
    /// Closes when the provider is dropped.
    pub(super) provider: watch::Receiver<()>,
}

impl RunningLookup {
    /// Returns when no request waits for the answer, and none will: the lookup has left the list.
    pub(super) async fn abandoned(&self) {
        loop {
            self.answer.closed().await;
            let mut lookups = self.list.lock();
            // A request may have joined before the list was locked.
            if self.answer.receiver_count() == 0 {
                self.remove(&mut lookups);
                return;
            }
        }
    }

    /// Returns when the provider is dropped and no request waits for the answer.
    pub(super) async fn orphaned(&self) {
        let mut provider = self.provider.clone();
        while provider.changed().await.is_ok() {}
        self.abandoned().await;
    }

    /// Removes this lookup, and never a later one about the same token.
    fn remove(&self, lookups: &mut Lookups) {
        let is_this = |answer: &Arc<AnswerSender>| Arc::ptr_eq(answer, &self.answer);
        if lookups.get(&self.hash).is_some_and(is_this) {
            lookups.remove(&self.hash);
        }
    }
}

impl Drop for RunningLookup {
    fn drop(&mut self) {
        let mut lookups = self.list.lock();
        self.remove(&mut lookups);
    }
}
