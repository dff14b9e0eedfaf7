//! Opaque tokens, checked at the introspection endpoint of their issuer (RFC 7662).

mod answer;
mod client;
mod provider;
mod settings;

pub use self::provider::IntrospectionAuth;
