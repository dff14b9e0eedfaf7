//! A provider of API keys, which are known by their SHA-256.

mod handle;
mod into_keys;
mod keys;
mod provider;
mod record;
mod table;

pub use self::{
    handle::ApiKeyHandle, into_keys::IntoApiKeys, provider::ApiKeyAuth, record::ApiKeyRecord,
};
