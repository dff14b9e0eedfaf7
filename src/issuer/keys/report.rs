//! The log lines about an issuer's keys: one for each event.

use std::fmt;

use crate::{
    issuer::fetch::FetchError,
    jose::{JwkSet, Key},
    log::{Causes, Clean, TARGET},
};

/// A fetch brought keys that differ from those before.
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

/// A fetch brought no keys. The earlier keys may be used for `left` more seconds.
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

/// The keys are older than `limit` seconds and no longer in use.
pub(super) fn stale(issuer: &str, limit: u64) {
    tracing::error!(
        target: TARGET, issuer, limit_seconds = limit,
        "the issuer's keys have grown too old: its tokens are answered with 503",
    );
}

/// Tokens name key ids that were never seen. `tokens` is their number since the last such line, `kid`
/// the last id. `None` writes nothing.
pub(super) fn unknown(issuer: &str, tokens: Option<u64>, kid: &str) {
    if let Some(tokens) = tokens {
        tracing::info!(
            target: TARGET, issuer, tokens, kid = %Clean(kid),
            "tokens name keys that the issuer does not publish: they are answered with 503 until \
             its keys are fetched again",
        );
    }
}

/// Requests were refused because too many wait for keys. `refused` is their number since the last such
/// line. `None` writes nothing.
pub(super) fn crowded(issuer: &str, refused: Option<u64>) {
    if let Some(refused) = refused {
        tracing::warn!(
            target: TARGET, issuer, refused,
            "more callers wait for the issuer's keys at the same time than may, or more of one \
             address than a quarter: the others are answered with 503",
        );
    }
}

/// Counts events that callers can cause at will, and reports them once a minute.
#[derive(Debug, Default)]
pub(super) struct RareReport {
    count: u64,
    reported_at: Option<u64>,
}

impl RareReport {
    /// Counts one event. Returns the number of events since the last report where a report is due.
    pub(super) fn add(&mut self, now: u64) -> Option<u64> {
        self.count = self.count.saturating_add(1);
        if self
            .reported_at
            .is_some_and(|at| now.abs_diff(at) < REPORT_INTERVAL)
        {
            return None;
        }
        self.reported_at = Some(now);
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
        for (at, key) in differing.take(MAX_LISTED).enumerate() {
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
const REPORT_INTERVAL: u64 = 60;
const MAX_LISTED: usize = 8;
