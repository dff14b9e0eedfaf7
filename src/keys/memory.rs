//! Keys in memory.

use std::{
    collections::{BTreeMap, HashMap},
    fmt, future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use super::{
    Applied, AsOf, AuditQuery, AuditRecord, Epoch, KeyChange, KeyChanges, KeyId, KeyLookup,
    KeyQuery, KeyStore, KeyStoreError, KeyStoreFuture, KeyUse, KeyWrite, Page, Revision,
    RevocationChanges, RevocationShelf, Spend, StoredKey, Timestamp, Written,
};
use crate::{answer::BoxFuture, clock::Clock};

/// Keeps managed keys in this process's memory: for tests and experiments.
///
/// The keys and the audit records end with the process. Clones share one store.
///
/// # Example
///
/// ```
/// use tower_auth::keys::{KeyStore, KeyLookup, KeyId, MemoryKeyStore};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let store = MemoryKeyStore::new()?;
/// assert_eq!(store.find(KeyLookup::Id(KeyId::new("key_1"))).await?.value, None);
/// # Ok::<(), tower_auth::keys::KeyStoreError>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct MemoryKeyStore {
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
    keys: BTreeMap<KeyId, StoredKey>,
    by_digest: HashMap<[u8; 32], KeyId>,
    /// The feed, with one entry for each key that exists or was deleted.
    feed: BTreeMap<Revision, FeedEntry>,
    credits: HashMap<KeyId, u64>,
    idempotency: HashMap<Box<str>, KeyId>,
    audit: Vec<AuditRecord>,
    revocations: RevocationShelf,
}

enum FeedEntry {
    Key(KeyId),
    Deleted([u8; 32]),
}

impl MemoryKeyStore {
    /// Makes a store without keys.
    ///
    /// # Errors
    ///
    /// The system gives no random bytes for its epoch.
    pub fn new() -> Result<Self, KeyStoreError> {
        let tables = Tables {
            epoch: Epoch::generate()?,
            latest: Revision::ZERO,
            keys: BTreeMap::new(),
            by_digest: HashMap::new(),
            feed: BTreeMap::new(),
            credits: HashMap::new(),
            idempotency: HashMap::new(),
            audit: Vec::new(),
            revocations: RevocationShelf::default(),
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

    /// Answers at once, with the store's time.
    fn answer<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Tables, Timestamp) -> Result<T, KeyStoreError>,
    ) -> KeyStoreFuture<AsOf<T>> {
        let now = Timestamp::from_unix_millis(self.clock.now_millis());
        let value = work(&mut self.lock(), now);
        Box::pin(future::ready(value.map(|value| AsOf { now, value })))
    }

    /// A thread that panicked with the lock has changed nothing: every step that can fail comes first.
    fn lock(&self) -> MutexGuard<'_, Tables> {
        let tables = self.shared.tables.lock();
        tables.unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeyStore for MemoryKeyStore {
    fn changes(&self, after: Revision, limit: usize) -> KeyStoreFuture<AsOf<KeyChanges>> {
        self.answer(|tables, _| {
            let entries = tables.feed.range(after.next()..);
            let mut changes = entries.filter_map(|(revision, entry)| match entry {
                FeedEntry::Key(id) => tables.read(id).map(Box::new).map(KeyChange::Put),
                FeedEntry::Deleted(digest) => Some(KeyChange::Deleted {
                    digest: super::KeyDigest::new(*digest),
                    revision: *revision,
                }),
            });
            Ok(KeyChanges {
                epoch: tables.epoch,
                latest: tables.latest,
                changes: changes.by_ref().take(limit).collect(),
                is_complete: changes.next().is_none(),
            })
        })
    }

    fn find(&self, lookup: KeyLookup) -> KeyStoreFuture<AsOf<Option<StoredKey>>> {
        self.answer(|tables, _| {
            Ok(match lookup {
                KeyLookup::Id(id) => tables.read(&id),
                KeyLookup::Digest(digest) => {
                    let id = tables.by_digest.get(digest.as_bytes());
                    id.and_then(|id| tables.read(id))
                }
            })
        })
    }

    fn list(&self, query: KeyQuery) -> KeyStoreFuture<AsOf<Page<StoredKey>>> {
        self.answer(|tables, _| {
            let keys = tables
                .keys
                .values()
                .filter(|key| query.selects(key.record()));
            let mut ids = keys.map(|key| key.record().id());
            let items = ids
                .by_ref()
                .take(query.limit)
                .filter_map(|id| tables.read(id));
            Ok(Page {
                items: items.collect(),
                has_more: ids.next().is_some(),
            })
        })
    }

    fn write(&self, write: KeyWrite) -> KeyStoreFuture<AsOf<Written>> {
        let written = self.answer(|tables, now| tables.write(write, now));
        self.shared.changed.notify_waiters();
        written
    }

    fn spend(&self, account: KeyId) -> KeyStoreFuture<AsOf<Spend>> {
        self.answer(|tables, _| {
            Ok(match tables.credits.get_mut(&account) {
                None => Spend::NoAccount,
                Some(0) => Spend::Exhausted,
                Some(credits) => {
                    *credits -= 1;
                    Spend::Spent { left: *credits }
                }
            })
        })
    }

    fn touch(&self, uses: Vec<KeyUse>) -> KeyStoreFuture<()> {
        let mut tables = self.lock();
        for KeyUse { key, at } in uses {
            if let Some(stored) = tables.keys.get_mut(&key) {
                let last = stored.last_used_at().max(Some(at));
                *stored = stored.clone().with_last_used_at(last);
            }
        }
        Box::pin(future::ready(Ok(())))
    }

    fn audit(&self, query: AuditQuery) -> KeyStoreFuture<AsOf<Page<AuditRecord>>> {
        self.answer(|tables, _| {
            let records = tables.audit.iter().rev();
            let mut records = records.filter(|record| query.selects(record));
            Ok(Page {
                items: records.by_ref().take(query.limit).cloned().collect(),
                has_more: records.next().is_some(),
            })
        })
    }

    fn revocations(
        &self,
        after: Revision,
        limit: usize,
    ) -> KeyStoreFuture<AsOf<RevocationChanges>> {
        self.answer(|tables, _| {
            let (changes, is_complete) = tables.revocations.after(after, limit);
            Ok(RevocationChanges {
                epoch: tables.epoch,
                latest: tables.latest,
                changes,
                is_complete,
            })
        })
    }

    fn renew_epoch(&self) -> KeyStoreFuture<Epoch> {
        let renewed = Epoch::generate().inspect(|epoch| self.lock().epoch = *epoch);
        self.shared.changed.notify_waiters();
        Box::pin(future::ready(renewed))
    }

    fn changed(&self) -> BoxFuture<()> {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move { shared.changed.notified().await })
    }
}

impl Tables {
    /// A key with the credits that its account has left.
    fn read(&self, id: &KeyId) -> Option<StoredKey> {
        let key = self.keys.get(id)?;
        let record = key.record();
        let credits = record
            .is_metered()
            .then(|| self.credits.get(record.account()).copied().unwrap_or(0));
        Some(key.clone().with_credits(credits))
    }

    fn write(&mut self, write: KeyWrite, now: Timestamp) -> Result<Written, KeyStoreError> {
        let own = write.authority().and_then(|id| self.keys.get(id));
        write.check_authority(own, now)?;
        let revoked = self.revocations.under(&write.revocation_ids());
        write.check_revocations(&revoked, now)?;
        let idempotency = write.idempotency().map(Box::from);
        if let Some(made) = idempotency
            .as_ref()
            .and_then(|key| self.idempotency.get(key))
            && let Some(key) = self.read(made)
        {
            return Ok(Written::Repeated(Box::new(key)));
        }
        if let Some((id, digest)) = write.creates()
            && (self.keys.contains_key(id) || self.by_digest.contains_key(digest.as_bytes()))
        {
            return Err(KeyStoreError::Taken);
        }
        if let Some(scope) = write.unless_granted() {
            let mut records = self.keys.values().map(StoredKey::record);
            if records.any(|record| record.is_live(now) && record.grants(scope)) {
                return Err(KeyStoreError::Held);
            }
        }
        let target = write.target().and_then(|id| self.read(id));
        let mut applied = write.apply(target, now, self.latest)?;
        self.revocations.settle(&mut applied.revocations, now)?;
        self.keep(&applied, idempotency);
        for key in &mut applied.puts {
            if let Some(read) = self.read(key.record().id()) {
                *key = read;
            }
        }
        Ok(Written::Applied(applied))
    }

    fn keep(&mut self, applied: &Applied, idempotency: Option<Box<str>>) {
        self.latest = applied.latest;
        for key in &applied.puts {
            let id = key.record().id().clone();
            let digest = *key.digest().as_bytes();
            if let Some(old) = self.keys.insert(id.clone(), key.clone()) {
                self.feed.remove(&old.revision());
            }
            self.by_digest.insert(digest, id.clone());
            self.feed.insert(key.revision(), FeedEntry::Key(id));
        }
        if let Some(deleted) = &applied.deleted
            && let Some(old) = self.keys.remove(&deleted.id)
        {
            let digest = *deleted.digest.as_bytes();
            self.by_digest.remove(&digest);
            self.feed.remove(&old.revision());
            self.feed
                .insert(deleted.revision, FeedEntry::Deleted(digest));
        }
        if let Some(balance) = &applied.credits {
            self.credits
                .insert(balance.account.clone(), balance.credits);
        }
        if let Some((key, made)) = idempotency.zip(applied.puts.first()) {
            self.idempotency.insert(key, made.record().id().clone());
        }
        self.revocations.keep(&applied.revocations);
        self.audit.extend(applied.audit.iter().cloned());
    }
}

impl fmt::Debug for MemoryKeyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryKeyStore")
            .field("keys", &self.lock().keys.len())
            .finish_non_exhaustive()
    }
}
