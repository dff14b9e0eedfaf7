//! What a program registers for the schemes of URLs.

use std::sync::Arc;

use tower_auth::{
    revocations::{RevocationStore, RevocationStoreFuture},
    shared::{SharedState, SharedStateFuture, SharedUrl},
};

use crate::{revocations::RedisRevocationStore, state::RedisSharedState};

/// Opens `rediss://USER:PASSWORD@HOST:PORT/DATABASE`, as [`RedisSharedState::open`] does: registered, it lets
/// a program open what a file names.
///
/// # Example
///
/// ```no_run
/// use tower_auth::shared::{SharedStates, SharedUrl};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let states = ["redis", "rediss", "redis+unix", "valkey", "valkeys"]
///     .into_iter()
///     .fold(SharedStates::new(), |states, scheme| {
///         states.register(scheme, tower_auth_redis::open_url)
///     });
/// let url = SharedUrl::parse("rediss://app:secret@redis.example/0?namespace=shop")?;
/// let state = states.open(url).await?;
/// # drop(state);
/// # Ok(())
/// # }
/// ```
pub fn open_url(url: SharedUrl) -> SharedStateFuture {
    Box::pin(async move {
        let state = RedisSharedState::open(url.as_str()).await?;
        Ok(Arc::new(state) as Arc<dyn SharedState>)
    })
}

/// Opens the revocations on a server, as [`RedisRevocationStore::open`] does: registered, it lets a program
/// keep there what a file says (`revocations: {store: shared}`).
///
/// # Example
///
/// ```no_run
/// use tower_auth::{revocations::RevocationStores, shared::SharedUrl};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let stores = ["redis", "rediss", "redis+unix", "valkey", "valkeys"]
///     .into_iter()
///     .fold(RevocationStores::new(), |stores, scheme| {
///         stores.register(scheme, tower_auth_redis::open_revocations_url)
///     });
/// let url = SharedUrl::parse("rediss://app:secret@redis.example/0?namespace=shop")?;
/// let store = stores.open(url).await?;
/// # drop(store);
/// # Ok(())
/// # }
/// ```
pub fn open_revocations_url(url: SharedUrl) -> RevocationStoreFuture<Arc<dyn RevocationStore>> {
    Box::pin(async move {
        let store = RedisRevocationStore::open(url.as_str()).await?;
        Ok(Arc::new(store) as Arc<dyn RevocationStore>)
    })
}
