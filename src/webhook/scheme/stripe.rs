//! Stripe: `Stripe-Signature: t=…,v1=…` over `{time}.{body}`. The older `v0` is never read.

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

pub(in crate::webhook) struct Stripe;

impl Scheme for Stripe {
    fn name(&self) -> &'static str {
        "stripe"
    }

    fn key(&self, secret: &str) -> Result<Key, ConfigError> {
        Key::hmac(hmac::HMAC_SHA256, secret.as_bytes())
    }

    fn unverified<'a>(&self, head: &Head<'a>) -> Result<Unverified<'a>, AuthError> {
        let header = read::required(head.headers, &SIGNATURE)?;
        let (mut timestamp, mut signatures) = (None, Vec::new());
        for item in header.split(',') {
            match item.split_once('=').ok_or_else(read::malformed)? {
                ("t", _) if timestamp.is_some() => return Err(read::malformed()),
                ("t", value) => timestamp = Some(value),
                ("v1", value) => {
                    signatures.push(Signature::Mac(
                        read::hex(value).ok_or_else(read::malformed)?,
                    ));
                }
                _ => {}
            }
        }
        let timestamp = timestamp.ok_or_else(read::malformed)?;
        let time = read::time(timestamp).ok_or_else(read::malformed)?;
        Ok(Unverified {
            before: vec![timestamp.as_bytes().into(), b".".into()],
            signatures,
            time: Some(time),
            identified_by: IdentifiedBy::Body,
        })
    }

    fn leeway(&self) -> Option<u64> {
        Some(super::LEEWAY)
    }

    /// A retry has the same event in other bytes: `pending_webhooks` has changed by then.
    fn name_inside(&self, body: &[u8]) -> Option<String> {
        Object::parse(body).ok()?.id("id")
    }
}

const SIGNATURE: HeaderName = HeaderName::from_static("stripe-signature");
