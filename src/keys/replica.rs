//! One process's copy of a store's keys, kept fresh by the store's feed [12.3], [12.4].

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use arc_swap::{ArcSwap, ArcSwapOption};
use tokio::{
    sync::{Notify, watch},
    task::AbortHandle,
};

use super::{
    Applied, Epoch, KeyChange, KeyChanges, KeyStore, KeyStoreError, Revision, StoredKey, Timestamp,
    ask::ask, held::Known, settings::Settings, table::Table, uses::Uses,
};
use crate::{
    clock::{Clock, Tick},
    log::{Causes, TARGET},
};

pub(super) struct Replica {
    pub(super) store: Arc<dyn KeyStore>,
    settings: Settings,
    /// Those in force, of which the stale limit counts here.
    current: Arc<ArcSwap<Settings>>,
    table: ArcSwap<Table>,
    /// The last poll that was answered.
    answered: ArcSwapOption<Answered>,
    /// Whether the store cannot be asked: a poll failed or timed out, and none was answered since.
    failing: AtomicBool,
    last_error: ArcSwapOption<KeyStoreError>,
    progress: Mutex<Progress>,
    /// The number of polls that have ended.
    ended: watch::Sender<u64>,
    /// Makes the task poll at once.
    pub(super) wake: Arc<Notify>,
    /// The task that polls; it ends with the replica.
    pub(super) task: Mutex<Option<AbortHandle>>,
    uses: Arc<Uses>,
}

/// The start of a poll that was answered, and the store's time then.
struct Answered {
    begun: Tick,
    store_now: Timestamp,
}

/// The progress in the feed.
#[derive(Default)]
struct Progress {
    at: Option<Position>,
    /// The changes by this process while everything is read again.
    during: Option<Vec<KeyChange>>,
}

#[derive(Clone, Copy)]
struct Position {
    epoch: Epoch,
    revision: Revision,
}

/// How far a replica can be trusted now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// It has the state of the store within the last second.
    Fresh(Timestamp),
    /// The store cannot be asked: known keys are accepted.
    Known(Timestamp),
    /// A request has to wait for a poll.
    Ask,
    /// The state of the store is unknown.
    Lost,
}

impl Replica {
    pub(super) fn new(
        store: Arc<dyn KeyStore>,
        settings: Settings,
        current: Arc<ArcSwap<Settings>>,
    ) -> Self {
        Self {
            uses: Arc::new(Uses::new(Arc::clone(&store))),
            store,
            settings,
            current,
            table: ArcSwap::from_pointee(Table::new()),
            answered: ArcSwapOption::empty(),
            failing: AtomicBool::new(false),
            last_error: ArcSwapOption::empty(),
            progress: Mutex::default(),
            ended: watch::Sender::new(0),
            wake: Arc::default(),
            task: Mutex::default(),
        }
    }

    pub(super) fn table(&self) -> arc_swap::Guard<Arc<Table>> {
        self.table.load()
    }

    pub(super) fn uses(&self) -> &Arc<Uses> {
        &self.uses
    }

    pub(super) fn trust(&self) -> Trust {
        let answered = self.answered.load();
        let is_failing = self.failing.load(Ordering::Acquire);
        let Some(answered) = &*answered else {
            return if is_failing { Trust::Lost } else { Trust::Ask };
        };
        let age = self.settings.clock.since(&answered.begun);
        let now = answered.store_now.saturating_add(age);
        match is_failing {
            false if age <= FRESH => Trust::Fresh(now),
            false => Trust::Ask,
            // An answer of the last second counts with a limit of zero too.
            true if age <= self.current.load().stale_limit.max(FRESH) => Trust::Known(now),
            true => Trust::Lost,
        }
    }

    /// Whether keys of any form may be in the store, as far as is known.
    pub(super) fn may_have_imported(&self) -> bool {
        !self.is_read() || self.table().has_imported()
    }

    /// The clock that measures the age of the copy.
    pub(super) fn clock(&self) -> &Clock {
        &self.settings.clock
    }

    /// Tells when a poll has ended.
    pub(super) fn ended(&self) -> watch::Receiver<u64> {
        self.ended.subscribe()
    }

    /// Whether everything was read once.
    pub(super) fn is_read(&self) -> bool {
        self.answered.load().is_some()
    }

    /// Why the store cannot be asked, if that is so.
    pub(super) fn failure(&self) -> Option<KeyStoreError> {
        let error = self.last_error.load();
        let is_failing = self.failing.load(Ordering::Acquire);
        error.as_deref().filter(|_| is_failing).cloned()
    }

    /// Reads the changes. Only the task calls this, so that there is one poll at a time.
    pub(super) async fn poll(&self) {
        let begun = self.settings.clock.tick();
        let polled = match self.read().await {
            // The process may have been stopped meanwhile, so that the limit passed while nobody
            // could answer: what is known may be old, so it is asked once more.
            Err(_) if self.settings.clock.since(&begun) > PAGE_LIMIT * 2 => self.read().await,
            polled => polled,
        };
        match polled {
            Ok(answered) => {
                self.answered.store(Some(Arc::new(answered)));
                if self.failing.swap(false, Ordering::AcqRel) {
                    tracing::info!(target: TARGET, "the key store can be asked again");
                }
            }
            Err(error) => self.failed(&error),
        }
        self.ended
            .send_modify(|ended| *ended = ended.wrapping_add(1));
    }

    pub(super) fn failed(&self, error: &KeyStoreError) {
        self.last_error.store(Some(Arc::new(error.clone())));
        if !self.failing.swap(true, Ordering::AcqRel) {
            tracing::error!(
                target: TARGET,
                reason = %Causes(Some(error)),
                "the key store cannot be asked: known keys are accepted for {} seconds more",
                self.current.load().stale_limit.as_secs(),
            );
        }
    }

    async fn read(&self) -> Result<Answered, KeyStoreError> {
        loop {
            let at = self.progress().at;
            let after = at.map_or(Revision::ZERO, |at| at.revision);
            let (answered, page) = self.page(after).await?;
            // The store has another history, or one that ends before the known revision.
            let continues =
                at.is_some_and(|at| at.epoch == page.epoch && page.latest >= at.revision);
            if !continues {
                return self.reload().await;
            }
            let position = position_after(&page, after)?;
            let table = self.table();
            let mut progress = self.progress();
            for change in &page.changes {
                self.take(&table, change);
            }
            progress.at = Some(position);
            if page.is_complete {
                return Ok(answered);
            }
        }
    }

    /// Reads everything into a second table, and then replaces the first one.
    async fn reload(&self) -> Result<Answered, KeyStoreError> {
        self.progress().during = Some(Vec::new());
        let _end = Reloading(self);
        let fresh = Table::new();
        let mut at: Option<Position> = None;
        loop {
            let after = at.map_or(Revision::ZERO, |at| at.revision);
            let (answered, page) = self.page(after).await?;
            if at.is_some_and(|at| at.epoch != page.epoch || page.latest < at.revision) {
                return Err(KeyStoreError::unavailable(
                    "the store's epoch changed meanwhile",
                ));
            }
            let position = position_after(&page, after)?;
            for change in &page.changes {
                self.take(&fresh, change);
            }
            at = Some(position);
            if page.is_complete {
                let mut progress = self.progress();
                let during = progress.during.take().unwrap_or_default();
                let later = during
                    .iter()
                    .filter(|change| change.revision() > position.revision);
                later.for_each(|change| self.apply(&fresh, change));
                self.table.store(Arc::new(fresh));
                progress.at = Some(position);
                return Ok(answered);
            }
        }
    }

    async fn page(&self, after: Revision) -> Result<(Answered, KeyChanges), KeyStoreError> {
        let begun = self.settings.clock.tick();
        let page = ask(PAGE_LIMIT, || self.store.changes(after, PAGE)).await?;
        let answered = Answered {
            begun,
            store_now: page.now,
        };
        Ok((answered, page.value))
    }

    /// Takes over what the feed tells. A key that an earlier page brought may be deleted by a later
    /// one, so a deletion counts while everything is read anew too.
    fn take(&self, table: &Table, change: &KeyChange) {
        self.apply(table, change);
        if let KeyChange::Deleted { digest, revision } = change {
            table.forget(digest, *revision);
        }
    }

    fn apply(&self, table: &Table, change: &KeyChange) {
        match change {
            KeyChange::Put(key) => {
                let used = self.table().with(&key.digest(), Known::used);
                let known = Known::new(key, used, &self.settings, &self.uses);
                table.put(key.digest(), key.revision(), Some(known));
            }
            KeyChange::Deleted { digest, revision } => table.put(*digest, *revision, None),
        }
    }

    /// Applies a change of this process before the feed reports it.
    pub(super) fn changed_here(&self, applied: &Applied) {
        let puts = applied
            .puts
            .iter()
            .map(|key: &StoredKey| KeyChange::Put(Box::new(key.clone())));
        let deleted = applied.deleted.iter().map(|deleted| KeyChange::Deleted {
            digest: deleted.digest,
            revision: deleted.revision,
        });
        let mut progress = self.progress();
        let table = self.table();
        for change in puts.chain(deleted) {
            // The feed has reported this change, or a later one, which this change must not undo.
            if progress
                .at
                .is_some_and(|at| change.revision() <= at.revision)
            {
                continue;
            }
            self.apply(&table, &change);
            if let Some(during) = &mut progress.during {
                during.push(change);
            }
        }
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
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

/// The position after a page.
fn position_after(page: &KeyChanges, after: Revision) -> Result<Position, KeyStoreError> {
    let epoch = page.epoch;
    let revision = match page.changes.last() {
        _ if page.is_complete => page.latest,
        Some(last) if last.revision() > after => last.revision(),
        _ => {
            return Err(KeyStoreError::unavailable(
                "the store's feed does not go on",
            ));
        }
    };
    Ok(Position { epoch, revision })
}

/// Ends a reload, complete or not.
struct Reloading<'a>(&'a Replica);

impl Drop for Reloading<'_> {
    fn drop(&mut self) {
        self.0.progress().during = None;
    }
}

/// The maximum age of the last answered poll for a copy that counts as current.
const FRESH: Duration = Duration::from_secs(1);
/// The time limit of the store for a page of its feed.
const PAGE_LIMIT: Duration = Duration::from_secs(2);
/// The number of changes in one page.
const PAGE: usize = 1_000;
