//! Revocations in memory.

use std::{
    fmt, future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use super::{RevocationStore, RevocationStoreError, RevocationStoreFuture, RevocationWrite};
use crate::{
    answer::BoxFuture,
    clock::Clock,
    keys::{
        AsOf, Epoch, Revision, RevocationChanges, RevocationEntry, RevocationPut, RevocationShelf,
        StoredRevocation, Timestamp,
    },
};

/// Keeps revocations in this process's memory: for a service of one process, and for tests.
///
/// They end with the process, which a restart then forgets: tokens that were revoked before it count
/// again. Clones share one store.
///
/// # Example
///
/// ```
/// use tower_auth::{keys::Revision, revocations::{MemoryRevocationStore, RevocationStore}};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let store = MemoryRevocationStore::new()?;
/// assert!(store.changes(Revision::ZERO, 10).await?.value.changes.is_empty());
/// # Ok::<(), tower_auth::revocations::RevocationStoreError>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct MemoryRevocationStore {
    shared: Arc<Shared>,
    clock: Clock,
}

struct Shared {
    tables: Mutex<Tables>,
    changed: Notify,
}

struct Tables {
    epoch: Epoch,
    latest: Revision,
    shelf: RevocationShelf,
}

impl MemoryRevocationStore {
    /// Makes a store without revocations.
    ///
    /// # Errors
    ///
    /// The system gives no random bytes for its epoch.
    pub fn new() -> Result<Self, RevocationStoreError> {
        let tables = Tables {
            epoch: Epoch::generate()?,
            latest: Revision::ZERO,
            shelf: RevocationShelf::default(),
        };
        Ok(Self {
            shared: Arc::new(Shared {
                tables: Mutex::new(tables),
                changed: Notify::new(),
            }),
            clock: Clock::system(),
        })
    }

    /// Replaces the clock that the store's times are read from.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.clock.now_millis())
    }

    /// A thread that panicked with the lock has changed nothing: every step that can fail comes first.
    fn lock(&self) -> MutexGuard<'_, Tables> {
        let tables = self.shared.tables.lock();
        tables.unwrap_or_else(PoisonError::into_inner)
    }
}

impl RevocationStore for MemoryRevocationStore {
    fn changes(
        &self,
        after: Revision,
        limit: usize,
    ) -> RevocationStoreFuture<AsOf<RevocationChanges>> {
        let tables = self.lock();
        let (changes, is_complete) = tables.shelf.after(after, limit);
        let value = RevocationChanges {
            epoch: tables.epoch,
            latest: tables.latest,
            changes,
            is_complete,
        };
        let now = self.now();
        Box::pin(future::ready(Ok(AsOf { now, value })))
    }

    fn add(&self, write: RevocationWrite) -> RevocationStoreFuture<AsOf<StoredRevocation>> {
        let now = self.now();
        let put = RevocationPut {
            entry: write.entry(now),
            revision: Revision::ZERO,
            max_kept: Some(write.max_kept()),
        };
        let added = self.lock().put(vec![put], now);
        self.shared.changed.notify_waiters();
        let added = added.and_then(|added| {
            let put = added.first().ok_or(RevocationStoreError::Lost)?;
            let (entry, revision) = (put.entry, put.revision);
            let value = StoredRevocation { entry, revision };
            Ok(AsOf { now, value })
        });
        Box::pin(future::ready(added))
    }

    fn restore(&self, held: Vec<RevocationEntry>) -> RevocationStoreFuture<()> {
        let puts = held.into_iter().map(|entry| RevocationPut {
            entry,
            revision: Revision::ZERO,
            max_kept: None,
        });
        let restored = self.lock().put(puts.collect(), self.now());
        self.shared.changed.notify_waiters();
        Box::pin(future::ready(restored.map(drop)))
    }

    fn changed(&self) -> BoxFuture<()> {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move { shared.changed.notified().await })
    }
}

impl Tables {
    /// Keeps entries under the next revisions.
    fn put(
        &mut self,
        mut puts: Vec<RevocationPut>,
        now: Timestamp,
    ) -> Result<Vec<RevocationPut>, RevocationStoreError> {
        self.shelf.settle(&mut puts, now)?;
        for put in &mut puts {
            self.latest = self.latest.next();
            put.revision = self.latest;
        }
        self.shelf.keep(&puts);
        Ok(puts)
    }
}

impl fmt::Debug for MemoryRevocationStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryRevocationStore")
            .finish_non_exhaustive()
    }
}
