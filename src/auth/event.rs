//! One tracing event per decision, with stable field names and nothing secret in it.
//!
//! Fields: `outcome` (`accepted`, `anonymous`, `public`, `preflight`, `refused`), `provider`,
//! `code`, `reason`, `user_id`, `path` (the route's template, where axum chose one), `error`.

use std::error::Error;

use crate::{
    AuthContext, AuthError, AuthErrorKind,
    log::{Causes, Clean, TARGET},
};

pub(super) fn accepted(context: &AuthContext, path: Option<&str>) {
    tracing::debug!(
        target: TARGET,
        outcome = "accepted",
        provider = context.method(),
        user_id = %Clean(context.user_id()),
        path,
    );
}

/// Passed without being asked, or without an answer being needed.
pub(super) fn passed(outcome: &'static str, path: Option<&str>) {
    tracing::trace!(target: TARGET, outcome, path);
}

pub(crate) fn refused(error: &AuthError, path: Option<&str>) {
    let (provider, code) = (error.provider(), error.code());
    let reason = Clean(error.reason());
    if error.kind() == AuthErrorKind::Unavailable {
        tracing::error!(
            target: TARGET, outcome = "refused", provider, code, reason = %reason, path,
            error = %Causes(error.source()),
        );
    } else {
        tracing::info!(target: TARGET, outcome = "refused", provider, code, reason = %reason, path);
    }
}
