//! Headers of requests.

use axum::extract::{FromRequestParts, RawPathParams};
use http::{HeaderMap, HeaderName, header, request::Parts};

use super::refusal::Refusal;
use crate::keys::{KeyAdmin, KeyId, ManagedKeys, Revision};

/// `Idempotency-Key` of draft-ietf-httpapi-idempotency-key-header-07: a text in quotes; one without
/// quotes is taken too, because most clients send it so.
pub(super) struct IdempotencyKey(pub(super) Option<String>);

impl FromRequestParts<ManagedKeys> for IdempotencyKey {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &ManagedKeys) -> Result<Self, Refusal> {
        let malformed = || {
            Refusal::malformed(
                "Idempotency-Key is malformed or doubled: write one text of 1 to 128 letters, \
                 digits and - . _ ~ in quotes, such as a UUID",
            )
        };
        let Some(value) = single(&parts.headers, &IDEMPOTENCY_KEY).map_err(|()| malformed())?
        else {
            return Ok(Self(None));
        };
        let key = match value.strip_prefix('"') {
            Some(rest) => rest.strip_suffix('"').ok_or_else(malformed)?,
            None => value,
        };
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if !(1..=128).contains(&key.len()) || !key.bytes().all(is_plain) {
            return Err(malformed());
        }
        Ok(Self(Some(key.to_owned())))
    }
}

/// The key that the path names, and the state of it that `If-Match` names.
pub(super) struct Target {
    pub(super) id: KeyId,
    revision: Condition,
}

enum Condition {
    None,
    At(Revision),
}

impl Target {
    /// The administrator, who changes the key only in that state.
    pub(super) fn guard(&self, admin: &KeyAdmin) -> KeyAdmin {
        match self.revision {
            Condition::None => admin.clone(),
            Condition::At(revision) => admin.clone().at_revision(revision),
        }
    }
}

impl FromRequestParts<ManagedKeys> for Target {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, keys: &ManagedKeys) -> Result<Self, Refusal> {
        let path = RawPathParams::from_request_parts(parts, keys).await;
        let path = path.map_err(|_| Refusal::not_found())?;
        let id = path.iter().filter(|(name, _)| *name == "key_id").last();
        let id = id.map(|(_, id)| KeyId::new(id));
        Ok(Self {
            id: id.ok_or_else(Refusal::not_found)?,
            revision: condition(&parts.headers)?,
        })
    }
}

/// RFC 9110 §13.1.1, with one tag: a key has one state.
fn condition(headers: &HeaderMap) -> Result<Condition, Refusal> {
    let malformed =
        || Refusal::malformed("If-Match is malformed: write the ETag of the key, or *, once");
    let tag = single(headers, &header::IF_MATCH).map_err(|()| malformed())?;
    let text = match tag {
        None | Some("*") => return Ok(Condition::None),
        Some(tag) => tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')),
    };
    let text = text.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let revision = text.and_then(|text| text.parse().ok());
    revision
        .map(|revision| Condition::At(Revision::new(revision)))
        .ok_or_else(malformed)
}

/// The one value of a header, if it is there.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, ()> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| ()),
        (Some(_), Some(_)) => Err(()),
    }
}

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
