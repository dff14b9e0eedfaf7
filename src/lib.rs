//! Authentication and authorization for axum and any tower HTTP service.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod access;
pub mod auth;
mod challenge;
mod clock;
mod context;
mod error;
#[cfg(feature = "axum")]
mod extract;
#[cfg(feature = "oauth2")]
mod fetch;
#[cfg(feature = "jwt")]
pub mod jose;
#[cfg(feature = "oauth2")]
mod jwks;
mod log;
#[cfg(feature = "jwt")]
mod memory;
pub mod provider;
mod reject;
mod request;
mod scope;
mod secret;
#[cfg(feature = "test-util")]
pub mod testing;

pub use access::{Access, PathRule};
pub use auth::AuthLayer;
pub use clock::Clock;
pub use context::{AuthContext, ClaimError, Principal};
pub use error::{AuthError, AuthErrorKind, ConfigError, ConfigErrorKind};
pub use provider::authentication::AuthResult;
pub use request::{AuthRequest, AuthRequestBuf, Credential, CredentialSource, Message};
pub use scope::Scopes;
pub use secret::Secret;
