//! A store that is opened when it is first asked.

use std::future;

use super::{
    RevocationStore, RevocationStoreError, RevocationStoreFuture, RevocationStores, RevocationWrite,
};
use crate::{
    answer::BoxFuture,
    engine::Lazy,
    keys::{AsOf, Revision, RevocationChanges, RevocationEntry, StoredRevocation},
    shared::SharedUrl,
};

/// Opens a store when it is first asked.
#[derive(Clone)]
pub(crate) struct LazyRevocationStore(Lazy<dyn RevocationStore, RevocationStoreError>);

impl LazyRevocationStore {
    pub(crate) fn new(stores: RevocationStores, url: SharedUrl) -> Self {
        Self(Lazy::new(
            "store of revocations",
            RevocationStoreError::unavailable,
            move || stores.open(url.clone()),
        ))
    }

    /// Opens the store, unless it is open.
    pub(crate) async fn open(&self) -> Result<(), RevocationStoreError> {
        self.0.opened().await.map(drop)
    }

    fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&dyn RevocationStore) -> RevocationStoreFuture<T> + Send + 'static,
    ) -> RevocationStoreFuture<T> {
        let store = self.0.clone();
        Box::pin(async move { question(&*store.opened().await?).await })
    }
}

impl RevocationStore for LazyRevocationStore {
    fn changes(
        &self,
        after: Revision,
        limit: usize,
    ) -> RevocationStoreFuture<AsOf<RevocationChanges>> {
        self.ask(move |store| store.changes(after, limit))
    }

    fn add(&self, write: RevocationWrite) -> RevocationStoreFuture<AsOf<StoredRevocation>> {
        self.ask(move |store| store.add(write))
    }

    fn restore(&self, held: Vec<RevocationEntry>) -> RevocationStoreFuture<()> {
        self.ask(move |store| store.restore(held))
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
