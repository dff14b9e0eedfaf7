//! Shopify: base64 over the body, under the older header name or the newer.

use aws_lc_rs::hmac;
use http::HeaderName;

use crate::{
    error::{AuthError, ConfigError},
    webhook::{
        read,
        verify::{Head, IdentifiedBy, Key, Scheme, Signature, Unverified},
    },
};

pub(in crate::webhook) struct Shopify;

impl Scheme for Shopify {
    fn name(&self) -> &'static str {
        "shopify"
    }

    fn key(&self, secret: &str) -> Result<Key, ConfigError> {
        Key::hmac(hmac::HMAC_SHA256, secret.as_bytes())
    }

    fn unverified<'a>(&self, head: &Head<'a>) -> Result<Unverified<'a>, AuthError> {
        let older = read::one(head.headers, &OLDER)?;
        let newer = read::one(head.headers, &NEWER)?;
        let mac = match (older, newer) {
            (Some(one), Some(other)) if one != other => return Err(read::malformed()),
            (Some(mac), _) | (None, Some(mac)) => mac,
            (None, None) => return Err(read::unsigned()),
        };
        let mac = read::base64(mac).ok_or_else(read::malformed)?;
        Ok(Unverified {
            before: Vec::new(),
            signatures: vec![Signature::Mac(mac)],
            time: None,
            identified_by: IdentifiedBy::Body,
        })
    }

    fn leeway(&self) -> Option<u64> {
        None
    }

    fn unsigned_ids(&self) -> &[HeaderName] {
        &DELIVERY
    }
}

static DELIVERY: [HeaderName; 2] = [
    HeaderName::from_static("x-shopify-webhook-id"),
    HeaderName::from_static("shopify-webhook-id"),
];
const OLDER: HeaderName = HeaderName::from_static("x-shopify-hmac-sha256");
const NEWER: HeaderName = HeaderName::from_static("shopify-hmac-sha256");
