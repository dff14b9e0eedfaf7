//! Stores, and shared states, by their URLs.

use std::sync::Arc;

use tower_auth::{
    keys::{KeyStore, KeyStoreFuture, KeyStoreUrl},
    shared::{SharedState, SharedStateFuture, SharedUrl},
};

use crate::{shared::PostgresSharedState, store::PostgresKeyStore};

/// Opens `postgres://USER:PASSWORD@HOST:PORT/DATABASE`: registered, it lets a program open what a file or
/// a command line names.
///
/// Where [`KeyStoreUrl::creates`] the database is given its tables if they are not there, as with
/// [`PostgresKeyStore::open_or_create`]; else it is opened as with [`PostgresKeyStore::open`].
///
/// # Example
///
/// ```no_run
/// use tower_auth::keys::{KeyStoreUrl, KeyStores, ManagedKeys};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let stores = KeyStores::new()
///     .register("postgres", tower_auth_postgres::open_url)
///     .register("postgresql", tower_auth_postgres::open_url);
/// let url = KeyStoreUrl::parse("postgres://app:secret@db.example/keys")?;
/// let keys = ManagedKeys::of(stores.open(url.creating()).await?, "sk_live")?;
/// # drop(keys);
/// # Ok(())
/// # }
/// ```
pub fn open_url(url: KeyStoreUrl) -> KeyStoreFuture<Arc<dyn KeyStore>> {
    Box::pin(async move {
        let store = match url.creates() {
            true => PostgresKeyStore::open_or_create(url.as_str()).await?,
            false => PostgresKeyStore::open(url.as_str()).await?,
        };
        Ok(Arc::new(store) as Arc<dyn KeyStore>)
    })
}

/// Opens `postgres://USER:PASSWORD@HOST:PORT/DATABASE` as a shared state, as
/// [`PostgresSharedState::open_or_create`] does: registered, it lets a program open what a file names.
///
/// # Example
///
/// ```no_run
/// use tower_auth::shared::{SharedStates, SharedUrl};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let states = SharedStates::new()
///     .register("postgres", tower_auth_postgres::open_shared_url)
///     .register("postgresql", tower_auth_postgres::open_shared_url);
/// let url = SharedUrl::parse("postgres://app:secret@db.example/shop")?;
/// let state = states.open(url).await?;
/// # drop(state);
/// # Ok(())
/// # }
/// ```
pub fn open_shared_url(url: SharedUrl) -> SharedStateFuture {
    Box::pin(async move {
        let state = PostgresSharedState::open_or_create(url.as_str()).await?;
        Ok(Arc::new(state) as Arc<dyn SharedState>)
    })
}
