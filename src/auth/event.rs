//! One tracing event per decision, with stable field names and nothing secret in it.
//!
//! Fields: `outcome` (`accepted`, `anonymous`, `public`, `preflight`, `refused`), `provider`,
//! `code`, `reason`, `user_id`, `path` (the route's template, where axum chose one), `error`.

use std::{
    error::Error,
    fmt::{self, Write},
};

use crate::{AuthContext, AuthError, AuthErrorKind};

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
            error = %Causes(error),
        );
    } else {
        tracing::info!(target: TARGET, outcome = "refused", provider, code, reason = %reason, path);
    }
}

/// A text that may come from a caller: control characters escaped, cut at 64 characters.
struct Clean<'a>(&'a str);

impl fmt::Display for Clean<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut chars = self.0.chars();
        for char in chars.by_ref().take(LONGEST) {
            for escaped in char.escape_debug() {
                f.write_char(escaped)?;
            }
        }
        if chars.next().is_some() {
            f.write_char('…')?;
        }
        Ok(())
    }
}

/// The causes of an error, outermost first.
struct Causes<'a>(&'a AuthError);

impl fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut room = LONGEST_CAUSES;
        let causes = std::iter::successors(self.0.source(), |&cause| cause.source());
        for (depth, cause) in causes.take(DEEPEST).enumerate() {
            if depth > 0 {
                f.write_str(": ")?;
            }
            // A cause may quote what the caller sent.
            for char in cause.to_string().chars() {
                if room == 0 {
                    return f.write_char('…');
                }
                room -= 1;
                for escaped in char.escape_debug() {
                    f.write_char(escaped)?;
                }
            }
        }
        Ok(())
    }
}

const TARGET: &str = "tower_auth";
const LONGEST: usize = 64;
const LONGEST_CAUSES: usize = 512;
const DEEPEST: usize = 8;
