//! One tracing event per decision, with stable field names and nothing secret in it.
//!
//! Fields: `outcome` (`accepted`, `anonymous`, `public`, `preflight`, `handshake`, `allowed`,
//! `repeated`, `equal_delivery`, `no_buffer`, `refused`), `provider`, `code`, `reason`, `user_id`,
//! `key` (the name of an API key that is not its user id, or that is no longer good), `platform`,
//! `chat_id`, `kind` (of message), `resource`, `action`, `scopes` (what was needed), `path` (the
//! route's template, where axum chose one), `error`; where an issuer or audience is another one,
//! `wanted`, `came`, and `verified`: whether `came` is from a signed credential, or could have been
//! written by anybody.

use std::{error::Error, fmt};

use tracing::field::DisplayValue;

use crate::{
    context::AuthContext,
    error::AuthError,
    log::{Causes, Clean, TARGET},
};

/// Accepted. The path is looked up only where somebody listens.
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

/// Passed without being asked, or without an answer being needed.
#[inline]
pub(crate) fn passed(outcome: &'static str, path: Option<&str>) {
    tracing::trace!(target: TARGET, outcome, path);
}

pub(crate) fn refused(error: &AuthError, path: Option<&str>) {
    refuse(error, Asked::default(), path);
}

/// What an authorizer was asked: who wants to do what to what.
#[derive(Clone, Copy, Default)]
pub(crate) struct Asked<'a> {
    pub(crate) user_id: Option<&'a str>,
    pub(crate) resource: Option<&'a str>,
    pub(crate) action: Option<&'a str>,
}

/// Allowed or not, by an authorization layer or a check in a handler. The path is looked up only
/// where somebody listens.
#[inline]
pub(crate) fn authorized<'a>(
    answer: &Result<(), AuthError>,
    asked: Asked<'_>,
    path: impl FnOnce() -> Option<&'a str>,
) {
    match answer {
        Ok(()) => tracing::debug!(
            target: TARGET,
            outcome = "allowed",
            user_id = clean(asked.user_id),
            resource = clean(asked.resource),
            action = clean(asked.action),
            path = path(),
        ),
        Err(error) => refuse(error, asked, path()),
    }
}

/// Refused because of how the program is put together: the advice says how to mend it.
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

/// A delivery that was handled before, and is not handled again.
#[cfg(feature = "webhook")]
pub(crate) fn repeated(provider: &'static str, path: Option<&str>) {
    tracing::info!(target: TARGET, outcome = "repeated", provider, path);
}

/// A delivery whose signed bytes are those of an earlier one, under another id that nobody signed:
/// either true, or sent by whoever recorded the earlier one.
#[cfg(feature = "webhook")]
pub(crate) fn equal_delivery(
    provider: &'static str,
    count: u16,
    is_handled: bool,
    path: Option<&str>,
) {
    if is_handled {
        tracing::warn!(
            target: TARGET, outcome = "equal_delivery", provider, count, path,
            "a delivery has an equal body and another id, which is not signed; it is handled"
        );
    } else {
        tracing::warn!(
            target: TARGET, outcome = "equal_delivery", provider, count, path,
            "too many deliveries have an equal body and other ids, which are not signed; this one \
             is not handled (see `with_equal_bodies`)"
        );
    }
}

/// Deliveries that are refused because too many bodies are being read.
#[cfg(feature = "webhook")]
pub(crate) fn no_buffer(provider: &'static str, refused: u64, path: Option<&str>) {
    tracing::warn!(
        target: TARGET, outcome = "no_buffer", provider, refused, path,
        "more bodies of deliveries come in at the same time than are read, or more of one peer than \
         a quarter; the others are refused with 503 (see `with_max_bodies`)"
    );
}

/// A sender whom a chat platform vouches for, and whom the chain does not let in.
#[cfg(feature = "webhook")]
pub(crate) fn refused_sender(
    error: &AuthError,
    message: &crate::request::Message,
    path: Option<&str>,
) {
    let (provider, code) = (error.provider(), error.code());
    let reason = Clean(error.reason());
    let (platform, kind) = (Clean(message.platform()), clean(message.kind()));
    let (user_id, chat_id) = (clean(message.user_id()), clean(message.chat_id()));
    if error.is_alarming() {
        tracing::error!(
            target: TARGET, outcome = "refused", provider, code, reason = %reason,
            platform = %platform, kind, user_id, chat_id, path, error = %Causes(error.source()),
        );
    } else {
        tracing::info!(
            target: TARGET, outcome = "refused", provider, code, reason = %reason,
            platform = %platform, kind, user_id, chat_id, path,
        );
    }
}

fn refuse(error: &AuthError, asked: Asked<'_>, path: Option<&str>) {
    let (provider, code) = (error.provider(), error.code());
    let reason = Clean(error.reason());
    let user_id = clean(asked.user_id);
    let (resource, action) = (clean(asked.resource), clean(asked.action));
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

fn clean(text: Option<&str>) -> Option<DisplayValue<Clean<'_>>> {
    text.map(|text| tracing::field::display(Clean(text)))
}
