//! What an endpoint said of late.

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
};

/// Whom an endpoint says that a token is for.
#[derive(Clone)]
pub(in crate::provider) struct Vouched {
    pub(in crate::provider) context: AuthContext,
    pub(in crate::provider) not_before: Option<u64>,
    pub(in crate::provider) issued_at: Option<u64>,
    pub(in crate::provider) expires_at: Option<u64>,
    /// How many bytes the endpoint told.
    pub(in crate::provider) size: usize,
}

pub(super) type Verdict = Result<Vouched, AuthError>;

/// Remembered verdicts, by the name of the token.
///
/// Good and bad ones stand apart: anybody can make bad tokens, and must not be able to crowd the
/// good ones out, nor the names of the known ones.
pub(super) struct Verdicts {
    good: Option<Cache<u128, Arc<Good>>>,
    bad: Option<Cache<u128, Bad>>,
    /// When the endpoint last vouched for a token.
    known: Cache<u128, u64>,
    cache_ttl: u64,
}

struct Good {
    vouched: Vouched,
    /// When the endpoint was asked: what it answers was true then.
    since: u64,
    /// From when on whoever shows the token has it asked about again.
    renewed_from: AtomicU64,
}

#[derive(Clone)]
struct Bad {
    error: AuthError,
    since: u64,
}

pub(super) struct Recalled {
    pub(super) verdict: Verdict,
    /// The verdict lapses soon, and this caller is the one to renew it.
    pub(super) is_to_be_renewed: bool,
}

impl Verdicts {
    /// Remembers at most so many of each kind, for that long.
    pub(super) fn new(capacity: usize, cache_ttl: Duration) -> Self {
        let cache_ttl = cache_ttl.as_secs();
        let any = capacity > 0 && cache_ttl > 0;
        Self {
            good: any.then(|| Cache::new(capacity)),
            bad: any.then(|| Cache::new(capacity.min(MOST_BAD))),
            known: Cache::new(capacity.max(LEAST_KNOWN)),
            cache_ttl,
        }
    }

    pub(super) fn recall(&self, name: u128, now: u64) -> Option<Recalled> {
        self.recall_good(name, now)
            .or_else(|| self.recall_bad(name, now))
    }

    fn recall_good(&self, name: u128, now: u64) -> Option<Recalled> {
        let cache = self.good.as_ref()?;
        let good = cache.get(&name)?;
        if !is_fresh(good.since, now, self.cache_ttl) {
            cache.remove(&name);
            return None;
        }
        Some(Recalled {
            verdict: Ok(good.vouched.clone()),
            is_to_be_renewed: good.is_to_be_renewed(now),
        })
    }

    fn recall_bad(&self, name: u128, now: u64) -> Option<Recalled> {
        let cache = self.bad.as_ref()?;
        let bad = cache.get(&name)?;
        // Shorter: a token may be shown before the endpoint has heard of it.
        if !is_fresh(bad.since, now, self.cache_ttl.min(BAD_SECONDS)) {
            cache.remove(&name);
            return None;
        }
        Some(Recalled {
            verdict: Err(bad.error),
            is_to_be_renewed: false,
        })
    }

    /// Whether the endpoint vouched for the token within the last hour, and has not refused it
    /// since.
    pub(super) fn knows(&self, name: u128, now: u64) -> bool {
        let since = self.known.get(&name);
        since.is_some_and(|since| is_fresh(since, now, KNOWN_SECONDS))
    }

    /// Keeps what the endpoint said; that it could not be asked is nothing that it said.
    pub(super) fn keep(&self, name: u128, verdict: &Verdict, since: u64) {
        match verdict {
            Ok(vouched) => {
                self.known.insert(name, since);
                self.keep_good(name, vouched, since);
            }
            Err(error) if error.kind() == AuthErrorKind::InvalidCredential => {
                self.known.remove(&name);
                if let (Some(good), Some(bad)) = (&self.good, &self.bad) {
                    let error = error.clone();
                    bad.insert(name, Bad { error, since });
                    // A good verdict may be younger than the cache TTL still: it was renewed.
                    good.remove(&name);
                }
            }
            Err(_) => {}
        }
    }

    fn keep_good(&self, name: u128, vouched: &Vouched, since: u64) {
        let Some(cache) = &self.good else {
            return;
        };
        // What a user may write about himself can be long, and tokens are many: a bound on their
        // number alone would be none.
        if vouched.size > LONGEST_KEPT {
            cache.remove(&name);
            return;
        }
        let ahead = (self.cache_ttl / 4).max(1).min(self.cache_ttl - 1);
        let good = Good {
            vouched: vouched.clone(),
            since,
            renewed_from: AtomicU64::new(since.saturating_add(self.cache_ttl - ahead)),
        };
        cache.insert(name, Arc::new(good));
    }
}

impl Good {
    /// Whether it is time, for one caller a second: a renewal that failed is tried again, but not
    /// with every request.
    fn is_to_be_renewed(&self, now: u64) -> bool {
        let from = self.renewed_from.load(Ordering::Relaxed);
        let next = now.saturating_add(1);
        let claim = || {
            self.renewed_from
                .compare_exchange(from, next, Ordering::Relaxed, Ordering::Relaxed)
        };
        from <= now && claim().is_ok()
    }
}

/// A clock that was set back makes nothing fresh again.
fn is_fresh(since: u64, now: u64, limit: u64) -> bool {
    now.abs_diff(since) < limit
}

const LONGEST_KEPT: usize = 16 * 1024;
const MOST_BAD: usize = 1024;
const BAD_SECONDS: u64 = 5;
const LEAST_KNOWN: usize = 10_000;
const KNOWN_SECONDS: u64 = 3_600;
