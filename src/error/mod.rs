//! The two families of errors: those of a set-up, and those of a request.

mod auth;
mod config;
mod into_auth;
mod logged;
mod mismatch;
#[cfg(feature = "jwt")]
mod mismatched;
mod rank;

pub(crate) use self::{auth::QuotaPolicy, mismatch::Mismatch};
pub use self::{
    auth::{AuthError, AuthErrorKind},
    config::{ConfigError, ConfigErrorKind},
    into_auth::IntoAuthError,
};
