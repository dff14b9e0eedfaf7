//! One line of the log for each thing that befalls an issuer's keys.

use std::fmt;

use crate::{
    issuer::fetch::FetchError,
    jose::{JwkSet, Key},
    log::{Causes, Clean, TARGET},
};

/// Keys came, and they are not the ones that were there.
pub(super) fn fetched(issuer: &str, before: Option<&JwkSet>, after: &JwkSet) {
    let keys = after.keys().count();
    match before {
        None => tracing::info!(target: TARGET, issuer, keys, "the issuer's keys were fetched"),
        Some(before) => tracing::info!(
            target: TARGET, issuer, keys,
            added = %Difference { of: after, without: before },
            withdrawn = %Difference { of: before, without: after },
            "the issuer's keys have changed",
        ),
    }
    for key in after.skipped() {
        tracing::info!(
            target: TARGET, issuer,
            kid = key.id().map(|id| tracing::field::display(Clean(id))),
            reason = key.reason(),
            "a key of the issuer is not used",
        );
    }
}

/// No keys came. Those there were may be used for `left` seconds more.
pub(super) fn failed(issuer: &str, error: &FetchError, left: u64, retry_in: u64) {
    let error = Causes(Some(error));
    if left > 0 {
        tracing::warn!(
            target: TARGET, issuer, error = %error, usable_seconds = left, retry_seconds = retry_in,
            "the issuer's keys could not be fetched: those from before stay in use",
        );
    } else {
        tracing::error!(
            target: TARGET, issuer, error = %error, retry_seconds = retry_in,
            "the issuer's keys could not be fetched: its tokens are answered with 503",
        );
    }
}

/// The keys have not been fetched for too long.
pub(super) fn stale(issuer: &str, limit: u64) {
    tracing::error!(
        target: TARGET, issuer, limit_seconds = limit,
        "the issuer's keys have grown too old: its tokens are answered with 503",
    );
}

/// Tokens name key ids that were never seen: so many since this was last said, `kid` the last one.
pub(super) fn unknown(issuer: &str, tokens: Option<u64>, kid: &str) {
    if let Some(tokens) = tokens {
        tracing::info!(
            target: TARGET, issuer, tokens, kid = %Clean(kid),
            "tokens name keys that the issuer does not publish: they are answered with 503 until \
             its keys are fetched again",
        );
    }
}

/// Callers find no place to wait for keys in: so many since this was last said.
pub(super) fn crowded(issuer: &str, refused: Option<u64>) {
    if let Some(refused) = refused {
        tracing::warn!(
            target: TARGET, issuer, refused,
            "more callers wait for the issuer's keys at the same time than may, or more of one \
             address than a quarter: the others are answered with 503",
        );
    }
}

/// Counts what callers can cause at will, to be said once a minute.
#[derive(Debug, Default)]
pub(super) struct Summary {
    count: u64,
    said_at: Option<u64>,
}

impl Summary {
    /// Counts one more; how many there were, where it is time to say so.
    pub(super) fn add(&mut self, now: u64) -> Option<u64> {
        self.count = self.count.saturating_add(1);
        if self.said_at.is_some_and(|at| now.abs_diff(at) < PAUSE) {
            return None;
        }
        self.said_at = Some(now);
        Some(std::mem::take(&mut self.count))
    }
}

/// The ids and algorithms of the keys that are in one set and not in another.
struct Difference<'a> {
    of: &'a JwkSet,
    without: &'a JwkSet,
}

impl fmt::Display for Difference<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let same =
            |one: &Key, other: &Key| one.id() == other.id() && one.algorithm() == other.algorithm();
        let differing = self
            .of
            .keys()
            .filter(|key| !self.without.keys().any(|other| same(key, other)));
        for (at, key) in differing.take(LISTED).enumerate() {
            if at > 0 {
                f.write_str(", ")?;
            }
            write!(
                f,
                "{} {}",
                Clean(key.id().unwrap_or_default()),
                key.algorithm()
            )?;
        }
        Ok(())
    }
}

/// In seconds.
const PAUSE: u64 = 60;
const LISTED: usize = 8;
