//! A cache of the endpoint's answers.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use quick_cache::sync::Cache;

use crate::{
    context::AuthContext,
    error::{AuthError, AuthErrorKind},
    observe,
};

/// A token that the endpoint calls active: its caller and its times in Unix seconds.
#[derive(Clone)]
pub(in crate::provider) struct ActiveToken {
    pub(in crate::provider) context: AuthContext,
    pub(in crate::provider) not_before: Option<u64>,
    pub(in crate::provider) issued_at: Option<u64>,
    pub(in crate::provider) expires_at: Option<u64>,
    /// The length of the endpoint's answer, in bytes.
    pub(in crate::provider) answer_len: usize,
}

/// What an endpoint answered about a token, or why it could not be asked.
pub(super) type EndpointAnswer = Result<ActiveToken, AuthError>;

/// Remembered answers, by the hash of the token.
///
/// Accepted and refused tokens stand apart: anybody can make refused ones, and must not be able to
/// displace the accepted ones or the hashes of known ones.
pub(super) struct AnswerCache {
    accepted: Option<Cache<u128, Arc<AcceptedEntry>>>,
    refused: Option<Cache<u128, RefusedEntry>>,
    /// When the endpoint last accepted a token, in Unix seconds.
    known: Cache<u128, u64>,
    /// In seconds.
    cache_ttl: u64,
}

struct AcceptedEntry {
    token: ActiveToken,
    /// When the endpoint was asked: its answer was true then.
    asked_at: u64,
    /// From when on a request with the token starts a renewal.
    renew_from: AtomicU64,
}

#[derive(Clone)]
struct RefusedEntry {
    error: AuthError,
    asked_at: u64,
}

/// A remembered answer.
pub(super) struct RecalledAnswer {
    pub(super) answer: EndpointAnswer,
    /// The answer expires soon, and this request is the one to renew it.
    pub(super) is_renewal_due: bool,
}

impl AnswerCache {
    /// Remembers at most `capacity` accepted tokens, and fewer refused ones, for that long.
    pub(super) fn new(capacity: usize, cache_ttl: Duration) -> Self {
        let cache_ttl = cache_ttl.as_secs();
        let is_on = capacity > 0 && cache_ttl > 0;
        Self {
            accepted: is_on.then(|| Cache::new(capacity)),
            refused: is_on.then(|| Cache::new(capacity.min(MAX_REFUSED))),
            known: Cache::new(capacity.max(MIN_KNOWN)),
            cache_ttl,
        }
    }

    pub(super) fn recall(&self, hash: u128, now: u64) -> Option<RecalledAnswer> {
        self.recall_accepted(hash, now)
            .or_else(|| self.recall_refused(hash, now))
    }

    fn recall_accepted(&self, hash: u128, now: u64) -> Option<RecalledAnswer> {
        let cache = self.accepted.as_ref()?;
        let entry = cache.get(&hash)?;
        if !is_fresh(entry.asked_at, now, self.cache_ttl) {
            cache.remove(&hash);
            return None;
        }
        Some(RecalledAnswer {
            answer: Ok(entry.token.clone()),
            is_renewal_due: entry.claims_renewal(now),
        })
    }

    fn recall_refused(&self, hash: u128, now: u64) -> Option<RecalledAnswer> {
        let cache = self.refused.as_ref()?;
        let entry = cache.get(&hash)?;
        // A short time: a token may be shown before the endpoint knows it.
        if !is_fresh(entry.asked_at, now, self.cache_ttl.min(REFUSED_TTL)) {
            cache.remove(&hash);
            return None;
        }
        Some(RecalledAnswer {
            answer: Err(entry.error),
            is_renewal_due: false,
        })
    }

    /// Whether the endpoint accepted the token within the last hour, and has not refused it since.
    pub(super) fn is_known(&self, hash: u128, now: u64) -> bool {
        let asked_at = self.known.get(&hash);
        asked_at.is_some_and(|asked_at| is_fresh(asked_at, now, KNOWN_TTL))
    }

    /// Remembers an answer. An error that is no refusal is not remembered: the endpoint did not answer.
    pub(super) fn store(&self, hash: u128, answer: &EndpointAnswer, asked_at: u64) {
        match answer {
            Ok(token) => {
                self.known.insert(hash, asked_at);
                self.store_accepted(hash, token, asked_at);
            }
            Err(error) if is_refusal(error) => {
                self.known.remove(&hash);
                if let (Some(accepted), Some(refused)) = (&self.accepted, &self.refused) {
                    let error = error.clone();
                    refused.insert(hash, RefusedEntry { error, asked_at });
                    // An accepted entry may be younger than the TTL still, because it was renewed.
                    accepted.remove(&hash);
                }
            }
            Err(_) => {}
        }
    }

    fn store_accepted(&self, hash: u128, token: &ActiveToken, asked_at: u64) {
        let Some(cache) = &self.accepted else {
            return;
        };
        // Users may write long texts about themselves, so a bound on the number of tokens alone would
        // not bound the memory.
        if token.answer_len > MAX_ANSWER_LEN {
            cache.remove(&hash);
            return;
        }
        let ahead = (self.cache_ttl / 4).max(1).min(self.cache_ttl - 1);
        let mut token = token.clone();
        if observe::is_any() {
            token.context = token.context.remembered();
        }
        let entry = AcceptedEntry {
            token,
            asked_at,
            renew_from: AtomicU64::new(asked_at.saturating_add(self.cache_ttl - ahead)),
        };
        cache.insert(hash, Arc::new(entry));
    }
}

impl AcceptedEntry {
    /// Whether this request is to start a renewal: one request a second, so that a renewal that failed
    /// is tried again, but not by every request.
    fn claims_renewal(&self, now: u64) -> bool {
        let from = self.renew_from.load(Ordering::Relaxed);
        let next = now.saturating_add(1);
        let claim = || {
            self.renew_from
                .compare_exchange(from, next, Ordering::Relaxed, Ordering::Relaxed)
        };
        from <= now && claim().is_ok()
    }
}

/// Whether the endpoint answered, and the token is not accepted.
fn is_refusal(error: &AuthError) -> bool {
    matches!(
        error.kind(),
        AuthErrorKind::InvalidCredential | AuthErrorKind::InsufficientScope
    )
}

/// Whether the answer is younger than `limit` seconds. After a clock was set back by more than that, it
/// is not.
fn is_fresh(asked_at: u64, now: u64, limit: u64) -> bool {
    now.abs_diff(asked_at) < limit
}

const MAX_ANSWER_LEN: usize = 16 * 1024;
const MAX_REFUSED: usize = 1024;
const REFUSED_TTL: u64 = 5;
const MIN_KNOWN: usize = 10_000;
const KNOWN_TTL: u64 = 3_600;
