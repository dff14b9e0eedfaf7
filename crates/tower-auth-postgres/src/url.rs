//! Stores by their URLs.

use std::sync::Arc;

use tower_auth::keys::{KeyStore, KeyStoreFuture, KeyStoreUrl};

use crate::store::PostgresKeyStore;

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
