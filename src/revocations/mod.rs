//! Revocations: tokens and keys that end before their time (feature `keys`).
//!
//! [`Revocations`] is what an [`AuthLayer`](crate::AuthLayer::revocations) asks about every caller, and
//! gives whoever revokes ([`RevocationAdmin`]). A [`RevocationStore`] keeps the list:
//! [`Revocations::of_keys`] keeps it beside managed keys, and [`MemoryRevocationStore`] is for one
//! process.
//!
//! # Example
//!
//! ```
//! use tower_auth::{
//!     AuthLayer, Principal,
//!     keys::{ManagedKeys, MemoryKeyStore, Revocation},
//!     provider::{CompositeAuth, JwtAuth},
//!     revocations::Revocations,
//! };
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let keys = ManagedKeys::new(MemoryKeyStore::new()?, "sk_live")?;
//! let revocations = Revocations::of_keys(&keys);
//! let tokens = JwtAuth::hs256("an example secret of 32 bytes …")?.with_issuer("https://issuer.example");
//! let layer = AuthLayer::new(CompositeAuth::new(keys).or(tokens)).revocations(&revocations);
//!
//! let ada = Principal::new("jwt", Some("https://issuer.example"), "ada");
//! let everything = Revocation::principal(ada).because("lost her laptop");
//! revocations.as_operator("root").revoke(everything).await?;
//! # let _ = layer;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```

mod admin;
#[cfg(feature = "audit")]
mod audited;
mod backend;
mod confirmed;
mod contract;
mod error;
mod feed;
mod judge;
#[cfg(feature = "config")]
mod lazy;
mod memory;
mod of_keys;
#[cfg(feature = "shared")]
mod registry;
mod replica;
#[expect(clippy::module_inception, reason = "the type that the folder is about")]
mod revocations;
mod settings;
#[cfg(feature = "config")]
mod successor;
mod table;
mod telling;
mod watchers;
mod write;

#[cfg(feature = "config")]
pub(crate) use self::lazy::LazyRevocationStore;
#[cfg(feature = "shared")]
pub use self::registry::RevocationStores;
pub use self::{
    admin::{RevocationAdmin, Revoked},
    contract::{RevocationStore, RevocationStoreFuture},
    error::RevocationStoreError,
    memory::MemoryRevocationStore,
    of_keys::KeyStoreRevocations,
    revocations::Revocations,
    write::RevocationWrite,
};
