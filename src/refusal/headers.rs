//! The headers of a refusal.

use http::{HeaderMap, HeaderName, header};

use super::{
    challenge::{Challenges, Realm},
    problem::PROBLEM_JSON,
    rate_limit::{whole_seconds, write_exceeded},
};
use crate::error::AuthError;

pub(super) fn write_headers(
    headers: &mut HeaderMap,
    error: &AuthError,
    challenges: &Challenges,
    realm: &Realm,
) {
    headers.insert(header::CONTENT_TYPE, PROBLEM_JSON);
    for challenge in challenges.values(realm, error) {
        headers.append(header::WWW_AUTHENTICATE, challenge);
    }
    if let Some(after) = error.retry_after() {
        let seconds = whole_seconds(after);
        headers.insert(header::RETRY_AFTER, seconds.into());
        if let Some(policy) = error.policy() {
            write_exceeded(headers, policy, seconds);
        }
    }
}

/// Carries over what layers in between added to a refusal (CORS, a request id), save what describes
/// the body that is replaced.
pub(crate) fn keep_headers(headers: &mut HeaderMap, added: &HeaderMap) {
    for name in added.keys() {
        if !headers.contains_key(name) && !DESCRIBES_BODY.contains(name) {
            for value in added.get_all(name) {
                headers.append(name, value.clone());
            }
        }
    }
}

const DESCRIBES_BODY: &[HeaderName] = &[
    header::CONTENT_LENGTH,
    header::CONTENT_ENCODING,
    header::TRANSFER_ENCODING,
    header::WWW_AUTHENTICATE,
    header::RETRY_AFTER,
];
