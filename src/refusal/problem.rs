//! The body of a refusal: a problem document (RFC 9457).

use bytes::Bytes;
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use super::{
    challenge::shown_scopes,
    rate_limit::{QUOTA_EXCEEDED, QUOTA_EXCEEDED_TITLE},
};
use crate::error::AuthError;

pub(super) fn problem(error: &AuthError) -> Bytes {
    let mut problem = Problem {
        scope: shown_scopes(error),
        ..Problem::new(error.status(), error.code(), error.message())
    };
    if let Some(policy) = error.policy() {
        problem.r#type = QUOTA_EXCEEDED;
        problem.title = QUOTA_EXCEEDED_TITLE;
        problem.violated_policies = Some([policy.name()]);
    }
    serde_json::to_vec(&problem).map_or_else(|_| Bytes::new(), Bytes::from)
}

/// RFC 9457 §3.1, with two members of ours: a stable `code`, and the scopes that the challenge names;
/// and with the names of the limits that were exceeded.
#[derive(Debug, Serialize)]
pub(crate) struct Problem<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    code: &'static str,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    #[serde(rename = "violated-policies", skip_serializing_if = "Option::is_none")]
    violated_policies: Option<[&'a str; 1]>,
}

impl<'a> Problem<'a> {
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: &'a str) -> Self {
        Self {
            r#type: "about:blank",
            title: status.canonical_reason().unwrap_or_default(),
            status: status.as_u16(),
            code,
            detail,
            scope: None,
            violated_policies: None,
        }
    }
}

pub(crate) const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");
