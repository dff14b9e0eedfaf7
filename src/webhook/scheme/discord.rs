//! Discord: Ed25519 over `{time}{body}`.

use http::HeaderName;

use crate::{
    error::{AuthError, ConfigError, ConfigErrorKind},
    webhook::{
        json::Object,
        read,
        verify::{Head, IdentifiedBy, Key, Scheme, Signature, Unverified},
    },
};

pub(in crate::webhook) struct Discord;

impl Scheme for Discord {
    fn name(&self) -> &'static str {
        "discord"
    }

    fn key(&self, secret: &str) -> Result<Key, ConfigError> {
        let bytes = read::hex(secret.trim()).ok_or_else(|| {
            ConfigError::new(
                ConfigErrorKind::Malformed,
                "the public key of a Discord application is 64 lower-case hexadecimal digits: \
                 copy it from the application's general information",
            )
        })?;
        Key::ed25519(&bytes)
    }

    fn unverified<'a>(&self, head: &Head<'a>) -> Result<Unverified<'a>, AuthError> {
        let signature = read::required(head.headers, &SIGNATURE)?;
        let timestamp = read::required(head.headers, &TIMESTAMP)?;
        let signature = read::hex(signature).ok_or_else(read::malformed)?;
        let time = read::time(timestamp).ok_or_else(read::malformed)?;
        Ok(Unverified {
            before: vec![timestamp.as_bytes().into()],
            signatures: vec![Signature::Ed25519(signature)],
            time: Some(time),
            identified_by: IdentifiedBy::Body,
        })
    }

    fn leeway(&self) -> Option<u64> {
        Some(super::LEEWAY)
    }

    /// The id of an interaction; an application's event has no id.
    fn name_inside(&self, body: &[u8]) -> Option<String> {
        Object::parse(body).ok()?.id("id")
    }
}

const SIGNATURE: HeaderName = HeaderName::from_static("x-signature-ed25519");
const TIMESTAMP: HeaderName = HeaderName::from_static("x-signature-timestamp");
