//! Slack: `X-Slack-Signature` over `v0:{time}:{body}`.

use aws_lc_rs::hmac;
use http::HeaderName;

use crate::{
    AuthError, ConfigError,
    webhook::{
        read,
        verify::{Claim, Delivery, Key, Once, Scheme, Shown},
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

    fn claim<'a>(&self, delivery: &Delivery<'a>) -> Result<Claim<'a>, AuthError> {
        let signature = read::required(delivery.headers, &SIGNATURE)?;
        let timestamp = read::required(delivery.headers, &TIMESTAMP)?;
        let mac = signature
            .strip_prefix("v0=")
            .and_then(read::hex)
            .ok_or_else(read::malformed)?;
        let time = read::time(timestamp).ok_or_else(read::malformed)?;
        Ok(Claim {
            signed: vec![
                b"v0:".into(),
                timestamp.as_bytes().into(),
                b":".into(),
                delivery.body.into(),
            ],
            shown: vec![Shown::Mac(mac)],
            time: Some(time),
            once: Once::Body,
        })
    }

    fn window(&self) -> Option<u64> {
        Some(super::WINDOW)
    }
}

const SIGNATURE: HeaderName = HeaderName::from_static("x-slack-signature");
const TIMESTAMP: HeaderName = HeaderName::from_static("x-slack-request-timestamp");
