//! One process's copy of a store's keys [12.3], [12.4].

use std::{
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak,
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
    Epoch, KeyChange, KeyStore, KeyStoreError, Revision, StoredKey, Timestamp,
    held::Known,
    lookups::Lookups,
    progress::{Position, Progress},
    settings::Settings,
    slot::{Claim, Room},
    table::Table,
    uses::Uses,
    watched::WatchedKeys,
};
use crate::{
    clock::{Clock, Tick},
    log::{Causes, TARGET},
    metrics,
};

pub(super) struct Replica {
    pub(super) store: Arc<dyn KeyStore>,
    settings: Settings,
    /// Those in force, of which the stale limit counts here.
    current: Arc<ArcSwap<Settings>>,
    table: ArcSwap<Table>,
    /// Whether it was logged that the table leaves keys out.
    is_bounded: AtomicBool,
    /// Locked after `progress`, where both are.
    lookups: Mutex<Lookups>,
    /// The last poll that was answered.
    answered: ArcSwapOption<Answered>,
    /// Whether the store cannot be asked: a poll failed or timed out, and none was answered since.
    failing: AtomicBool,
    last_error: ArcSwapOption<KeyStoreError>,
    progress: Mutex<Progress>,
    /// The number of the last poll that has ended.
    ended: watch::Sender<u64>,
    /// Makes the task poll at once.
    pub(super) wake: Arc<Notify>,
    /// The task that polls; it ends with the replica.
    pub(super) task: Mutex<Option<AbortHandle>>,
    uses: Arc<Uses>,
    pub(super) watched: WatchedKeys,
    me: OnceLock<Weak<Replica>>,
}

/// The start of a poll that was answered, and the store's time then.
pub(super) struct Answered {
    pub(super) begun: Tick,
    pub(super) epoch: Epoch,
    pub(super) store_now: Timestamp,
    /// The store's time is at least this: it was shown before.
    pub(super) not_before: Timestamp,
}

impl Answered {
    /// The store's time, that long after the start of the poll.
    fn now(&self, age: Duration) -> Timestamp {
        self.store_now.saturating_add(age).max(self.not_before)
    }
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
        let max_known = settings.max_known;
        Self {
            uses: Arc::new(Uses::new(Arc::clone(&store), settings.clock.clone())),
            store,
            settings,
            current,
            table: ArcSwap::from_pointee(Table::new(max_known)),
            is_bounded: AtomicBool::new(false),
            lookups: Mutex::default(),
            answered: ArcSwapOption::empty(),
            failing: AtomicBool::new(false),
            last_error: ArcSwapOption::empty(),
            progress: Mutex::default(),
            ended: watch::Sender::new(0),
            wake: Arc::default(),
            task: Mutex::default(),
            watched: WatchedKeys::new(),
            me: OnceLock::new(),
        }
    }

    /// Shares it, and lets it tell when keys end.
    pub(super) fn shared(self) -> Arc<Self> {
        let shared = Arc::new(self);
        let me = shared.me.get_or_init(|| Arc::downgrade(&shared)).clone();
        shared.uses.set_ends(me);
        shared
    }

    /// Itself, where it is shared.
    pub(super) fn me(&self) -> &Weak<Self> {
        self.me.get_or_init(Weak::new)
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
        let now = answered.now(age);
        match is_failing {
            false if age <= FRESH => Trust::Fresh(now),
            false => Trust::Ask,
            // An answer of the last second counts with a limit of zero too.
            true if age <= self.current.load().stale_limit.max(FRESH) => Trust::Known(now),
            true => Trust::Lost,
        }
    }

    /// The store's time, as far as is known.
    pub(super) fn store_now(&self) -> Timestamp {
        let answered = self.answered.load();
        answered
            .as_ref()
            .map_or_else(Timestamp::default, |answered| {
                let age = self.settings.clock.since(&answered.begun);
                answered.now(age)
            })
    }

    /// Whether keys of any form may be in the store, as far as is known.
    pub(super) fn may_have_imported(&self) -> bool {
        !self.is_read() || self.table().has_imported()
    }

    /// The clock that measures the age of the copy.
    pub(super) fn clock(&self) -> &Clock {
        &self.settings.clock
    }

    /// Tells the number of the last poll that has ended.
    pub(super) fn last_poll(&self) -> watch::Receiver<u64> {
        self.ended.subscribe()
    }

    pub(super) fn ended(&self, poll: u64) {
        self.ended.send_replace(poll);
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

    /// Takes over that a poll was answered. Answers whether the store's clock was set: it shows another
    /// time than was to be expected.
    pub(super) fn answered(&self, mut answered: Answered) -> bool {
        let expected = self.store_now();
        // A store's clock that is set back lets no expired key count again.
        if let Some(last) = &*self.answered.load()
            && last.epoch == answered.epoch
        {
            // Not what was read last, but what it is by now: keys expired meanwhile. It stands still until
            // the store's clock has come so far, and follows that clock then.
            answered.not_before = last.now(self.settings.clock.since(&last.begun));
        }
        self.answered.store(Some(Arc::new(answered)));
        metrics::key_store_polled(Some(self.table().len()));
        if self.failing.swap(false, Ordering::AcqRel) {
            tracing::info!(target: TARGET, "the key store can be asked again");
        }
        let (expected, now) = (expected.as_unix_millis(), self.store_now().as_unix_millis());
        expected.abs_diff(now) > JUMP
    }

    pub(super) fn failed(&self, error: &KeyStoreError) {
        metrics::key_store_polled(None);
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

    pub(super) fn replace_table(&self, table: Table) {
        self.table.store(Arc::new(table));
        self.note_all_changed();
    }

    pub(super) fn new_table(&self) -> Table {
        Table::new(self.settings.max_known)
    }

    /// Applies a change that the feed reports, or one of this process.
    pub(super) fn apply(&self, table: &Table, change: &KeyChange, room: Room) {
        match change {
            KeyChange::Put(key) => self.put(table, key, room),
            KeyChange::Deleted { digest, revision } => table.put(*digest, *revision, None, room),
        };
        self.lookups().disturb(&change.digest());
        self.note_change(change);
    }

    /// Keeps a key that was looked up, in the place of another one where there is no room; gives it
    /// back where none can give way.
    pub(super) fn keep_found(
        &self,
        table: &Table,
        key: &StoredKey,
        now: Timestamp,
        at: Option<Position>,
    ) -> Option<Known> {
        let room = Room {
            now,
            up_to: at.map_or(Revision::ZERO, |at| at.revision),
            claim: Claim::Found,
        };
        self.put(table, key, room)
    }

    fn put(&self, table: &Table, key: &StoredKey, room: Room) -> Option<Known> {
        let used = self.table().with(&key.digest(), Known::used);
        self.uses.limits.note(key.record());
        let known = Known::new(key, used, &self.settings, &self.uses);
        let left_over = table.put(key.digest(), key.revision(), Some(known), room);
        if table.leaves_out() && !self.is_bounded.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                target: TARGET,
                "the key store has more than {} live keys: the others are looked up when they are \
                 shown, at most 100 a second, and more are a 503: raise with_max_known, `max_known` \
                 of a file, if memory allows it (about 640 bytes a key)",
                self.settings.max_known,
            );
        }
        left_over
    }

    pub(super) fn lookups(&self) -> MutexGuard<'_, Lookups> {
        self.lookups.lock().unwrap_or_else(PoisonError::into_inner)
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
/// The difference in milliseconds between a store's clock and what it was expected to show that counts
/// as a clock that was set. A smaller one is made up for when a key is to expire.
const JUMP: u64 = 250;
