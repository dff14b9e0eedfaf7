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
    let item = item(name, (";r=", remaining.into()), (";t=", seconds));
    HeaderValue::try_from(item).ok()
}

/// One limit in `RateLimit-Policy`: so many requests in so many seconds.
pub(crate) fn rate_limit_policy(name: &str, requests: u32, seconds: u32) -> String {
    item(name, (";q=", requests.into()), (";w=", seconds.into()))
}

/// A name and two parameters. Responses are written so: `format!` takes five times as long, and a text that
/// is longer than it must be another allocation (`tower-auth: a key, requests limited` in `benches/peers`).
fn item(name: &str, first: (&str, u64), second: (&str, u64)) -> String {
    let parameters = [first, second];
    let len = |(key, value): (&str, u64)| key.len().saturating_add(digits(value));
    let len = parameters.map(len).iter().sum::<usize>();
    let mut item = String::with_capacity(len.saturating_add(name.len()).saturating_add(2));
    item.push('"');
    item.push_str(name);
    item.push('"');
    for (key, value) in parameters {
        item.push_str(key);
        push(&mut item, value);
    }
    item
}

/// So many digits a number has.
fn digits(number: u64) -> usize {
    let exponent = number.checked_ilog10().unwrap_or(0);
    usize::try_from(exponent).map_or(usize::MAX, |exponent| exponent.saturating_add(1))
}

fn push(text: &mut String, number: u64) {
    if number >= 10 {
        push(text, number / 10);
    }
    text.push(char::from(b'0' + (number % 10) as u8));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_in_as_much_room_as_they_need() {
        for (remaining, seconds) in [(0_u32, 1), (9, 10), (57, 60), (u32::MAX, u64::MAX)] {
            let item = item("caller", (";r=", remaining.into()), (";t=", seconds));
            assert_eq!(item, format!("\"caller\";r={remaining};t={seconds}"));
            assert_eq!(item.len(), item.capacity());
        }
    }
}
