//! What an endpoint said of late.

use std::time::Duration;

use quick_cache::sync::Cache;

use crate::{AuthContext, AuthError, AuthErrorKind};

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
/// good ones out.
pub(super) struct Verdicts {
    good: Option<Cache<u128, Kept<Vouched>>>,
    bad: Option<Cache<u128, Kept<AuthError>>>,
    cache_time: u64,
}

#[derive(Clone)]
struct Kept<T> {
    what: T,
    /// When the endpoint was asked: what it answers was true then.
    since: u64,
}

impl Verdicts {
    /// Remembers at most so many of each kind, for that long.
    pub(super) fn new(capacity: usize, cache_time: Duration) -> Self {
        let cache_time = cache_time.as_secs();
        let any = capacity > 0 && cache_time > 0;
        Self {
            good: any.then(|| Cache::new(capacity)),
            bad: any.then(|| Cache::new(capacity.min(MOST_BAD))),
            cache_time,
        }
    }

    pub(super) fn recall(&self, name: u128, now: u64) -> Option<Verdict> {
        let good = fresh(self.good.as_ref(), name, now, self.cache_time).map(Ok);
        good.or_else(|| fresh(self.bad.as_ref(), name, now, self.bad_time()).map(Err))
    }

    /// Keeps what the endpoint said; that it could not be asked is nothing that it said.
    pub(super) fn keep(&self, name: u128, verdict: &Verdict, since: u64) {
        match verdict {
            // What a user may write about himself can be long, and tokens are many: a bound on
            // their number alone would be none.
            Ok(vouched) if vouched.size > LONGEST_KEPT => {}
            Ok(vouched) => put(self.good.as_ref(), name, vouched, since),
            Err(error) if error.kind() == AuthErrorKind::InvalidCredential => {
                put(self.bad.as_ref(), name, error, since);
            }
            Err(_) => {}
        }
    }

    /// Shorter: a token may be shown before the endpoint has heard of it.
    fn bad_time(&self) -> u64 {
        self.cache_time.min(BAD_SECONDS)
    }
}

fn fresh<T: Clone>(
    cache: Option<&Cache<u128, Kept<T>>>,
    name: u128,
    now: u64,
    limit: u64,
) -> Option<T> {
    let cache = cache?;
    let kept = cache.get(&name)?;
    // A clock that was set back makes nothing fresh again.
    if now.abs_diff(kept.since) < limit {
        return Some(kept.what);
    }
    cache.remove(&name);
    None
}

fn put<T: Clone>(cache: Option<&Cache<u128, Kept<T>>>, name: u128, what: &T, since: u64) {
    if let Some(cache) = cache {
        let what = what.clone();
        cache.insert(name, Kept { what, since });
    }
}

const LONGEST_KEPT: usize = 16 * 1024;
const MOST_BAD: usize = 1024;
const BAD_SECONDS: u64 = 5;
