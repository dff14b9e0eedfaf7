//! The contract of stores for managed keys.

use std::future;

use super::{
    AsOf, AuditQuery, AuditRecord, Epoch, KeyChanges, KeyId, KeyLookup, KeyQuery, KeyStoreError,
    KeyUse, KeyWrite, Page, Revision, RevocationChanges, Spend, StoredKey, Written,
};
use crate::answer::BoxFuture;

/// The future of an answer of a [`KeyStore`].
pub type KeyStoreFuture<T> = BoxFuture<Result<T, KeyStoreError>>;

/// Keeps managed keys, for every process that opens it.
///
/// A store keeps and looks up; it decides nothing. [`ManagedKeys`](super::ManagedKeys) decides who may
/// change a key, and [`KeyWrite`] computes the result of a change. Every answer carries the store's
/// own time. A future that is dropped leaves a change done or not done, never half done.
/// `testing::key_store` (feature `test-util`) tests a store against every rule on this page.
///
/// # Example
///
/// ```
/// use tower_auth::keys::{KeyStore, MemoryKeyStore, Revision};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let store = MemoryKeyStore::new()?;
/// let page = store.changes(Revision::ZERO, 1_000).await?.value;
/// assert!(page.changes.is_empty() && page.is_complete);
/// # Ok::<(), tower_auth::keys::KeyStoreError>(())
/// # }).unwrap();
/// ```
pub trait KeyStore: Send + Sync + 'static {
    /// The changes after a revision, in the order of their revisions, at most `limit` of them: for
    /// each key its last change, for each deleted key its deletion. After [`Revision::ZERO`] that is
    /// everything.
    ///
    /// A call returns every change up to the revision that it leads to, because no later call returns
    /// it: a change that is committed later must have a greater revision.
    fn changes(&self, after: Revision, limit: usize) -> KeyStoreFuture<AsOf<KeyChanges>>;

    /// One key.
    fn find(&self, lookup: KeyLookup) -> KeyStoreFuture<AsOf<Option<StoredKey>>>;

    /// Keys in the order of the bytes of their ids: see [`KeyQuery::selects`].
    fn list(&self, query: KeyQuery) -> KeyStoreFuture<AsOf<Page<StoredKey>>>;

    /// Carries a change out by the steps of [`KeyWrite`], with its audit records, in one transaction.
    fn write(&self, write: KeyWrite) -> KeyStoreFuture<AsOf<Written>>;

    /// Takes one credit from an account, if it has one: one atomic step, so that all processes
    /// together never spend one too many. The feed does not report it.
    fn spend(&self, account: KeyId) -> KeyStoreFuture<AsOf<Spend>>;

    /// Records when keys were used. The latest time stays; an unknown key is ignored. The feed does
    /// not report it.
    fn touch(&self, uses: Vec<KeyUse>) -> KeyStoreFuture<()>;

    /// Audit records, newest first: see [`AuditQuery::selects`]. Those of deleted keys stay.
    fn audit(&self, query: AuditQuery) -> KeyStoreFuture<AsOf<Page<AuditRecord>>>;

    /// The revocations of tokens after a revision, in the order of their revisions, at most `limit` of
    /// them: what [`changes`](Self::changes) promises of keys holds here of revocations. Both have the
    /// revisions of one counter. An entry that is [over](super::RevocationEntry::is_over) may be missing.
    ///
    /// By default a store keeps none, and every answer is [`KeyStoreError::Unsupported`]; then
    /// [`write`](Self::write) must refuse them so too.
    fn revocations(
        &self,
        after: Revision,
        limit: usize,
    ) -> KeyStoreFuture<AsOf<RevocationChanges>> {
        let _ = (after, limit);
        Box::pin(future::ready(Err(KeyStoreError::Unsupported)))
    }

    /// Gives the store a new epoch, so that every process reads everything again: for a restored
    /// backup.
    fn renew_epoch(&self) -> KeyStoreFuture<Epoch>;

    /// Completes when there may be a change: a hint that may come too often and may never come. By
    /// default it never comes.
    fn changed(&self) -> BoxFuture<()> {
        Box::pin(future::pending())
    }
}
