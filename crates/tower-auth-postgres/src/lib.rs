//! Keeps the managed API keys of [`tower_auth`] in a PostgreSQL database that several processes, on one
//! machine or on many, share.
//!
//! [`PostgresSharedState`] is what replicas share: counts of requests, and what one of them does once.
//! [`PostgresKeyStore`] is a [`KeyStore`](tower_auth::keys::KeyStore): give it to
//! [`ManagedKeys`](tower_auth::keys::ManagedKeys).
//!
//! ```no_run
//! use tower_auth::{AuthLayer, keys::{KeyRequest, ManagedKeys}};
//! use tower_auth_postgres::PostgresKeyStore;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let store = PostgresKeyStore::open_or_create("postgres://app:secret@db.example/keys").await?;
//! let keys = ManagedKeys::new(store, "sk_live")?;
//! let made = keys.as_operator("ada").create(KeyRequest::new("ci")).await?;
//! assert!(made.secret().is_some_and(|secret| secret.expose().starts_with("sk_live_")));
//! let layer = AuthLayer::new(keys);
//! # let _ = layer;
//! # Ok(())
//! # }
//! ```
//!
//! # What is in the database
//!
//! A schema `tower_auth` with six tables: the SHA-256 of each key with its record, the credits, the audit
//! records, what is left of deleted keys, and digests of what was revoked; never a key. Each change is one transaction with its audit
//! records, and it is on the disk before it is answered, also where the database says
//! `synchronous_commit = off`. It needs PostgreSQL 13 or later with the encoding UTF-8.
//!
//! A role that only serves needs `USAGE` on the schema, and `SELECT`, `INSERT`, `UPDATE` and `DELETE` on
//! its tables: open it with [`PostgresKeyStore::open`]. The role that makes the tables needs the right to
//! create schemas, or owns an empty schema of that name:
//! [`PostgresKeyStore::open_or_create`].
//!
//! What replicas share is in a schema of its own, `tower_auth_shared`: an unlogged table of counts, which a
//! crash empties, a table of what is done once, and two functions.
//!
//! # Several processes
//!
//! A change has the lock of one row while its revision is given and until it is committed, so revisions are
//! in the order of commits, over all processes. Times are the server's. A change tells the others by
//! `NOTIFY`; a process that does not hear it asks a quarter of a second later.
//!
//! # Poolers
//!
//! A pooler in transaction mode (pgbouncer) may stand in between: no statement has a name, and nothing is
//! left behind in a session. Behind one the hints do not come, which costs a quarter of a second.
//!
//! # What an outage does
//!
//! A call that gets no answer within its wait limit (2 s unless
//! [said otherwise](PostgresKeyStore::with_wait_limit)), a server that is away, starting, full, read-only or
//! only a standby, and a commit whose outcome nobody knows are
//! [`Unavailable`](tower_auth::keys::KeyStoreError::Unavailable), which becomes a 503. A process that stops in
//! the middle of a change holds others up for no longer than its wait limit: the server ends its transaction.
//!
//! # Backups
//!
//! `pg_dump` is a backup. To restore one, stop every process, restore it, open it once and call
//! [`renew_epoch`](tower_auth::keys::KeyStore::renew_epoch); do so too after a failover that may have lost
//! commits. A key that was revoked after the backup was made is good again: revoke it anew.

mod fault;
mod listener;
mod opening;
mod pool;
mod read;
mod revocations;
mod schema;
mod shared;
mod store;
mod target;
mod tls;
mod transaction;
mod url;
mod version;
mod write;

pub use self::{
    shared::PostgresSharedState,
    store::PostgresKeyStore,
    url::{open_shared_url, open_url},
};

/// The README's code block, compiled as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
