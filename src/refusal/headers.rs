//! The headers of a refusal.

use http::{HeaderMap, HeaderName, header};

use super::{
    challenge::{Challenges, Realm},
    problem::PROBLEM_JSON,
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
        let seconds = after
            .as_secs()
            .saturating_add(u64::from(after.subsec_nanos() > 0));
        headers.insert(header::RETRY_AFTER, seconds.into());
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
