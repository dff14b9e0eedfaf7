//! Managed API keys (feature `keys`): made, rotated and revoked while serving, by any of several
//! processes.
//!
//! A [`KeyStore`] keeps them; it decides nothing. [`MemoryKeyStore`] is for tests and for trying things
//! out.

mod actor;
mod audit;
mod contract;
mod error;
mod format;
mod memory;
mod random;
mod record;
mod stored;
mod words;
mod write;

pub use self::{
    actor::KeyActor,
    audit::{AuditRecord, KeyAction},
    contract::{KeyStore, KeyStoreFuture},
    error::KeyStoreError,
    format::{KeyFormat, KeyShape},
    memory::MemoryKeyStore,
    record::{KeyLimit, KeyOwner, KeyRecord, KeyRevocation},
    stored::{
        AuditQuery, KeyChange, KeyChanges, KeyLookup, KeyQuery, KeyUse, Page, Spend, StoredKey,
    },
    words::{AsOf, Epoch, KeyDigest, KeyId, Revision, Timestamp},
    write::{Applied, CreditBalance, DeletedKey, KeyWrite, Written},
};
pub(crate) use self::{
    random::random,
    write::{Change, NewKey},
};
