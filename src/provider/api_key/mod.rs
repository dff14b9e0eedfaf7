//! A provider of API keys, which are known by their SHA-256.

mod handle;
mod keys;
mod provider;
mod record;
mod table;

pub use self::{handle::ApiKeyHandle, provider::ApiKeyAuth, record::ApiKeyRecord};
