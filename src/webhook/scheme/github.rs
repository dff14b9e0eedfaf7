//! GitHub: `X-Hub-Signature-256`. The older SHA-1 header is never read.

use aws_lc_rs::hmac;
use http::HeaderName;

use crate::{
    error::{AuthError, ConfigError},
    webhook::{
        read,
        verify::{Head, IdentifiedBy, Key, Scheme, Signature, Unverified},
    },
};

pub(in crate::webhook) struct Github;

impl Scheme for Github {
    fn name(&self) -> &'static str {
        "github"
    }

    fn key(&self, secret: &str) -> Result<Key, ConfigError> {
        Key::hmac(hmac::HMAC_SHA256, secret.as_bytes())
    }

    fn unverified<'a>(&self, head: &Head<'a>) -> Result<Unverified<'a>, AuthError> {
        hub_signature(head)
    }

    fn leeway(&self) -> Option<u64> {
        None
    }

    fn unsigned_ids(&self) -> &[HeaderName] {
        &DELIVERY
    }
}

/// The signature header of GitHub and Meta, which have one format.
pub(super) fn hub_signature<'a>(head: &Head<'a>) -> Result<Unverified<'a>, AuthError> {
    let mac = read::required(head.headers, &SIGNATURE)?
        .strip_prefix("sha256=")
        .and_then(read::hex)
        .ok_or_else(read::malformed)?;
    Ok(Unverified {
        before: Vec::new(),
        signatures: vec![Signature::Mac(mac)],
        time: None,
        identified_by: IdentifiedBy::Body,
    })
}

static DELIVERY: [HeaderName; 1] = [HeaderName::from_static("x-github-delivery")];
const SIGNATURE: HeaderName = HeaderName::from_static("x-hub-signature-256");
