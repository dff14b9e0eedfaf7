//! Tokens that are checked with keys in the configuration.

mod checks;
mod provider;

pub use self::provider::JwtAuth;
