//! One process's copy of a store's revocations.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwapOption;
use tokio::{
    sync::{Notify, watch},
    task::AbortHandle,
};

use super::{
    RevocationStore, RevocationStoreError, settings::Settings, table::Table, watchers::Watchers,
};
use crate::{
    clock::{Clock, Tick},
    keys::{Epoch, Revision, RevocationEntry, Timestamp},
    log::{Causes, TARGET},
    metrics,
};

pub(super) struct Replica {
    pub(super) store: Arc<dyn RevocationStore>,
    pub(super) settings: Settings,
    pub(super) table: Table,
    /// The start of the last poll that was answered.
    answered: ArcSwapOption<Tick>,
    /// Whether the store cannot be asked: a poll failed or timed out, and none was answered since.
    failing: AtomicBool,
    last_error: ArcSwapOption<RevocationStoreError>,
    progress: Mutex<Progress>,
    /// The number of the last poll that has ended.
    ended: watch::Sender<u64>,
    /// The number of times that somebody may have ended.
    changed: AtomicU32,
    /// Makes the task poll at once.
    pub(super) wake: Arc<Notify>,
    /// The task that polls; it ends with the replica.
    pub(super) task: Mutex<Option<AbortHandle>>,
    pub(super) watchers: Watchers,
}

#[derive(Default)]
pub(super) struct Progress {
    /// Where the table stands in the feed; `None` where everything has to be read.
    pub(super) at: Option<Position>,
    /// The number of polls that have begun.
    pub(super) polls: u64,
    /// The task that polls: an earlier one that still runs may move nothing.
    pub(super) turn: u64,
    /// The last sign of life of that task.
    pub(super) alive: Option<Tick>,
}

#[derive(Clone, Copy)]
pub(super) struct Position {
    pub(super) epoch: Epoch,
    pub(super) revision: Revision,
}

/// How far a replica can be trusted now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// It has the state of the store within the last second.
    Fresh,
    /// The store cannot be asked: what was known within the stale limit counts.
    Known,
    /// A request has to wait for a poll.
    Ask,
    /// The state of the store is unknown.
    Lost,
}

impl Replica {
    pub(super) fn new(store: Arc<dyn RevocationStore>, settings: Settings) -> Self {
        Self {
            store,
            settings,
            table: Table::default(),
            answered: ArcSwapOption::empty(),
            failing: AtomicBool::new(false),
            last_error: ArcSwapOption::empty(),
            progress: Mutex::default(),
            ended: watch::Sender::new(0),
            changed: AtomicU32::new(0),
            wake: Arc::default(),
            task: Mutex::default(),
            watchers: Watchers::default(),
        }
    }

    pub(super) fn trust(&self) -> Trust {
        let answered = self.answered.load();
        let is_failing = self.failing.load(Ordering::Acquire);
        let Some(answered) = &*answered else {
            return if is_failing { Trust::Lost } else { Trust::Ask };
        };
        let age = self.clock().since(answered);
        match is_failing {
            false if age <= FRESH => Trust::Fresh,
            false => Trust::Ask,
            // An answer of the last second counts with a limit of zero too.
            true if age <= self.settings.stale_limit.max(FRESH) => Trust::Known,
            true => Trust::Lost,
        }
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.settings.clock
    }

    /// Whether everything was read once.
    pub(super) fn is_read(&self) -> bool {
        self.answered.load().is_some()
    }

    /// Why the store cannot be asked, if that is so.
    pub(super) fn failure(&self) -> Option<RevocationStoreError> {
        let error = self.last_error.load();
        let is_failing = self.failing.load(Ordering::Acquire);
        error.as_deref().filter(|_| is_failing).cloned()
    }

    /// Tells the number of the last poll that has ended.
    pub(super) fn last_poll(&self) -> watch::Receiver<u64> {
        self.ended.subscribe()
    }

    pub(super) fn ended(&self, poll: u64) {
        self.ended.send_replace(poll);
    }

    /// Another one whenever there is more, and while nobody can tell.
    pub(super) fn turn(&self) -> u32 {
        self.changed.load(Ordering::Acquire)
    }

    fn begin_turn(&self) {
        self.changed.fetch_add(1, Ordering::AcqRel);
    }

    /// Takes entries over: those that a store has, or those that this process has just added.
    pub(super) fn take(&self, entries: impl IntoIterator<Item = RevocationEntry>) {
        if self.table.merge(entries) {
            self.begin_turn();
        }
    }

    /// Takes over that a poll was answered, and what the store's time was then.
    pub(super) fn answered(&self, begun: Tick, store_now: Timestamp) {
        self.answered.store(Some(Arc::new(begun)));
        if self.failing.swap(false, Ordering::AcqRel) {
            tracing::info!(target: TARGET, "the store of revocations can be asked again");
        }
        let now = Timestamp::from_unix_millis(self.clock().now_millis());
        self.table.forget(store_now, now);
        metrics::revocations_polled(Some(self.table.len()));
    }

    pub(super) fn failed(&self, error: &RevocationStoreError) {
        metrics::revocations_polled(None);
        self.last_error.store(Some(Arc::new(error.clone())));
        if !self.failing.swap(true, Ordering::AcqRel) {
            let seconds = self.settings.stale_limit.as_secs();
            match self.is_read() {
                true => tracing::error!(
                    target: TARGET,
                    reason = %Causes(Some(error)),
                    "the revocations cannot be read: what is known is held for {seconds} seconds \
                     more, then every caller is a 503",
                ),
                false => tracing::error!(
                    target: TARGET,
                    reason = %Causes(Some(error)),
                    "the revocations cannot be read, and were never read: every caller is a 503",
                ),
            }
        }
        if self.trust() == Trust::Lost {
            // Nobody can tell any more who was revoked.
            self.begin_turn();
        }
    }

    pub(super) fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        let task = self.task.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(task) = task.take() {
            task.abort();
        }
    }
}

/// The maximum age of the last answered poll for a copy that counts as current.
const FRESH: Duration = Duration::from_secs(1);
