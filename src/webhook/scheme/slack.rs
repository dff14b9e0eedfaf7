//! Slack: `X-Slack-Signature` over `v0:{time}:{body}`.

use aws_lc_rs::hmac;
use http::HeaderName;

use crate::{
    error::{AuthError, ConfigError},
    webhook::{
        json::Object,
        read,
        verify::{Head, IdentifiedBy, Key, Scheme, Signature, Unverified},
    },
};

pub(in crate::webhook) struct Slack;

impl Scheme for Slack {
    fn name(&self) -> &'static str {
        "slack"
    }

    fn key(&self, secret: &str) -> Result<Key, ConfigError> {
        Key::hmac(hmac::HMAC_SHA256, secret.as_bytes())
    }

    fn unverified<'a>(&self, head: &Head<'a>) -> Result<Unverified<'a>, AuthError> {
        let signature = read::required(head.headers, &SIGNATURE)?;
        let timestamp = read::required(head.headers, &TIMESTAMP)?;
        let mac = signature
            .strip_prefix("v0=")
            .and_then(read::hex)
            .ok_or_else(read::malformed)?;
        let time = read::time(timestamp).ok_or_else(read::malformed)?;
        Ok(Unverified {
            before: vec![b"v0:".into(), timestamp.as_bytes().into(), b":".into()],
            signatures: vec![Signature::Mac(mac)],
            time: Some(time),
            identified_by: IdentifiedBy::Body,
        })
    }

    fn leeway(&self) -> Option<u64> {
        Some(super::LEEWAY)
    }

    /// The id of an event; a retry has the same id.
    fn name_inside(&self, body: &[u8]) -> Option<String> {
        let body = Object::parse(body).ok()?;
        let is_event = body.text("type").ok()?? == "event_callback";
        is_event.then(|| body.id("event_id"))?
    }
}

const SIGNATURE: HeaderName = HeaderName::from_static("x-slack-signature");
const TIMESTAMP: HeaderName = HeaderName::from_static("x-slack-request-timestamp");
