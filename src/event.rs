//! One tracing event for each decision, with stable field names and no secret. The crate's page
//! documents the fields for users.
//!
//! Fields: `outcome` (`accepted`, `anonymous`, `public`, `preflight`, `metadata`, `handshake`, `allowed`,
//! `repeated`, `equal_delivery`, `no_buffer`, `refused`, `ended`), `provider`, `code`, `reason`, `user_id`,
//! `key` (the name of an API key that is not its user id, or that is no longer valid), `platform`,
//! `chat_id`, `kind` (of message), `resource`, `action`, `scopes` (the required ones), `path` (the
//! route's template, if axum chose one), `error`; for a mismatched issuer or audience `wanted`,
//! `came`, and `verified`: whether `came` is from a signed credential.

use std::{error::Error, fmt};

use crate::{
    context::AuthContext,
    error::AuthError,
    log::{Causes, Clean, TARGET, clean},
};

/// Logs an accepted request. The path is looked up only if the event is enabled.
#[inline]
pub(crate) fn accepted<'a>(context: &AuthContext, path: impl FnOnce() -> Option<&'a str>) {
    tracing::debug!(
        target: TARGET,
        outcome = "accepted",
        provider = context.method(),
        user_id = %Clean(context.user_id()),
        key = clean(context.key_name()),
        path = path(),
    );
}

/// Logs a response that was broken off because the credential of its caller has ended.
pub(crate) fn stream_ended(context: &AuthContext) {
    tracing::info!(
        target: TARGET,
        outcome = "ended",
        provider = context.method(),
        user_id = %Clean(context.user_id()),
        key = clean(context.key_name()),
    );
}

/// Logs a request that passed without a check, or without a required credential. The path is looked up
/// only if the event is enabled.
#[inline]
pub(crate) fn passed<'a>(outcome: &'static str, path: impl FnOnce() -> Option<&'a str>) {
    tracing::trace!(target: TARGET, outcome, path = path());
}

pub(crate) fn refused(error: &AuthError, path: Option<&str>) {
    refuse(error, Permission::default(), path);
}

/// Logs a request beyond a limit of its caller.
pub(crate) fn throttled(error: &AuthError, user_id: Option<&str>, path: Option<&str>) {
    let permission = Permission {
        user_id,
        ..Permission::default()
    };
    refuse(error, permission, path);
}

/// The permission in a question to an authorizer: the caller, the resource and the action.
#[derive(Clone, Copy, Default)]
pub(crate) struct Permission<'a> {
    pub(crate) user_id: Option<&'a str>,
    pub(crate) resource: Option<&'a str>,
    pub(crate) action: Option<&'a str>,
}

/// Logs the decision of an authorization layer or of a check in a handler. The path is looked up only
/// if the event is enabled.
#[inline]
pub(crate) fn authorized<'a>(
    answer: &Result<(), AuthError>,
    permission: Permission<'_>,
    path: impl FnOnce() -> Option<&'a str>,
) {
    match answer {
        Ok(()) => tracing::debug!(
            target: TARGET,
            outcome = "allowed",
            user_id = clean(permission.user_id),
            resource = clean(permission.resource),
            action = clean(permission.action),
            path = path(),
        ),
        Err(error) => refuse(error, permission, path()),
    }
}

/// Logs a refusal that is due to the structure of the program: the advice says how to mend it.
pub(crate) fn misplaced(error: &AuthError, path: Option<&str>, advice: &dyn fmt::Display) {
    tracing::error!(
        target: TARGET,
        outcome = "refused",
        code = error.code(),
        reason = %Clean(error.reason()),
        path,
        "{advice}"
    );
}

/// The refusal of a request without an accepted caller, and a line that says what to change: `layer` runs outside
/// of the `AuthLayer`.
pub(crate) fn without_caller(layer: &'static str, path: Option<&str>) -> AuthError {
    let advice = format_args!(
        "{layer} runs where there is no AuthContext: put an AuthLayer around it (axum: \
         .layer(AuthLayer) after this layer; ServiceBuilder: before it), and do not leave the path \
         public or optional there"
    );
    let error = AuthError::missing_credential().with_reason("no_context");
    misplaced(&error, path, &advice);
    error
}

fn refuse(error: &AuthError, permission: Permission<'_>, path: Option<&str>) {
    let (provider, code) = (error.provider(), error.code());
    let reason = Clean(error.reason());
    let user_id = clean(permission.user_id);
    let (resource, action) = (clean(permission.resource), clean(permission.action));
    let scopes = clean(error.scopes());
    if error.is_alarming() {
        tracing::error!(
            target: TARGET, outcome = "refused", provider, code, reason = %reason, user_id,
            resource, action, scopes, path, error = %Causes(error.source()),
        );
    } else {
        let mismatch = error.mismatch();
        let wanted = mismatch.map(|mismatch| tracing::field::display(mismatch.wanted()));
        let came = mismatch.and_then(|mismatch| mismatch.came().map(tracing::field::display));
        let verified = mismatch.map(|mismatch| mismatch.is_verified);
        tracing::info!(
            target: TARGET, outcome = "refused", provider, code, reason = %reason, user_id,
            key = clean(error.key_name()), resource, action, scopes, path, wanted, came, verified,
        );
    }
}
