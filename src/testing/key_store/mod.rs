//! What every store for managed keys must hold.

mod audit;
mod changing;
mod credits;
mod feed;
mod kit;
mod making;
mod reading;
mod revoked;

use std::{future::Future, sync::Arc};

use crate::keys::{KeyId, KeyStore, KeyWrite};

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
    revoked::claims(&fresh).await;
}

/// A change that makes the key of a number, for what a store's own tests do to it: kill it, fill its disk.
///
/// The key's id is [`key_store_id`](super::key_store_id) of that number.
///
/// # Example
///
/// ```
/// use tower_auth::{keys::{KeyLookup, KeyStore, MemoryKeyStore}, testing};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let store = MemoryKeyStore::new()?;
/// store.write(testing::key_store_create(7)).await?;
/// store.write(testing::key_store_revoke(7)).await?;
/// let found = store.find(KeyLookup::Id(testing::key_store_id(7))).await?;
/// assert!(found.value.is_some_and(|key| key.record().revoked().is_some()));
/// # Ok::<(), tower_auth::keys::KeyStoreError>(())
/// # }).unwrap();
/// ```
pub fn key_store_create(number: u32) -> KeyWrite {
    kit::create(kit::record(number), number)
}

/// A change that revokes the key which [`key_store_create`](super::key_store_create) made.
pub fn key_store_revoke(number: u32) -> KeyWrite {
    kit::revoke(number, "lost")
}

/// The id of the key which [`key_store_create`](super::key_store_create) makes.
pub fn key_store_id(number: u32) -> KeyId {
    kit::id(number)
}
