//! The contract of stores for revocations.

use std::future;

use super::{RevocationStoreError, RevocationWrite};
use crate::{
    answer::BoxFuture,
    keys::{AsOf, Revision, RevocationChanges, RevocationEntry, StoredRevocation},
};

/// The future of an answer of a [`RevocationStore`].
pub type RevocationStoreFuture<T> = BoxFuture<Result<T, RevocationStoreError>>;

/// Keeps revocations, for every process that opens it.
///
/// A set of entries that only grows: an entry is [merged](RevocationEntry::merge) into the one that has
/// its id, and none is dropped before it is [over](RevocationEntry::is_over). Every process keeps a
/// copy of the set and asks for the changes a few times a second. [`KeyStoreRevocations`] makes one of
/// a key store, and [`MemoryRevocationStore`] is for one process.
/// `testing::revocation_store` (feature `test-util`) tests a store against every rule on this page.
///
/// # A store that can lose what it was told
///
/// An engine that may come back empty, or without its last changes, keeps a marker beside the entries
/// and gives it as the epoch. Where the marker is gone, every answer but that of
/// [`restore`](Self::restore) is [`RevocationStoreError::Lost`]. Where another one is there, or where the
/// last revision is smaller than before, each process reads everything again and
/// [restores](Self::restore) what is missing of its own copy. A process that never read a complete list
/// restores nothing and refuses with 503.
/// An engine whose fail-over may forget the last changes must never give one revision to two entries
/// ([the time in microseconds, and at least one more than the last](Revision), is such a number): a
/// process that has seen the first would not ask for the second.
///
/// [`KeyStoreRevocations`]: super::KeyStoreRevocations
/// [`MemoryRevocationStore`]: super::MemoryRevocationStore
///
/// # Example
///
/// ```
/// use tower_auth::{keys::Revision, revocations::{MemoryRevocationStore, RevocationStore}};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let store = MemoryRevocationStore::new()?;
/// let page = store.changes(Revision::ZERO, 1_000).await?.value;
/// assert!(page.changes.is_empty() && page.is_complete);
/// # Ok::<(), tower_auth::revocations::RevocationStoreError>(())
/// # }).unwrap();
/// ```
pub trait RevocationStore: Send + Sync + 'static {
    /// The entries after a revision, in the order of their revisions, at most `limit` of them. After
    /// [`Revision::ZERO`] that is everything.
    ///
    /// A call returns every entry up to the revision that it leads to, because no later call returns
    /// it: an entry that is committed later must have a greater revision. Entries that are over may be
    /// missing.
    fn changes(
        &self,
        after: Revision,
        limit: usize,
    ) -> RevocationStoreFuture<AsOf<RevocationChanges>>;

    /// Adds an entry by the steps of [`RevocationWrite`], in one transaction, and answers the entry that
    /// the store keeps then, under a new revision.
    fn add(&self, write: RevocationWrite) -> RevocationStoreFuture<AsOf<StoredRevocation>>;

    /// Merges entries of a process into the set, whatever the bound says: they were accepted before. Then
    /// begins a history, with a new marker, where the store has none.
    ///
    /// Several processes may do this at once. The marker comes last, so that no process takes a part for
    /// a complete list.
    fn restore(&self, held: Vec<RevocationEntry>) -> RevocationStoreFuture<()>;

    /// Completes when there may be a change: a hint that may come too often and may never come. By
    /// default it never comes.
    fn changed(&self) -> BoxFuture<()> {
        Box::pin(future::pending())
    }
}
