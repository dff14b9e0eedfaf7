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
        // A shared state may say more than there can be.
        let remaining = remaining.min(self.burst);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn values(quota: &str, remaining: &[u32]) -> Vec<String> {
        let limit = Limit::by_caller(quota.parse().unwrap());
        let fields = Fields::of(&[limit]);
        let of = |remaining: &u32| {
            let mut headers = HeaderMap::new();
            fields.write(&mut headers, 0, *remaining, 1);
            headers[RATE_LIMIT].to_str().unwrap().to_owned()
        };
        remaining.iter().map(of).collect()
    }

    #[test]
    fn no_more_than_the_burst_is_said_to_be_left() {
        let left = values("5 per minute", &[u32::MAX, 9, 5, 4, 0]);
        let expected = [5, 5, 5, 4, 0].map(|left| format!("\"caller\";r={left};t=12"));
        assert_eq!(left, expected);
    }

    #[test]
    fn a_large_limit_says_what_is_left_at_both_of_its_ends() {
        let few = [1_000_000, 999_999, 998_976, 998_975, 1, 0];
        let left = values("1000000 per second", &few);
        assert_eq!(left, few.map(|left| format!("\"caller\";r={left};t=1")));
    }
}
