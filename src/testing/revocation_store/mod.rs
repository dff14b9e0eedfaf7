//! What every store of revocations must hold.

mod adding;
mod bound;
mod feed;
mod kit;
mod restoring;

use std::{future::Future, sync::Arc};

use crate::revocations::RevocationStore;

/// Holds a store against all that [`RevocationStore`] promises.
///
/// `fresh` opens a new, empty store that has a history, and answers with two handles on it, as two processes
/// would have them: two connections to one database. Each claim gets a store of its own; there are
/// about twenty.
///
/// # Panics
///
/// A claim does not hold: the message names it.
///
/// # Example
///
/// ```
/// use std::sync::Arc;
/// use tower_auth::{revocations::{MemoryRevocationStore, RevocationStore}, testing};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// testing::revocation_store(async || {
///     let store = MemoryRevocationStore::new().expect("the system has random bytes");
///     [Arc::new(store.clone()) as Arc<dyn RevocationStore>, Arc::new(store)]
/// }).await;
/// # });
/// ```
pub async fn revocation_store<F, Fut>(fresh: F)
where
    F: Fn() -> Fut,
    Fut: Future<Output = [Arc<dyn RevocationStore>; 2]>,
{
    adding::claims(&fresh).await;
    feed::claims(&fresh).await;
    bound::claims(&fresh).await;
    restoring::claims(&fresh).await;
}
