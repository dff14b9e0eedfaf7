//! Access tokens of an OAuth2 or OpenID Connect issuer, checked with the keys that it publishes.

mod check;
mod client;
mod issuers;
mod provider;
mod settings;

pub use self::{issuers::OAuth2Issuers, provider::OAuth2Auth};
