//! Linear: hexadecimal over the body, which itself holds the time.

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

pub(in crate::webhook) struct Linear;

impl Scheme for Linear {
    fn name(&self) -> &'static str {
        "linear"
    }

    fn key(&self, secret: &str) -> Result<Key, ConfigError> {
        Key::hmac(hmac::HMAC_SHA256, secret.as_bytes())
    }

    fn unverified<'a>(&self, head: &Head<'a>) -> Result<Unverified<'a>, AuthError> {
        let mac = read::required(head.headers, &SIGNATURE)?;
        let mac = read::hex(mac).ok_or_else(read::malformed)?;
        Ok(Unverified {
            before: Vec::new(),
            signatures: vec![Signature::Mac(mac)],
            // The header `Linear-Timestamp` is not signed.
            time: None,
            identified_by: IdentifiedBy::Body,
        })
    }

    fn leeway(&self) -> Option<u64> {
        Some(60)
    }

    fn time_inside(&self, body: &[u8]) -> Result<Option<u64>, AuthError> {
        Object::parse(body)?.milliseconds("webhookTimestamp")
    }
}

const SIGNATURE: HeaderName = HeaderName::from_static("linear-signature");
