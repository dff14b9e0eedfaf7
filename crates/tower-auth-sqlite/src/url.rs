//! Stores by their URLs.

use std::sync::Arc;

use tower_auth::keys::{KeyStore, KeyStoreError, KeyStoreFuture, KeyStoreUrl};

use crate::store::SqliteKeyStore;

/// Opens `sqlite:PATH`: registered, it lets a program open what a file or a command line names.
///
/// A relative path begins at the working directory. Where [`KeyStoreUrl::creates`] the file is made if
/// it is not there, as with [`SqliteKeyStore::open_or_create`].
///
/// # Example
///
/// ```
/// use tower_auth::keys::{KeyStoreUrl, KeyStores, ManagedKeys};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// # let folder = std::env::temp_dir().join(format!("tower-auth-sqlite-url-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let path = folder.join("keys.db").display().to_string();
/// let stores = KeyStores::new().register("sqlite", tower_auth_sqlite::open_url);
/// let url = KeyStoreUrl::parse(&format!("sqlite:{path}"))?;
/// let keys = ManagedKeys::of(stores.open(url.creating()).await?, "sk_live")?;
/// # drop(keys);
/// # std::fs::remove_dir_all(folder).unwrap();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub fn open_url(url: KeyStoreUrl) -> KeyStoreFuture<Arc<dyn KeyStore>> {
    Box::pin(async move {
        // A message about a file names its path, and another scheme's text may hold a password.
        if url.scheme() != "sqlite" {
            return Err(KeyStoreError::unavailable(
                "the URL is not one of a SQLite file: write `sqlite:PATH`",
            ));
        }
        let path = url.after_scheme();
        let store = match url.creates() {
            true => SqliteKeyStore::open_or_create(path).await?,
            false => SqliteKeyStore::open(path).await?,
        };
        Ok(Arc::new(store) as Arc<dyn KeyStore>)
    })
}
