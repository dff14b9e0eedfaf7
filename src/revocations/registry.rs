//! What opens stores of revocations, by the schemes of their URLs.

use std::{fmt, future, sync::Arc};

use super::{RevocationStore, RevocationStoreError, RevocationStoreFuture};
use crate::{
    engine::{ByScheme, Known},
    error::ConfigError,
    shared::SharedUrl,
};

/// Opens stores of revocations by the schemes of their URLs: those of the server that also keeps what
/// processes share.
///
/// This crate knows no engine: `tower_auth_redis::open_revocations_url` opens `redis:`, `rediss:`,
/// `valkey:` and `valkeys:`. Revocations in a database stand beside its managed keys
/// ([`Revocations::of_keys`](super::Revocations::of_keys)) and need no store of their own.
///
/// # Example
///
/// ```
/// use std::sync::Arc;
/// use tower_auth::{
///     revocations::{MemoryRevocationStore, RevocationStore, RevocationStores, Revocations},
///     shared::SharedUrl,
/// };
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let stores = RevocationStores::new().register("memory", |_: SharedUrl| {
///     Box::pin(async { Ok(Arc::new(MemoryRevocationStore::new()?) as Arc<dyn RevocationStore>) })
/// });
/// let revocations = Revocations::of(stores.open("memory:".parse()?).await?);
///
/// let error = stores.check(&"redis://counts.internal".parse()?).unwrap_err();
/// assert!(error.to_string().contains("tower-auth-redis")); // the crate to add
/// # let _ = revocations;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Default)]
pub struct RevocationStores(ByScheme<Opener>);

type Opener =
    Arc<dyn Fn(SharedUrl) -> RevocationStoreFuture<Arc<dyn RevocationStore>> + Send + Sync>;

impl RevocationStores {
    /// Makes a registry that opens nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers what opens the URLs of a scheme, in place of what that scheme had.
    ///
    /// The opener gives its future a deadline.
    #[must_use]
    pub fn register(
        mut self,
        scheme: &str,
        opener: impl Fn(SharedUrl) -> RevocationStoreFuture<Arc<dyn RevocationStore>>
        + Send
        + Sync
        + 'static,
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
    pub fn open(&self, url: SharedUrl) -> RevocationStoreFuture<Arc<dyn RevocationStore>> {
        match self.opener(&url) {
            Ok(opener) => opener(url),
            Err(error) => {
                let error = RevocationStoreError::unavailable(error);
                Box::pin(future::ready(Err(error)))
            }
        }
    }

    /// Checks that something is registered for the scheme of a URL.
    ///
    /// # Errors
    ///
    /// Nothing is; the error names the crate to add.
    pub fn check(&self, url: &SharedUrl) -> Result<(), ConfigError> {
        self.opener(url).map(drop)
    }

    fn opener(&self, url: &SharedUrl) -> Result<&Opener, ConfigError> {
        self.0.find(url.scheme(), &KNOWN)
    }
}

impl fmt::Debug for RevocationStores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let schemes = self.0.schemes().collect::<Vec<_>>();
        f.debug_tuple("RevocationStores").field(&schemes).finish()
    }
}

const KNOWN: Known = Known {
    what: "store of revocations",
    crates: &[
        ("redis", REDIS, OPEN_REDIS),
        ("redis+unix", REDIS, OPEN_REDIS),
        ("rediss", REDIS, OPEN_REDIS),
        ("valkey", REDIS, OPEN_REDIS),
        ("valkey+unix", REDIS, OPEN_REDIS),
        ("valkeys", REDIS, OPEN_REDIS),
    ],
};
const REDIS: &str = "tower-auth-redis";
const OPEN_REDIS: &str = "tower_auth_redis::open_revocations_url";
