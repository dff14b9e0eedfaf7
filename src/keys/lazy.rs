//! A store that is opened when it is first asked.

use std::future;

use super::{
    AsOf, AuditQuery, AuditRecord, Epoch, KeyChanges, KeyId, KeyLookup, KeyQuery, KeyStore,
    KeyStoreError, KeyStoreFuture, KeyStoreUrl, KeyStores, KeyUse, KeyWrite, Page, Revision,
    RevocationChanges, Spend, StoredKey, Written,
};
use crate::{answer::BoxFuture, engine::Lazy};

/// Opens a store when it is first asked.
#[derive(Clone)]
pub(crate) struct LazyKeyStore(Lazy<dyn KeyStore, KeyStoreError>);

impl LazyKeyStore {
    pub(crate) fn new(stores: KeyStores, url: KeyStoreUrl) -> Self {
        Self(Lazy::new(
            "key store",
            KeyStoreError::unavailable,
            move || stores.open(url.clone()),
        ))
    }

    /// Opens the store, unless it is open.
    pub(crate) async fn open(&self) -> Result<(), KeyStoreError> {
        self.0.opened().await.map(drop)
    }

    fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&dyn KeyStore) -> KeyStoreFuture<T> + Send + 'static,
    ) -> KeyStoreFuture<T> {
        let store = self.0.clone();
        Box::pin(async move { question(&*store.opened().await?).await })
    }
}

impl KeyStore for LazyKeyStore {
    fn changes(&self, after: Revision, limit: usize) -> KeyStoreFuture<AsOf<KeyChanges>> {
        self.ask(move |store| store.changes(after, limit))
    }

    fn find(&self, lookup: KeyLookup) -> KeyStoreFuture<AsOf<Option<StoredKey>>> {
        self.ask(move |store| store.find(lookup))
    }

    fn list(&self, query: KeyQuery) -> KeyStoreFuture<AsOf<Page<StoredKey>>> {
        self.ask(move |store| store.list(query))
    }

    fn write(&self, write: KeyWrite) -> KeyStoreFuture<AsOf<Written>> {
        self.ask(move |store| store.write(write))
    }

    fn spend(&self, account: KeyId) -> KeyStoreFuture<AsOf<Spend>> {
        self.ask(move |store| store.spend(account))
    }

    fn touch(&self, uses: Vec<KeyUse>) -> KeyStoreFuture<()> {
        self.ask(move |store| store.touch(uses))
    }

    fn audit(&self, query: AuditQuery) -> KeyStoreFuture<AsOf<Page<AuditRecord>>> {
        self.ask(move |store| store.audit(query))
    }

    fn revocations(
        &self,
        after: Revision,
        limit: usize,
    ) -> KeyStoreFuture<AsOf<RevocationChanges>> {
        self.ask(move |store| store.revocations(after, limit))
    }

    fn renew_epoch(&self) -> KeyStoreFuture<Epoch> {
        self.ask(|store| store.renew_epoch())
    }

    /// Waits for the store to be open, and opens nothing.
    fn changed(&self) -> BoxFuture<()> {
        let store = self.0.clone();
        Box::pin(async move {
            match store.once_open().await {
                Some(store) => store.changed().await,
                None => future::pending().await,
            }
        })
    }
}
