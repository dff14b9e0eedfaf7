//! Managed API keys (feature `keys`): made, rotated and revoked while serving, by any of several
//! processes.
//!
//! A [`KeyStore`] keeps them; it decides nothing. [`MemoryKeyStore`] is for tests and for trying things
//! out.

mod audit;
mod contract;
mod error;
mod memory;
mod random;
mod record;
mod stored;
#[expect(dead_code, reason = "ids are made by the administrator, which follows")]
mod words;
#[expect(
    dead_code,
    reason = "changes are made by the administrator, which follows"
)]
mod write;

pub(crate) use self::random::random;
pub use self::{
    audit::{AuditRecord, KeyAction, KeyActor},
    contract::{KeyStore, KeyStoreFuture},
    error::KeyStoreError,
    memory::MemoryKeyStore,
    record::{KeyLimit, KeyOwner, KeyRecord, KeyRevocation},
    stored::{
        AuditQuery, KeyChange, KeyChanges, KeyLookup, KeyQuery, KeyUse, Page, Spend, StoredKey,
    },
    words::{AsOf, Epoch, KeyDigest, KeyId, Revision, Timestamp},
    write::{Applied, CreditBalance, DeletedKey, KeyWrite, Written},
};
