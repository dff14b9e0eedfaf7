//! What opens key stores, by the schemes of their URLs.

use std::{fmt, future, sync::Arc};

use super::{KeyStore, KeyStoreError, KeyStoreFuture, KeyStoreUrl};
use crate::{
    engine::{ByScheme, Known},
    error::ConfigError,
};

/// Opens key stores by the schemes of their URLs.
///
/// This crate knows no engine: each is a crate of its own, and a program registers the ones that it
/// wants to open. `tower_auth_sqlite::open_url` opens `sqlite:`, `tower_auth_postgres::open_url` opens
/// `postgres:` and `postgresql:`.
///
/// # Example
///
/// ```
/// use std::sync::Arc;
/// use tower_auth::keys::{KeyStore, KeyStoreUrl, KeyStores, ManagedKeys, MemoryKeyStore};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let stores = KeyStores::new().register("memory", |_: KeyStoreUrl| {
///     Box::pin(async { Ok(Arc::new(MemoryKeyStore::new()?) as Arc<dyn KeyStore>) })
/// });
/// let store = stores.open(KeyStoreUrl::parse("memory:")?).await?;
/// let keys = ManagedKeys::of(store, "sk_live")?;
///
/// let error = stores.check(&KeyStoreUrl::parse("sqlite:keys.db")?).unwrap_err();
/// assert!(error.to_string().contains("tower-auth-sqlite")); // the crate to add
/// # let _ = keys;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Default)]
pub struct KeyStores(ByScheme<Opener>);

type Opener = Arc<dyn Fn(KeyStoreUrl) -> KeyStoreFuture<Arc<dyn KeyStore>> + Send + Sync>;

impl KeyStores {
    /// Makes a registry that opens nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers what opens the URLs of a scheme, in place of what that scheme had.
    ///
    /// The opener reads [`KeyStoreUrl::creates`], and gives its future a deadline.
    #[must_use]
    pub fn register(
        mut self,
        scheme: &str,
        opener: impl Fn(KeyStoreUrl) -> KeyStoreFuture<Arc<dyn KeyStore>> + Send + Sync + 'static,
    ) -> Self {
        self.0.put(scheme, Arc::new(opener));
        self
    }

    /// Opens a store.
    ///
    /// # Errors
    ///
    /// Nothing is registered for the scheme ([`check`](Self::check) says so before), or the store cannot
    /// be opened.
    pub fn open(&self, url: KeyStoreUrl) -> KeyStoreFuture<Arc<dyn KeyStore>> {
        match self.opener(&url) {
            Ok(opener) => opener(url),
            Err(error) => Box::pin(future::ready(Err(KeyStoreError::unavailable(error)))),
        }
    }

    /// Checks that something is registered for the scheme of a URL.
    ///
    /// # Errors
    ///
    /// Nothing is; the error names the crate to add.
    pub fn check(&self, url: &KeyStoreUrl) -> Result<(), ConfigError> {
        self.opener(url).map(drop)
    }

    fn opener(&self, url: &KeyStoreUrl) -> Result<&Opener, ConfigError> {
        self.0.find(url.scheme(), &KNOWN)
    }
}

impl fmt::Debug for KeyStores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let schemes = self.0.schemes().collect::<Vec<_>>();
        f.debug_tuple("KeyStores").field(&schemes).finish()
    }
}

const KNOWN: Known = Known {
    what: "key store",
    crates: &[
        ("sqlite", "tower-auth-sqlite", "tower_auth_sqlite::open_url"),
        (
            "postgres",
            "tower-auth-postgres",
            "tower_auth_postgres::open_url",
        ),
        (
            "postgresql",
            "tower-auth-postgres",
            "tower_auth_postgres::open_url",
        ),
    ],
};
