//! The queries of lists.

use std::str::FromStr;

use axum::extract::FromRequestParts;
use http::request::Parts;

use super::refusal::Refusal;
use crate::keys::{KeyId, ManagedKeys, Revision};

/// `?after=key_…&limit=100`.
pub(super) struct KeyPosition {
    pub(super) after: Option<KeyId>,
    pub(super) limit: usize,
}

/// `?before=4711&limit=100`.
pub(super) struct AuditPosition {
    pub(super) before: Option<Revision>,
    pub(super) limit: usize,
}

impl FromRequestParts<ManagedKeys> for KeyPosition {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &ManagedKeys) -> Result<Self, Refusal> {
        let (after, limit) = position(parts.uri.query(), "after")?;
        let is_id = |id: &str| {
            id.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        match after {
            Some(id) if id.is_empty() || !is_id(id) => Err(malformed()),
            after => Ok(Self {
                after: after.map(KeyId::new),
                limit,
            }),
        }
    }
}

impl FromRequestParts<ManagedKeys> for AuditPosition {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &ManagedKeys) -> Result<Self, Refusal> {
        let (before, limit) = position(parts.uri.query(), "before")?;
        let before = before.map(|text| number(text).ok_or_else(malformed));
        Ok(Self {
            before: before.transpose()?.map(Revision::new),
            limit,
        })
    }
}

/// The value of the cursor, and the limit.
fn position<'a>(query: Option<&'a str>, cursor: &str) -> Result<(Option<&'a str>, usize), Refusal> {
    let (mut at, mut limit) = (None, None);
    let members = query.unwrap_or_default().split('&');
    for member in members.filter(|member| !member.is_empty()) {
        // None of the values needs an escape, and an unknown name may be a misspelled cursor: a list
        // that begins anew each time never ends.
        let known = match member.split_once('=') {
            Some((name, value)) if name == cursor => at.replace(value),
            Some(("limit", value)) => limit.replace(value),
            _ => return Err(malformed()),
        };
        if known.is_some() {
            return Err(malformed());
        }
    }
    let limit = match limit {
        None => USUAL_LIMIT,
        Some(text) => number(text)
            .filter(|limit| (1..=MOST).contains(limit))
            .ok_or_else(malformed)?,
    };
    Ok((at, limit))
}

/// Digits, and nothing else.
fn number<N: FromStr>(text: &str) -> Option<N> {
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    is_digits.then(|| text.parse().ok())?
}

fn malformed() -> Refusal {
    Refusal::malformed(
        "the query is malformed: a list takes limit, from 1 to 1000, and the cursor that next \
         names (after for keys, before for audit records), each once",
    )
}

const USUAL_LIMIT: usize = 100;
const MOST: usize = 1_000;
