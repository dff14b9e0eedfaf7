//! The contract of those who keep managed keys.

use std::future;

use super::{
    AsOf, AuditQuery, AuditRecord, Epoch, KeyChanges, KeyId, KeyLookup, KeyQuery, KeyStoreError,
    KeyUse, KeyWrite, Page, Revision, Spend, StoredKey, Written,
};
use crate::answer::BoxFuture;

/// The future of an answer of a [`KeyStore`].
pub type KeyStoreFuture<T> = BoxFuture<Result<T, KeyStoreError>>;

/// Keeps managed keys, for every process that opens it.
///
/// A store keeps and looks up; it decides nothing. Who may change what is
/// [`ManagedKeys`](super::ManagedKeys)' to say, and what a change comes to is [`KeyWrite`]'s. Every
/// answer carries the store's own time. A future that is dropped leaves a change done or not done,
/// never half done. `testing::key_store` (feature `test-util`) holds a store against all
/// that is promised here.
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
    /// The changes after a revision, in the order of their revisions, at most `limit` of them: of
    /// each key the last one, and what is left of deleted ones. After [`Revision::ZERO`] that is
    /// everything.
    ///
    /// What one call leaves out, no later call with the revision it led to may still bring: a change
    /// that is committed later has a greater revision.
    fn changes(&self, after: Revision, limit: usize) -> KeyStoreFuture<AsOf<KeyChanges>>;

    /// One key.
    fn find(&self, lookup: KeyLookup) -> KeyStoreFuture<AsOf<Option<StoredKey>>>;

    /// Keys in the order of the bytes of their ids: see [`KeyQuery::selects`].
    fn list(&self, query: KeyQuery) -> KeyStoreFuture<AsOf<Page<StoredKey>>>;

    /// Carries a change out as [`KeyWrite`] says, with its audit records, in one transaction.
    fn write(&self, write: KeyWrite) -> KeyStoreFuture<AsOf<Written>>;

    /// Takes one credit from an account, where it has one: one atomic step, so that over all
    /// processes never one too many is spent. It is no change of the feed.
    fn spend(&self, account: KeyId) -> KeyStoreFuture<AsOf<Spend>>;

    /// Notes when keys were used. A later time stays; a key that is not there is passed over. It is
    /// no change of the feed.
    fn touch(&self, uses: Vec<KeyUse>) -> KeyStoreFuture<()>;

    /// Audit records, newest first: see [`AuditQuery::selects`]. Those of deleted keys stay.
    fn audit(&self, query: AuditQuery) -> KeyStoreFuture<AsOf<Page<AuditRecord>>>;

    /// Gives the store a new epoch, so that every process reads everything anew: for a backup that
    /// was restored.
    fn renew_epoch(&self) -> KeyStoreFuture<Epoch>;

    /// Comes back when there may be something new: a hint that may come too often and never has to.
    /// Unless written anew, it never comes.
    fn changed(&self) -> BoxFuture<()> {
        Box::pin(future::pending())
    }
}
