//! A key store that is looked at: an explanation uses no key, so it spends no credit of one and notes no
//! use.

use std::{
    collections::HashMap,
    future::ready,
    sync::{Arc, Mutex, PoisonError},
};

use tower_auth::keys::{
    AsOf, AuditQuery, AuditRecord, Epoch, KeyChange, KeyChanges, KeyId, KeyLookup, KeyQuery,
    KeyStore, KeyStoreError, KeyStoreFuture, KeyUse, KeyWrite, Page, Revision, RevocationChanges,
    Spend, StoredKey, Timestamp, Written,
};

#[derive(Clone)]
pub(crate) struct LookedAt {
    store: Arc<dyn KeyStore>,
    /// What accounts had when their keys were read, and the store's time then.
    credits: Arc<Mutex<HashMap<KeyId, (u64, Timestamp)>>>,
}

impl LookedAt {
    pub(crate) fn new(store: Arc<dyn KeyStore>) -> Self {
        Self {
            store,
            credits: Arc::default(),
        }
    }

    fn note<'a>(&self, keys: impl Iterator<Item = &'a StoredKey>, now: Timestamp) {
        let mut credits = self.credits.lock().unwrap_or_else(PoisonError::into_inner);
        for key in keys {
            if let Some(left) = key.credits() {
                credits.insert(key.record().account().clone(), (left, now));
            }
        }
    }
}

impl KeyStore for LookedAt {
    fn changes(&self, after: Revision, limit: usize) -> KeyStoreFuture<AsOf<KeyChanges>> {
        let (read, me) = (self.store.changes(after, limit), self.clone());
        Box::pin(async move {
            let page = read.await?;
            let keys = page.value.changes.iter().filter_map(|change| match change {
                KeyChange::Put(key) => Some(&**key),
                KeyChange::Deleted { .. } => None,
            });
            me.note(keys, page.now);
            Ok(page)
        })
    }

    fn find(&self, lookup: KeyLookup) -> KeyStoreFuture<AsOf<Option<StoredKey>>> {
        let (read, me) = (self.store.find(lookup), self.clone());
        Box::pin(async move {
            let found = read.await?;
            me.note(found.value.iter(), found.now);
            Ok(found)
        })
    }

    fn list(&self, query: KeyQuery) -> KeyStoreFuture<AsOf<Page<StoredKey>>> {
        self.store.list(query)
    }

    fn write(&self, _: KeyWrite) -> KeyStoreFuture<AsOf<Written>> {
        Box::pin(ready(Err(only_read())))
    }

    fn spend(&self, account: KeyId) -> KeyStoreFuture<AsOf<Spend>> {
        let credits = self.credits.lock().unwrap_or_else(PoisonError::into_inner);
        let spent = match credits.get(&account) {
            Some((0, now)) => Ok((Spend::Exhausted, *now)),
            Some((left, now)) => Ok((Spend::Spent { left: left - 1 }, *now)),
            None => Err(only_read()),
        };
        Box::pin(ready(spent.map(|(value, now)| AsOf { now, value })))
    }

    fn touch(&self, _: Vec<KeyUse>) -> KeyStoreFuture<()> {
        Box::pin(ready(Ok(())))
    }

    fn audit(&self, query: AuditQuery) -> KeyStoreFuture<AsOf<Page<AuditRecord>>> {
        self.store.audit(query)
    }

    fn revocations(
        &self,
        after: Revision,
        limit: usize,
    ) -> KeyStoreFuture<AsOf<RevocationChanges>> {
        self.store.revocations(after, limit)
    }

    fn renew_epoch(&self) -> KeyStoreFuture<Epoch> {
        Box::pin(ready(Err(only_read())))
    }
}

fn only_read() -> KeyStoreError {
    KeyStoreError::unavailable("the key store is only looked at")
}
