//! Authentication and authorization for axum and any tower HTTP service.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod clock;
mod error;
#[cfg(feature = "jwt")]
pub mod jose;
mod scope;
mod secret;

pub use clock::Clock;
pub use error::{AuthError, AuthErrorKind, ConfigError, ConfigErrorKind};
pub use scope::Scopes;
pub use secret::Secret;
