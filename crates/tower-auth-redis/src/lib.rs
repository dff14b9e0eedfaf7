//! State that the replicas of a [`tower_auth`] service share in a Redis or Valkey server.
//!
//! [`RedisSharedState`] is a [`SharedState`](tower_auth::shared::SharedState): it counts requests for all
//! replicas, and lets one of them do what is done once. [`RedisRevocationStore`] is a
//! [`RevocationStore`](tower_auth::revocations::RevocationStore).
//!
//! ```no_run
//! use std::sync::Arc;
//! use tower_auth::shared::SharedState;
//! use tower_auth_redis::RedisSharedState;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let url = "rediss://app:secret@redis.example/0?namespace=shop";
//! let state: Arc<dyn SharedState> = Arc::new(RedisSharedState::open(url).await?);
//! # drop(state);
//! # Ok(())
//! # }
//! ```
//!
//! # What is in the server
//!
//! Names that begin with the namespace in braces, `{tower-auth}:`. `count:` and a digest is a bucket: the
//! time after which it is full, and when that was so; it goes when it is full. `once:` and a digest is what
//! is done once: the attempt that is at it, or `done`. `revoked:` is the list of revocations in four parts.
//! A server whose `maxmemory-policy` is not `noeviction` would forget any of it: it is refused.
//!
//! # What an outage does
//!
//! A call that gets no answer within its wait limit (1 s unless
//! [said otherwise](RedisSharedState::with_wait_limit)), and a server that is away, starting, full, a
//! replica or one of a cluster, are errors. The connection is made anew where it broke; after an attempt that
//! failed, calls fail at once for half a second at most.

mod check;
mod connect;
mod counts;
mod fault;
mod link;
mod once;
mod open;
mod opener;
mod revocations;
mod state;
mod tls;
mod url;

pub use self::{
    opener::{open_revocations_url, open_url},
    revocations::RedisRevocationStore,
    state::RedisSharedState,
};

/// The README's code block, compiled as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
