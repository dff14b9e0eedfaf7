//! Authentication and authorization for axum and any tower HTTP service.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod clock;
mod context;
mod error;
#[cfg(feature = "jwt")]
pub mod jose;
pub mod provider;
mod request;
mod scope;
mod secret;

pub use clock::Clock;
pub use context::{AuthContext, ClaimError, Principal};
pub use error::{AuthError, AuthErrorKind, ConfigError, ConfigErrorKind};
pub use provider::authentication::AuthResult;
pub use request::{AuthRequest, AuthRequestBuf, Credential, CredentialSource, Message};
pub use scope::Scopes;
pub use secret::Secret;
