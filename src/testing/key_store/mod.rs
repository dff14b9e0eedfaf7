//! What every store for managed keys must hold.

mod audit;
mod changing;
mod credits;
mod feed;
mod kit;
mod making;
mod reading;

use std::{future::Future, sync::Arc};

use crate::keys::KeyStore;

/// Holds a store against all that [`KeyStore`] promises.
///
/// `fresh` opens a new, empty store and answers with two handles on it, as two processes would have
/// them: two connections to one database. Each claim gets a store of its own; there are about forty.
///
/// # Panics
///
/// A claim does not hold: the message names it.
///
/// # Example
///
/// ```
/// use std::sync::Arc;
/// use tower_auth::{keys::{KeyStore, MemoryKeyStore}, testing};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// testing::key_store(async || {
///     let store = Arc::new(MemoryKeyStore::new().expect("the system has random bytes"));
///     [Arc::clone(&store) as Arc<dyn KeyStore>, store]
/// }).await;
/// # });
/// ```
pub async fn key_store<F, Fut>(fresh: F)
where
    F: Fn() -> Fut,
    Fut: Future<Output = [Arc<dyn KeyStore>; 2]>,
{
    feed::claims(&fresh).await;
    making::claims(&fresh).await;
    changing::claims(&fresh).await;
    credits::claims(&fresh).await;
    reading::claims(&fresh).await;
    audit::claims(&fresh).await;
}
