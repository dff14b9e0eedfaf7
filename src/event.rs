//! Each decision: one tracing event, with stable field names and no secret, and the word to observers. The crate's
//! page documents the fields for users.
//!
//! Fields: `outcome` (`accepted`, `anonymous`, `public`, `preflight`, `metadata`, `handshake`, `allowed`,
//! `repeated`, `equal_delivery`, `no_buffer`, `refused`, `ended`), `provider`, `code`, `reason`, `user_id`,
//! `key` (the name of an API key that is not its user id, or that is no longer valid), `platform`,
//! `chat_id`, `kind` (of message), `resource`, `action`, `others` (more things refused), `scopes` (the required ones), `path` (the
//! route's template, if axum chose one), `request_id`, `trace_id`, `error`; for a mismatched issuer or audience
//! `wanted`, `came`, and `verified`: whether `came` is from a signed credential.

use std::{error::Error, fmt};

use crate::{
    context::AuthContext,
    error::{AuthError, AuthErrorKind},
    log::{Causes, Clean, TARGET, clean},
    metrics,
    observe::{About, Outcome, Told, tell},
};

/// Tells of an accepted caller; the refusal where an observer has to take it and cannot.
#[inline]
pub(crate) fn accepted(context: &AuthContext, about: About<'_>) -> Result<(), AuthError> {
    let told = || Told {
        provider: context.method(),
        caller: Some(context),
        ..Told::new(Outcome::Accepted)
    };
    if !tell(about, told) {
        return Err(unobserved());
    }
    metrics::decided(Outcome::Accepted.as_str(), context.method(), "");
    tracing::debug!(
        target: TARGET,
        outcome = "accepted",
        provider = context.method(),
        user_id = %Clean(context.user_id()),
        key = clean(context.key_name()),
        path = about.path(),
        request_id = about.request_id(),
        trace_id = about.trace_id(),
    );
    Ok(())
}

/// Logs a response that was broken off because the credential of its caller has ended.
pub(crate) fn stream_ended(context: &AuthContext) {
    metrics::stream_ended();
    tracing::info!(
        target: TARGET,
        outcome = "ended",
        provider = context.method(),
        user_id = %Clean(context.user_id()),
        key = clean(context.key_name()),
    );
}

/// Tells of a request that passed without a required credential; the refusal where an observer has to take it and
/// cannot.
pub(crate) fn anonymous(about: About<'_>) -> Result<(), AuthError> {
    match pass(Outcome::Anonymous, about) {
        true => Ok(()),
        false => Err(unobserved()),
    }
}

/// Tells of a request that passed without a check.
#[inline]
pub(crate) fn passed(outcome: Outcome, about: About<'_>) {
    // Whoever has to take every decision about a caller need not take this one: nobody is called anything.
    let _ = pass(outcome, about);
}

#[inline]
fn pass(outcome: Outcome, about: About<'_>) -> bool {
    if !tell(about, || Told::new(outcome)) {
        return false;
    }
    metrics::decided(outcome.as_str(), "", "");
    tracing::trace!(
        target: TARGET,
        outcome = outcome.as_str(),
        path = about.path(),
        request_id = about.request_id(),
        trace_id = about.trace_id(),
    );
    true
}

/// Tells of a refusal.
pub(crate) fn refused(error: &AuthError, about: About<'_>) {
    refuse(error, Permission::default(), about);
}

/// Tells of a caller who was accepted, and is refused before it goes in: for a limit, or because nobody can take down
/// that it goes in.
pub(crate) fn refused_caller(error: &AuthError, caller: &AuthContext, about: About<'_>) {
    tell(about, || Told {
        caller: Some(caller),
        ..Told::refused(error)
    });
    let permission = Permission {
        user_id: Some(caller.user_id()),
        ..Permission::default()
    };
    log_refusal(error, permission, about);
}

/// Tells of a request beyond a limit of its caller.
pub(crate) fn throttled(error: &AuthError, user_id: Option<&str>, about: About<'_>) {
    let permission = Permission {
        user_id,
        ..Permission::default()
    };
    refuse(error, permission, about);
}

/// The permission in a question to an authorizer: the caller, the resource and the action.
#[derive(Clone, Copy, Default)]
pub(crate) struct Permission<'a> {
    pub(crate) user_id: Option<&'a str>,
    pub(crate) resource: Option<&'a str>,
    pub(crate) action: Option<&'a str>,
    /// How many more things are refused with it.
    pub(crate) others: usize,
}

/// Tells of the decision of an authorization layer or of a check in a handler.
#[inline]
pub(crate) fn authorized(
    answer: &Result<(), AuthError>,
    permission: Permission<'_>,
    about: About<'_>,
) {
    match answer {
        Ok(()) => {
            tell(about, || Told {
                resource: permission.resource,
                action: permission.action,
                ..Told::new(Outcome::Allowed)
            });
            metrics::decided(Outcome::Allowed.as_str(), "", "");
            tracing::debug!(
                target: TARGET,
                outcome = "allowed",
                user_id = clean(permission.user_id),
                resource = clean(permission.resource),
                action = clean(permission.action),
                path = about.path(),
                request_id = about.request_id(),
                trace_id = about.trace_id(),
            );
        }
        Err(error) => refuse(error, permission, about),
    }
}

/// Tells of a refusal that is due to the structure of the program: the advice says how to mend it.
pub(crate) fn misplaced(error: &AuthError, about: About<'_>, advice: &dyn fmt::Display) {
    tell(about, || Told::refused(error));
    count_refusal(error);
    tracing::error!(
        target: TARGET,
        outcome = "refused",
        code = error.code(),
        reason = %Clean(error.reason()),
        path = about.path(),
        request_id = about.request_id(),
        trace_id = about.trace_id(),
        "{advice}"
    );
}

/// The refusal of a request without an accepted caller, and a line that says what to change: `layer` runs outside
/// of the `AuthLayer`.
pub(crate) fn without_caller(layer: &'static str, about: About<'_>) -> AuthError {
    let advice = format_args!(
        "{layer} runs where there is no AuthContext: put an AuthLayer around it (axum: \
         .layer(AuthLayer) after this layer; ServiceBuilder: before it), and do not leave the path \
         public or optional there"
    );
    let error = AuthError::missing_credential().with_reason("no_context");
    misplaced(&error, about, &advice);
    error
}

fn refuse(error: &AuthError, permission: Permission<'_>, about: About<'_>) {
    tell(about, || Told {
        resource: permission.resource,
        action: permission.action,
        others: permission.others,
        ..Told::refused(error)
    });
    log_refusal(error, permission, about);
}

fn log_refusal(error: &AuthError, permission: Permission<'_>, about: About<'_>) {
    count_refusal(error);
    let (provider, code) = (error.provider(), error.code());
    let reason = Clean(error.reason());
    let user_id = clean(permission.user_id);
    let (resource, action) = (clean(permission.resource), clean(permission.action));
    let others = (permission.others > 0).then_some(permission.others);
    let scopes = clean(error.scopes());
    if error.is_alarming() {
        tracing::error!(
            target: TARGET, outcome = "refused", provider, code, reason = %reason, user_id,
            resource, action, others, scopes, path = about.path(), request_id = about.request_id(),
            trace_id = about.trace_id(), error = %Causes(error.source()),
        );
    } else {
        let mismatch = error.mismatch();
        let wanted = mismatch.map(|mismatch| tracing::field::display(mismatch.wanted()));
        let came = mismatch.and_then(|mismatch| mismatch.came().map(tracing::field::display));
        let verified = mismatch.map(|mismatch| mismatch.is_verified);
        tracing::info!(
            target: TARGET, outcome = "refused", provider, code, reason = %reason, user_id,
            key = clean(error.key_name()), resource, action, others, scopes, path = about.path(),
            request_id = about.request_id(), trace_id = about.trace_id(), wanted, came, verified,
        );
    }
}

pub(crate) fn count_refusal(error: &AuthError) {
    metrics::decided(Outcome::Refused.as_str(), error.provider(), error.code());
    if error.kind() == AuthErrorKind::Throttled {
        metrics::throttled();
    }
}

/// The refusal where a decision has to be observed and was not.
#[cold]
fn unobserved() -> AuthError {
    AuthError::unavailable("a decision has to be audited, and the audit file takes no line")
        .with_reason("not_audited")
}
