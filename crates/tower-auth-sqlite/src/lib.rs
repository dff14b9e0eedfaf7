//! Keeps the managed API keys of [`tower_auth`] in a SQLite file: for one program, or for several
//! processes of one machine that share it.
//!
//! [`SqliteKeyStore`] is a [`KeyStore`](tower_auth::keys::KeyStore): give it to
//! [`ManagedKeys`](tower_auth::keys::ManagedKeys).
//!
//! ```
//! use tower_auth::{AuthLayer, keys::{KeyRequest, ManagedKeys}};
//! use tower_auth_sqlite::SqliteKeyStore;
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! # let folder = std::env::temp_dir().join(format!("tower-auth-sqlite-lib-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder).unwrap();
//! # let path = folder.join("keys.db");
//! let store = SqliteKeyStore::open_or_create(&path).await?;
//! let keys = ManagedKeys::new(store.clone(), "sk_live")?;
//! let made = keys.as_operator("ada").create(KeyRequest::new("ci")).await?;
//! assert!(made.secret().is_some_and(|secret| secret.expose().starts_with("sk_live_")));
//! let layer = AuthLayer::new(keys);
//! # let _ = layer;
//! # store.close().await?;
//! # std::fs::remove_dir_all(folder).unwrap();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```
//!
//! # What is in the file
//!
//! The SHA-256 of each key with its record, the credits, the audit records, and what is left of deleted
//! keys; never a key. The file and the two beside it (`-wal`, `-shm`) are readable to their user alone
//! where this crate made them.
//!
//! Each change is one transaction with its audit records, and it is on the disk before it is answered
//! (`synchronous = FULL`): a power failure brings no revoked key back.
//!
//! # Several processes
//!
//! All of them have to be on one machine: SQLite's write-ahead log works over no network file system.
//! Changes have revisions in the order of their commits, over all processes.
//!
//! # What an outage does
//!
//! A call that gets no answer within its wait limit (2 s unless
//! [said otherwise](SqliteKeyStore::with_wait_limit)), a lock that is held too long, a full disk, a file
//! that cannot be written, a damaged one, and one that was deleted or replaced while it was open are
//! [`Unavailable`](tower_auth::keys::KeyStoreError::Unavailable), which becomes a 503. A deleted or
//! replaced file stays so until the old one is back or the program is restarted.
//!
//! # Backups
//!
//! Copy the file with SQLite's own `VACUUM INTO` or `.backup`: what was changed last stands in `-wal`.
//! To restore one, stop every process, put the file in its place, delete `-wal` and `-shm`, start one
//! process and call [`renew_epoch`](tower_auth::keys::KeyStore::renew_epoch). A key that was revoked
//! after the backup was made is good again: revoke it anew.
//!
//! # Beside another user of SQLite
//!
//! A program links one SQLite. The range of `rusqlite` versions that this crate accepts holds one that
//! `sqlx` 0.9 with its feature `sqlite` agrees with.

mod database;
mod fault;
mod files;
mod read;
mod revocations;
mod schema;
mod spend;
mod store;
mod url;
mod worker;
mod write;

pub use self::{store::SqliteKeyStore, url::open_url};

/// The README's code block, compiled as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
