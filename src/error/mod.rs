//! The two families of errors: what is wrong with a set-up, and what is wrong with a request.

mod auth;
mod config;
mod logged;
mod mismatch;
#[cfg(feature = "jwt")]
mod mismatched;
mod rank;

pub(crate) use self::mismatch::Mismatch;
pub use self::{
    auth::{AuthError, AuthErrorKind},
    config::{ConfigError, ConfigErrorKind},
};
