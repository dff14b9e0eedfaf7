//! Managed API keys (feature `keys`): any of several processes makes, rotates and revokes them while
//! serving.
//!
//! [`ManagedKeys`] is a provider, and with [`as_caller`](ManagedKeys::as_caller) and
//! [`as_operator`](ManagedKeys::as_operator) it gives the administrator ([`KeyAdmin`]). A [`KeyStore`]
//! keeps the keys and decides nothing; [`MemoryKeyStore`] is for tests and experiments.
//!
//! # Example
//!
//! ```
//! use std::time::Duration;
//! use tower_auth::{
//!     AuthLayer,
//!     keys::{KeyRequest, ManagedKeys, MemoryKeyStore},
//!     provider::CompositeAuth,
//! };
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let keys = ManagedKeys::new(MemoryKeyStore::new()?, "sk_live")?;
//! let admin = keys.as_operator("ada");
//! let made = admin.create(KeyRequest::new("ci").with_scopes(["graph:invoke"])).await?;
//! let id = made.key().record().id();
//! let next = admin.rotate(id, Duration::from_secs(86_400)).await?; // the old key works for a day
//! admin.revoke(next.key().record().id(), "it was in a log").await?;
//! let layer = AuthLayer::new(CompositeAuth::new(keys)); // `.or(JwtAuth::…)`
//! # let _ = layer;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```

mod actor;
mod admin;
mod admin_error;
mod admin_tokens;
mod applied;
mod audit;
#[cfg(feature = "audit")]
mod audited;
mod authority;
mod backend;
mod bounds;
mod carried_out;
mod confirmed;
mod contract;
mod created;
mod decided;
mod ends;
mod error;
mod feed;
mod find;
mod format;
mod held;
#[cfg(feature = "axum")]
mod in_force;
#[cfg(feature = "config")]
mod lazy;
mod limits;
mod local;
mod lookups;
mod managed;
mod memory;
mod on_change;
mod other_prefix;
mod place;
mod question;
mod random;
mod record;
mod registry;
mod replica;
mod request;
mod revocable;
mod revocation;
mod revocation_bounds;
mod revocation_shelf;
mod revoked;
mod revoked_digest;
mod room;
mod settings;
mod slot;
mod stored;
#[cfg(feature = "config")]
mod successor;
mod table;
mod told;
mod url;
mod uses;
mod valid;
mod watched;
mod words;
mod write;
mod write_of_caller;
mod write_revocations;

pub(crate) use self::confirmed::confirm;
#[cfg(feature = "config")]
pub(crate) use self::lazy::LazyKeyStore;
#[cfg(feature = "test-util")]
pub(crate) use self::revocable::RevocableCaller;
pub use self::{
    actor::KeyActor,
    admin::KeyAdmin,
    admin_error::KeyAdminError,
    applied::{Applied, CreditBalance, DeletedKey, RevocationPut, Written},
    audit::{AuditRecord, KeyAction},
    contract::{KeyStore, KeyStoreFuture},
    error::KeyStoreError,
    format::{KeyFormat, KeyShape},
    managed::ManagedKeys,
    memory::MemoryKeyStore,
    record::{KeyLimit, KeyOwner, KeyRecord, KeyRevocation},
    registry::KeyStores,
    request::{KeyRequest, KeyUpdate, MadeKey, ManagedKey},
    revocation::{Revocation, RevocationRecord},
    revoked::{RevocationChanges, RevocationEntry, StoredRevocation},
    stored::{
        AuditQuery, KeyChange, KeyChanges, KeyLookup, KeyQuery, KeyUse, Page, Spend, StoredKey,
    },
    url::KeyStoreUrl,
    words::{AsOf, Epoch, KeyDigest, KeyId, Revision, Timestamp},
    write::KeyWrite,
};
pub(crate) use self::{
    error::FULL,
    place::Position,
    random::random,
    revocable::{LEEWAY, is_before, leeway_of, tenant_of, tokens_of, who_of},
    revocation::Whose,
    revocation_shelf::RevocationShelf,
    revoked::RevokedSubject,
    revoked_digest::RevokedDigest,
    told::ChangeAudit,
    write::{Change, NewKey},
    write_revocations::{RevokedTokens, record_of_revoked},
};
