//! What opens key stores, by the schemes of their URLs.

use std::{collections::BTreeMap, fmt, future, sync::Arc};

use super::{KeyStore, KeyStoreError, KeyStoreFuture, KeyStoreUrl};
use crate::error::{ConfigError, ConfigErrorKind};

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
pub struct KeyStores(BTreeMap<Box<str>, Opener>);

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
        let scheme = scheme.to_ascii_lowercase().into();
        self.0.insert(scheme, Arc::new(opener));
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
        let scheme = url.scheme();
        self.0.get(scheme).ok_or_else(|| {
            let advice = match CRATES.iter().find(|(known, ..)| *known == scheme) {
                Some((_, package, opener)) => {
                    format!("add the crate `{package}`, and register `{opener}` for it")
                }
                None if self.0.is_empty() => "register what opens it".to_owned(),
                None => {
                    let schemes: Vec<_> =
                        self.0.keys().map(|scheme| format!("`{scheme}:`")).collect();
                    let schemes = schemes.join(", ");
                    format!("write one of {schemes}, or register what opens it")
                }
            };
            let text =
                format!("this program opens no key store with the scheme `{scheme}:`: {advice}");
            ConfigError::new(ConfigErrorKind::Unknown, text)
        })
    }
}

impl fmt::Debug for KeyStores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let schemes = self.0.keys().collect::<Vec<_>>();
        f.debug_tuple("KeyStores").field(&schemes).finish()
    }
}

/// The schemes of the crates beside this one.
const CRATES: [(&str, &str, &str); 3] = [
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
];
