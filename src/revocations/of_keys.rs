//! The revocations that a key store keeps.

use std::{fmt, future, sync::Arc};

use super::{RevocationStore, RevocationStoreError, RevocationStoreFuture, RevocationWrite};
use crate::{
    answer::BoxFuture,
    keys::{
        AsOf, Change, KeyActor, KeyStore, KeyStoreError, KeyWrite, Revision, RevocationChanges,
        RevocationEntry, StoredRevocation, Written,
    },
};

/// The revocations in a [`KeyStore`], as a store of their own: beside the keys, with revisions of the same
/// counter, and with an audit record in the transaction of each.
///
/// # Example
///
/// ```
/// use std::sync::Arc;
/// use tower_auth::{
///     keys::MemoryKeyStore,
///     revocations::{KeyStoreRevocations, RevocationStore},
/// };
///
/// let store: Arc<dyn RevocationStore> =
///     Arc::new(KeyStoreRevocations::new(Arc::new(MemoryKeyStore::new()?)));
/// # let _ = store;
/// # Ok::<(), tower_auth::keys::KeyStoreError>(())
/// ```
#[derive(Clone)]
pub struct KeyStoreRevocations(Arc<dyn KeyStore>);

impl KeyStoreRevocations {
    /// The revocations of that key store.
    pub fn new(store: Arc<dyn KeyStore>) -> Self {
        Self(store)
    }

    fn write(&self, write: KeyWrite) -> RevocationStoreFuture<AsOf<StoredRevocation>> {
        let store = Arc::clone(&self.0);
        Box::pin(async move {
            // A store that knows nothing of revocations would keep the audit record alone.
            store.revocations(Revision::new(u64::MAX), 1).await?;
            let AsOf { now, value } = store.write(write).await?;
            let Written::Applied(applied) = value else {
                return Err(KeyStoreError::Unsupported.into());
            };
            let put = applied.revocations.first();
            let put = put.ok_or(KeyStoreError::Unsupported)?;
            let (entry, revision) = (put.entry, put.revision);
            let value = StoredRevocation { entry, revision };
            Ok(AsOf { now, value })
        })
    }
}

impl RevocationStore for KeyStoreRevocations {
    fn changes(
        &self,
        after: Revision,
        limit: usize,
    ) -> RevocationStoreFuture<AsOf<RevocationChanges>> {
        let changes = self.0.revocations(after, limit);
        Box::pin(async move { Ok(changes.await?) })
    }

    fn add(&self, write: RevocationWrite) -> RevocationStoreFuture<AsOf<StoredRevocation>> {
        let (tokens, by) = write.into_parts();
        self.write(KeyWrite::new(by, Change::RevokeTokens(Box::new(tokens))))
    }

    /// A key store always has a history.
    fn restore(&self, held: Vec<RevocationEntry>) -> RevocationStoreFuture<()> {
        if held.is_empty() {
            return Box::pin(future::ready(Ok(())));
        }
        let store = self.clone();
        Box::pin(async move {
            // Other changes have their turn between two parts.
            for part in held.chunks(AT_ONCE) {
                let by = KeyActor::Operator(RESTORER.into());
                let change = Change::RestoreRevocations(part.to_vec());
                store.write(KeyWrite::new(by, change)).await?;
            }
            Ok(())
        })
    }

    fn changed(&self) -> BoxFuture<()> {
        self.0.changed()
    }
}

impl From<RevocationStoreError> for KeyStoreError {
    fn from(error: RevocationStoreError) -> Self {
        match error {
            RevocationStoreError::Full => Self::Full,
            RevocationStoreError::Unavailable(cause) => Self::Unavailable(cause),
            lost @ RevocationStoreError::Lost => Self::unavailable(lost),
        }
    }
}

impl fmt::Debug for KeyStoreRevocations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyStoreRevocations")
            .finish_non_exhaustive()
    }
}

/// The number of entries that are written in one transaction.
const AT_ONCE: usize = 200;
/// The actor of a write that no person asked for.
const RESTORER: &str = "a process that held them";
