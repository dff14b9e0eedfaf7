//! Revocations: credentials that end before their time (feature `keys`).
//!
//! A [`RevocationStore`] keeps them; [`MemoryRevocationStore`] is for one process, and
//! [`KeyStoreRevocations`] keeps them beside managed keys.

mod contract;
mod error;
mod memory;
mod of_keys;
mod write;

pub use self::{
    contract::{RevocationStore, RevocationStoreFuture},
    error::RevocationStoreError,
    memory::MemoryRevocationStore,
    of_keys::KeyStoreRevocations,
    write::RevocationWrite,
};
