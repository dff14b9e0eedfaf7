//! Tools for providers that ask an issuer over HTTP.
//!
//! - [`fetch`] sends a request and reads the answer, within bounds of size and time.
//! - [`discovery`] finds the address of the issuer's key set.
//! - [`keys`] keeps an issuer's key set fresh.

mod client;
mod discovery;
pub(crate) mod fetch;
pub(crate) mod keys;

pub(crate) use self::{client::IssuerClient, discovery::KeySetLocation};
