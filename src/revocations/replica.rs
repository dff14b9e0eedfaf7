//! One process's copy of a store's revocations.

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use arc_swap::{ArcSwap, Guard};

use super::{
    RevocationStore, RevocationStoreError, settings::Settings, table::Table, watchers::Watchers,
};
use crate::{
    answer::BoxFuture,
    clock::Clock,
    keys::{Position, RevocationEntry, Timestamp},
    log::{Causes, TARGET},
    metrics,
    polling::{Answered, Polled, Polling, StoreError, Trust},
};

pub(super) struct Replica {
    pub(super) store: Arc<dyn RevocationStore>,
    /// The address of the key store that keeps the list, if one does.
    pub(super) key_store: Option<usize>,
    /// Those that are in force.
    current: Arc<ArcSwap<Settings>>,
    pub(super) table: Table,
    pub(super) polling: Polling<Option<Position>, Timestamp, RevocationStoreError>,
    /// The number of times that somebody may have ended.
    changed: AtomicU32,
    pub(super) watchers: Watchers,
}

impl Replica {
    pub(super) fn new(
        store: Arc<dyn RevocationStore>,
        key_store: Option<usize>,
        current: &Arc<ArcSwap<Settings>>,
    ) -> Self {
        Self {
            polling: Polling::new(current.load().clock.clone()),
            store,
            key_store,
            current: Arc::clone(current),
            table: Table::default(),
            changed: AtomicU32::new(0),
            watchers: Watchers::default(),
        }
    }

    /// The settings that are in force.
    pub(super) fn settings(&self) -> Guard<Arc<Settings>> {
        self.current.load()
    }

    pub(super) fn clock(&self) -> &Clock {
        self.polling.clock()
    }

    /// Another one whenever there is more, and while nobody can tell.
    pub(super) fn turn(&self) -> u32 {
        self.changed.load(Ordering::Acquire)
    }

    pub(super) fn begin_turn(&self) {
        self.changed.fetch_add(1, Ordering::AcqRel);
    }

    /// Takes entries over: those that a store has, or those that this process has just added.
    pub(super) fn take(&self, entries: impl IntoIterator<Item = RevocationEntry>) {
        if self.table.merge(entries) {
            self.begin_turn();
        }
    }
}

impl Polled for Replica {
    /// Where the table stands in the feed; `None` where everything has to be read.
    type Place = Option<Position>;
    /// The store's time.
    type Answer = Timestamp;
    type Now = ();
    type Error = RevocationStoreError;

    fn polling(&self) -> &Polling<Option<Position>, Timestamp, RevocationStoreError> {
        &self.polling
    }

    fn trust(&self) -> Trust<()> {
        self.polling
            .trust(|| self.settings().stale_limit, |_, _| ())
    }

    fn hint(&self) -> BoxFuture<()> {
        self.store.changed()
    }

    async fn read(&self, turn: u64) -> Result<Answered<Timestamp>, RevocationStoreError> {
        self.read_changes(turn).await
    }

    fn answered(&self, answered: Answered<Timestamp>) -> bool {
        let store_now = answered.answer;
        self.polling.note_answer(answered);
        let now = Timestamp::from_unix_millis(self.clock().now_millis());
        self.table.forget(store_now, now);
        metrics::revocations_polled(Some(self.table.len()));
        // Whether an entry is over is looked up whenever it is asked for.
        false
    }

    fn failed(&self, error: &RevocationStoreError) {
        metrics::revocations_polled(None);
        if self.polling.note_failure(error) {
            let seconds = self.settings().stale_limit.as_secs();
            match self.polling.is_read() {
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

    async fn settle(&self, _: bool) {
        self.tell_watchers().await;
    }
}

impl StoreError for RevocationStoreError {
    const STORE: &'static str = "the store of revocations";

    fn unavailable(reason: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::unavailable(reason)
    }
}
