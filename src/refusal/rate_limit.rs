//! The fields `RateLimit` and `RateLimit-Policy`, and the problem type of a refusal, as
//! draft-ietf-httpapi-ratelimit-headers-10 has them.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::error::QuotaPolicy;

pub(crate) const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
pub(crate) const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// §5.1 of the draft.
pub(super) const QUOTA_EXCEEDED: &str =
    "https://iana.org/assignments/http-problem-types#quota-exceeded";
/// The draft's own title for that type.
pub(super) const QUOTA_EXCEEDED_TITLE: &str =
    "Request cannot be satisfied as assigned quota has been exceeded";

/// One limit in `RateLimit`: what remains, and the seconds until there is more.
///
/// INVARIANT: the name is of the characters that stand between quotes without an escape.
pub(crate) fn rate_limit(name: &str, remaining: u32, seconds: u64) -> Option<HeaderValue> {
    HeaderValue::try_from(format!("\"{name}\";r={remaining};t={seconds}")).ok()
}

/// One limit in `RateLimit-Policy`: so many requests in so many seconds.
pub(crate) fn rate_limit_policy(name: &str, requests: u32, seconds: u32) -> String {
    format!("\"{name}\";q={requests};w={seconds}")
}

/// The fields of a refusal: nothing remains, and `t` is what `Retry-After` says.
pub(super) fn write_exceeded(headers: &mut HeaderMap, policy: &QuotaPolicy, after: u64) {
    if let Some(value) = rate_limit(policy.name(), 0, after) {
        headers.insert(RATE_LIMIT, value);
    }
    let (name, requests) = (policy.name(), policy.requests());
    let policy = match policy.seconds() {
        Some(seconds) => rate_limit_policy(name, requests, seconds),
        None => format!("\"{name}\";q={requests};qu=\"concurrent-requests\""),
    };
    if let Ok(value) = HeaderValue::try_from(policy) {
        headers.insert(RATE_LIMIT_POLICY, value);
    }
}

/// A time in whole seconds, rounded up: who waits so long has waited long enough.
pub(crate) fn whole_seconds(time: Duration) -> u64 {
    let has_rest = time.subsec_nanos() > 0;
    time.as_secs().saturating_add(u64::from(has_rest))
}
