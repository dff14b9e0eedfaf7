//! One process's copy of a store's keys [12.3], [12.4].

use std::{
    error::Error,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;

use super::{
    Epoch, KeyChange, KeyStore, KeyStoreError, Revision, StoredKey, Timestamp,
    held::Known,
    lookups::Lookups,
    other_prefix::OtherPrefix,
    place::{Place, Position},
    settings::Settings,
    slot::{Claim, Room},
    table::Table,
    uses::Uses,
    watched::WatchedKeys,
};
use crate::{
    answer::BoxFuture,
    clock::Clock,
    log::{Causes, TARGET},
    metrics,
    polling::{Answered, Polled, Polling, StoreError, Trust},
};

pub(super) struct Replica {
    pub(super) store: Arc<dyn KeyStore>,
    settings: Settings,
    /// Those in force, of which the stale limit counts here.
    current: Arc<ArcSwap<Settings>>,
    table: ArcSwap<Table>,
    /// Whether it was logged that the table leaves keys out.
    is_bounded: AtomicBool,
    other_prefix: OtherPrefix,
    /// Locked after the progress of `polling`, where both are.
    lookups: Mutex<Lookups>,
    pub(super) polling: Polling<Place, Told, KeyStoreError>,
    uses: Arc<Uses>,
    pub(super) watched: WatchedKeys,
    me: OnceLock<Weak<Replica>>,
}

/// What an answered poll says of the store.
pub(super) struct Told {
    pub(super) epoch: Epoch,
    pub(super) store_now: Timestamp,
    /// The store's time is at least this: it was shown before.
    pub(super) not_before: Timestamp,
}

impl Told {
    /// The store's time, that long after the start of the poll.
    fn now(&self, age: Duration) -> Timestamp {
        self.store_now.saturating_add(age).max(self.not_before)
    }
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
            polling: Polling::new(settings.clock.clone()),
            store,
            settings,
            current,
            table: ArcSwap::from_pointee(Table::new(max_known)),
            is_bounded: AtomicBool::new(false),
            other_prefix: OtherPrefix::default(),
            lookups: Mutex::default(),
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

    /// The store's time, as far as is known.
    pub(super) fn store_now(&self) -> Timestamp {
        let last = self.polling.last_answer();
        last.as_ref().map_or_else(Timestamp::default, |last| {
            last.answer.now(self.clock().since(&last.begun))
        })
    }

    /// Whether keys of any form may be in the store, as far as is known.
    pub(super) fn may_have_imported(&self) -> bool {
        !self.polling.is_read() || self.table().has_imported()
    }

    /// The clock that measures the age of the copy.
    pub(super) fn clock(&self) -> &Clock {
        self.polling.clock()
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
        let format = &self.current.load().format;
        self.other_prefix.note(key.record(), format, room.now);
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
}

impl Polled for Replica {
    type Place = Place;
    type Answer = Told;
    type Now = Timestamp;
    type Error = KeyStoreError;

    fn polling(&self) -> &Polling<Place, Told, KeyStoreError> {
        &self.polling
    }

    fn trust(&self) -> Trust<Timestamp> {
        let stale_limit = || self.current.load().stale_limit;
        self.polling
            .trust(stale_limit, |last, age| last.answer.now(age))
    }

    fn hint(&self) -> BoxFuture<()> {
        self.store.changed()
    }

    async fn read(&self, turn: u64) -> Result<Answered<Told>, KeyStoreError> {
        self.read_changes(turn).await
    }

    fn answered(&self, mut answered: Answered<Told>) -> bool {
        let expected = self.store_now();
        // A store's clock that is set back lets no expired key count again.
        if let Some(last) = &*self.polling.last_answer()
            && last.answer.epoch == answered.answer.epoch
        {
            // Not what was read last, but what it is by now: keys expired meanwhile. It stands still until
            // the store's clock has come so far, and follows that clock then.
            let age = self.clock().since(&last.begun);
            answered.answer.not_before = last.answer.now(age);
        }
        self.polling.note_answer(answered);
        metrics::key_store_polled(Some(self.table().len()));
        let (expected, now) = (expected.as_unix_millis(), self.store_now().as_unix_millis());
        expected.abs_diff(now) > JUMP
    }

    fn failed(&self, error: &KeyStoreError) {
        metrics::key_store_polled(None);
        if self.polling.note_failure(error) {
            tracing::error!(
                target: TARGET,
                reason = %Causes(Some(error)),
                "the key store cannot be asked: known keys are accepted for {} seconds more",
                self.current.load().stale_limit.as_secs(),
            );
        }
    }

    async fn settle(&self, has_jumped: bool) {
        self.settle_poll(has_jumped).await;
        self.uses.flush();
    }
}

impl StoreError for KeyStoreError {
    const STORE: &'static str = "the key store";

    fn unavailable(reason: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::unavailable(reason)
    }
}

/// The difference in milliseconds between a store's clock and what it was expected to show that counts
/// as a clock that was set. A smaller one is made up for when a key is to expire.
const JUMP: u64 = 250;
