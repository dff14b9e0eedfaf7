//! What a response tells of the limits that counted its request.

use std::sync::{Arc, OnceLock};

use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::limit::Limit;
use crate::{
    refusal::{RATE_LIMIT, RATE_LIMIT_POLICY, rate_limit, rate_limit_policy, whole_seconds},
    shared::gcra::Rate,
};

/// The headers that a limit adds, for the `expose_headers` of a `CorsLayer`: without it, pages of another
/// origin cannot read them.
///
/// # Example
///
/// ```
/// use tower_auth::throttle;
/// use tower_http::cors::CorsLayer;
///
/// let cors = CorsLayer::new().expose_headers(throttle::EXPOSED_HEADERS);
/// # let _ = cors;
/// ```
pub const EXPOSED_HEADERS: [HeaderName; 3] = [RATE_LIMIT, RATE_LIMIT_POLICY, header::RETRY_AFTER];

/// The header values of a layer's limits, each written once: most requests cost no allocation then.
pub(super) struct Fields {
    limits: Box<[OfLimit]>,
    /// `RateLimit-Policy` by the limits that counted, a bit for each.
    policies: Box<[OnceLock<Option<HeaderValue>>]>,
}

/// The values of `RateLimit` by how much of the burst is taken: most callers take little of a large one.
struct OfLimit {
    name: Arc<str>,
    policy: String,
    burst: u32,
    /// At most so many seconds pass until there is one unit more.
    seconds: u64,
    by_taken: Box<[OnceLock<Option<HeaderValue>>]>,
}

impl Fields {
    pub(super) fn of(limits: &[Limit]) -> Self {
        let of_limit = |limit: &Limit| {
            let quota = limit.quota;
            let values = quota.burst().min(MOST_VALUES);
            OfLimit {
                name: Arc::clone(&limit.name),
                policy: rate_limit_policy(&limit.name, quota.requests(), quota.seconds()),
                burst: quota.burst(),
                seconds: whole_seconds(Rate::from(quota).interval()),
                by_taken: (0..=values).map(|_| OnceLock::new()).collect(),
            }
        };
        Self {
            limits: limits.iter().map(of_limit).collect(),
            policies: (0..1_usize << limits.len())
                .map(|_| OnceLock::new())
                .collect(),
        }
    }

    /// Tells of the limit that has the least left, and of all that counted.
    pub(super) fn write(&self, headers: &mut HeaderMap, tightest: u8, remaining: u32, counted: u8) {
        let Some(limit) = self.limits.get(usize::from(tightest)) else {
            return;
        };
        if let Some(value) = limit.value(remaining) {
            headers.append(RATE_LIMIT, value);
        }
        let policy = self.policies.get(usize::from(counted));
        let policy = policy.and_then(|policy| policy.get_or_init(|| self.policy(counted)).clone());
        if let Some(value) = policy {
            headers.append(RATE_LIMIT_POLICY, value);
        }
    }

    fn policy(&self, counted: u8) -> Option<HeaderValue> {
        let limits = self.limits.iter().enumerate();
        let counted = limits.filter(|(number, _)| counted >> number & 1 == 1);
        let policies: Vec<_> = counted.map(|(_, limit)| limit.policy.as_str()).collect();
        HeaderValue::try_from(policies.join(", ")).ok()
    }
}

impl OfLimit {
    fn value(&self, remaining: u32) -> Option<HeaderValue> {
        let written = || rate_limit(&self.name, remaining, self.seconds);
        let taken = self.burst.saturating_sub(remaining);
        let place = usize::try_from(taken).unwrap_or(usize::MAX);
        match self.by_taken.get(place) {
            Some(value) => value.get_or_init(written).clone(),
            None => written(),
        }
    }
}

/// So many values are kept of a limit.
const MOST_VALUES: u32 = 1_024;
