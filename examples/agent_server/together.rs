//! What several servers share: limits that they count together, and updates that one of them handles.

use std::{error::Error, sync::Arc};

use tower_auth::{
    config::AuthConfig,
    shared::{SharedCounts, SharedStateFuture, SharedStates, SharedUrl},
    webhook::SharedReplayStore,
};

/// A state that several servers share.
pub(crate) struct Together {
    /// In which limits are counted.
    pub(crate) counts: SharedCounts,
    /// The updates that one of the servers has handled.
    pub(crate) handled: SharedReplayStore,
}

impl Together {
    pub(crate) async fn open(url: &SharedUrl) -> Result<Self, String> {
        let states = ENGINES
            .iter()
            .fold(SharedStates::new(), |states, (scheme, open)| {
                states.register(scheme, open)
            });
        states
            .check(url)
            .map_err(|error| format!("--shared: {error}"))?;
        let state = states.open(url.clone()).await.map_err(|error| {
            let cause = error.source().map(ToString::to_string);
            let cause = cause.unwrap_or_else(|| error.to_string());
            format!("--shared {url}: {cause}")
        })?;
        Ok(Self {
            counts: SharedCounts::new(Arc::clone(&state)),
            handled: SharedReplayStore::new(state),
        })
    }
}

/// Lets a file name a state of any kind that the option can name, and keep its revocations on a server.
pub(crate) fn register(config: AuthConfig) -> AuthConfig {
    let config = ENGINES.iter().fold(config, |config, (scheme, open)| {
        config.register_shared(scheme, open)
    });
    REVOCATIONS.iter().fold(config, |config, scheme| {
        config.register_revocations(scheme, tower_auth_redis::open_revocations_url)
    })
}

type Open = fn(SharedUrl) -> SharedStateFuture;

/// What opens a state, by the scheme of its URL.
const ENGINES: [(&str, Open); 8] = [
    ("redis", tower_auth_redis::open_url),
    ("rediss", tower_auth_redis::open_url),
    ("redis+unix", tower_auth_redis::open_url),
    ("valkey", tower_auth_redis::open_url),
    ("valkey+unix", tower_auth_redis::open_url),
    ("valkeys", tower_auth_redis::open_url),
    ("postgres", tower_auth_postgres::open_shared_url),
    ("postgresql", tower_auth_postgres::open_shared_url),
];

/// The schemes of the servers that keep revocations without keys.
const REVOCATIONS: [&str; 6] = [
    "redis",
    "rediss",
    "redis+unix",
    "valkey",
    "valkey+unix",
    "valkeys",
];
