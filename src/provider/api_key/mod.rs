//! A provider of API keys, which it keeps as SHA-256 digests.

mod handle;
mod into_keys;
mod keys;
mod provider;
mod record;
mod table;

pub use self::{
    handle::ApiKeyHandle, into_keys::IntoApiKeys, provider::ApiKeyAuth, record::ApiKeyRecord,
};
