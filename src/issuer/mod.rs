//! Tools for providers that ask an issuer: bounded HTTP, and the keys that an issuer publishes.

pub(crate) mod fetch;
pub(crate) mod keys;
