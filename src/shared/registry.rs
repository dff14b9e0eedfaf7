//! What opens shared states, by the schemes of their URLs.

use std::{fmt, future, sync::Arc};

use super::{SharedState, SharedStateError, SharedUrl};
use crate::{
    answer::BoxFuture,
    engine::{ByScheme, Known},
    error::ConfigError,
};

/// The future of a shared state that is being opened.
///
/// # Example
///
/// ```
/// use std::sync::Arc;
/// use tower_auth::shared::{MemorySharedState, SharedState, SharedStateFuture, SharedUrl};
///
/// fn open_memory(_: SharedUrl) -> SharedStateFuture {
///     Box::pin(async { Ok(Arc::new(MemorySharedState::new()) as Arc<dyn SharedState>) })
/// }
/// # let _ = open_memory;
/// ```
pub type SharedStateFuture = BoxFuture<Result<Arc<dyn SharedState>, SharedStateError>>;

/// Opens shared states by the schemes of their URLs.
///
/// This crate knows no engine: each is a crate of its own, and a program registers the ones that it
/// wants to open. `tower_auth_redis::open_url` opens `redis:`, `rediss:`, `valkey:` and `valkeys:`,
/// `tower_auth_postgres::open_shared_url` opens `postgres:` and `postgresql:`.
///
/// # Example
///
/// ```
/// use std::sync::Arc;
/// use tower_auth::shared::{MemorySharedState, SharedCounts, SharedState, SharedStates, SharedUrl};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let states = SharedStates::new().register("memory", |_: SharedUrl| {
///     Box::pin(async { Ok(Arc::new(MemorySharedState::new()) as Arc<dyn SharedState>) })
/// });
/// let shared = SharedCounts::new(states.open("memory:".parse()?).await?);
///
/// let error = states.check(&"redis://counts.internal".parse()?).unwrap_err();
/// assert!(error.to_string().contains("tower-auth-redis")); // the crate to add
/// # let _ = shared;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Default)]
pub struct SharedStates(ByScheme<Opener>);

type Opener = Arc<dyn Fn(SharedUrl) -> SharedStateFuture + Send + Sync>;

impl SharedStates {
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
        opener: impl Fn(SharedUrl) -> SharedStateFuture + Send + Sync + 'static,
    ) -> Self {
        self.0.put(scheme, Arc::new(opener));
        self
    }

    /// Opens a state.
    ///
    /// # Errors
    ///
    /// Nothing is registered for the scheme ([`check`](Self::check) says so before), or the state cannot
    /// be opened.
    pub fn open(&self, url: SharedUrl) -> SharedStateFuture {
        match self.opener(&url) {
            Ok(opener) => opener(url),
            Err(error) => Box::pin(future::ready(Err(SharedStateError::new(error)))),
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

impl fmt::Debug for SharedStates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let schemes = self.0.schemes().collect::<Vec<_>>();
        f.debug_tuple("SharedStates").field(&schemes).finish()
    }
}

const KNOWN: Known = Known {
    what: "shared state",
    crates: &[
        ("redis", REDIS, OPEN_REDIS),
        ("redis+unix", REDIS, OPEN_REDIS),
        ("rediss", REDIS, OPEN_REDIS),
        ("valkey", REDIS, OPEN_REDIS),
        ("valkey+unix", REDIS, OPEN_REDIS),
        ("valkeys", REDIS, OPEN_REDIS),
        ("postgres", POSTGRES, OPEN_POSTGRES),
        ("postgresql", POSTGRES, OPEN_POSTGRES),
    ],
};
const REDIS: &str = "tower-auth-redis";
const OPEN_REDIS: &str = "tower_auth_redis::open_url";
const POSTGRES: &str = "tower-auth-postgres";
const OPEN_POSTGRES: &str = "tower_auth_postgres::open_shared_url";
