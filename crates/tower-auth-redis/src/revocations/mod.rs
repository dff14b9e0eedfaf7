//! Revocations: the set of entries that all replicas copy.

mod entries;
mod script;
mod store;

pub use self::store::RedisRevocationStore;
