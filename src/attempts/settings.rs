//! The limit of wrong credentials, and its counts.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use super::watch::ProxyWatch;
use crate::{
    clock::Clock,
    error::{AuthError, QuotaPolicy},
    log::TARGET,
    quota::Quota,
    seed::Seed,
    shared::{
        Count,
        bucket_digest::BucketDigest,
        counting::SharedCounts,
        counts::{Counts, Take},
        gcra::Rate,
        table::Table,
    },
};

/// How many wrong credentials a client address may show in a time.
///
/// An address that showed too many is refused with 429 before a provider sees its credential, a body
/// is read or an issuer is asked. What counts is a credential that was shown and was wrong: a key, a
/// token, a signature, a second factor. A request that shows nothing, one that could not be checked
/// (503) and one that the client broke off count for nobody; a good credential in between clears
/// nothing.
///
/// A request that shows several credentials, for several providers of a chain, is answered about one of
/// them, so it counts whatever the answer is, unless they were accepted together within the last hour.
///
/// A credential that was accepted from the same address within the last hour is judged all the same, so
/// that whoever guesses locks out nobody who shares the address. Any other gets the same 429, whether it
/// is right or wrong.
///
/// Layers that share it (it is cheap to clone) count together. Its memory is bounded: 16 bytes for each
/// address and for each accepted credential, a million of both unless set.
///
/// # Behind a proxy
///
/// All callers share the proxy's address unless the proxy is trusted: see
/// [`ClientAddressLayer`](crate::throttle::ClientAddressLayer). A peer without an address, over a Unix
/// socket, is not limited, and the log says so.
///
/// # Example
///
/// ```
/// use tower_auth::{AuthLayer, Clock, provider::ApiKeyAuth, throttle::Attempts};
///
/// let attempts = Attempts::new("30 per minute".parse()?)
///     .with_max_entries(100_000)
///     .with_clock(Clock::system());
/// let layer = AuthLayer::new(ApiKeyAuth::new(["sk-live-9f"])?).throttle_attempts(attempts);
/// # let _ = layer;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct Attempts(pub(super) Arc<Inner>);

pub(super) struct Inner {
    plan: Plan,
    rate: Rate,
    policy: Arc<str>,
    pub(super) seed: Seed,
    pub(super) counts: Counts,
    /// Until when a credential is known from an address.
    pub(super) known: Table,
    pub(super) watch: ProxyWatch,
    has_warned: AtomicBool,
}

#[derive(Clone)]
pub(super) struct Plan {
    quota: Quota,
    max_entries: usize,
    clock: Clock,
    pub(super) shared: Option<SharedCounts>,
}

impl Attempts {
    /// Makes a limit of that many wrong credentials for each client address.
    pub fn new(quota: Quota) -> Self {
        Self::of(Plan {
            quota,
            max_entries: DEFAULT_ENTRIES,
            clock: Clock::system(),
            shared: None,
        })
    }

    fn of(plan: Plan) -> Self {
        Self(Arc::new(Inner {
            rate: plan.quota.into(),
            policy: POLICY.into(),
            seed: Seed::new(),
            counts: Counts::new(plan.max_entries, plan.clock.clone()),
            known: Table::new(plan.max_entries),
            watch: ProxyWatch::default(),
            has_warned: AtomicBool::new(false),
            plan,
        }))
    }

    /// The limit with other settings. It holds nothing then.
    pub(super) fn edit(self, change: impl FnOnce(&mut Plan)) -> Self {
        let mut plan = self.0.plan.clone();
        change(&mut plan);
        Self::of(plan)
    }

    /// Replaces about how many addresses, and how many accepted credentials, it holds. It holds none
    /// then.
    ///
    /// Beyond that, the address goes that would first be allowed all its attempts again, and the
    /// credential that was accepted the longest time ago. From half as many on, one may go before.
    #[must_use]
    pub fn with_max_entries(self, most: usize) -> Self {
        self.edit(|plan| plan.max_entries = most)
    }

    /// Replaces the clock. It holds no counts then.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        self.edit(|plan| plan.clock = clock)
    }
}

impl Inner {
    /// The state that counts with other processes, where there is one.
    #[inline]
    pub(super) fn shared(&self) -> Option<&SharedCounts> {
        self.plan.shared.as_ref()
    }

    pub(super) fn take(&self, bucket: u128) -> Take {
        Take {
            bucket,
            rate: self.rate,
            units: 1,
        }
    }

    /// An attempt of a client, as a shared state counts it. Another quota counts anew, as it does in one
    /// process.
    pub(super) fn shared_count(&self, client: &[u8]) -> Count {
        let quota = self.plan.quota;
        let (requests, seconds, burst) = (quota.requests(), quota.seconds(), quota.burst());
        let limit = format!("{POLICY} {requests}/{seconds}/{burst}");
        let mut bucket = BucketDigest::default();
        bucket.write(limit.as_bytes());
        bucket.write(client);
        Count::of_bucket(bucket.finish(), quota)
    }

    /// The time until an address has one attempt more, in nanoseconds.
    pub(super) fn interval(&self) -> u64 {
        u64::try_from(self.rate.interval().as_nanos()).unwrap_or(u64::MAX)
    }

    /// The refusal of an address that has no attempt left.
    pub(super) fn refusal(&self, wait: Duration) -> AuthError {
        AuthError::throttled(wait)
            .with_reason("too_many_attempts")
            .with_message("too many wrong credentials came from this address")
            .with_policy(QuotaPolicy::new(
                &self.policy,
                self.plan.quota.requests(),
                self.plan.quota.seconds(),
            ))
    }

    /// Says once that clients without an address are not limited.
    pub(super) fn warn_of_no_address(&self) {
        if !self.has_warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                target: TARGET,
                "requests come without a client address, so wrong credentials are not limited: serve \
                 with `into_make_service_with_connect_info::<SocketAddr>()`, or put a `ClientAddress` \
                 into their extensions; over a Unix socket, let the proxy in front limit them"
            );
        }
    }
}

impl fmt::Display for Attempts {
    /// Writes the name and the quota.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{POLICY} {}", self.0.plan.quota)
    }
}

impl fmt::Debug for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempts")
            .field("quota", &format_args!("{}", self.0.plan.quota))
            .field("max_entries", &self.0.plan.max_entries)
            .finish_non_exhaustive()
    }
}

/// The name of the limit in `RateLimit`.
const POLICY: &str = "attempts";
const DEFAULT_ENTRIES: usize = 1 << 20;
