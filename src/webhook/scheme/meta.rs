//! Meta (WhatsApp, Messenger, Instagram): GitHub's header format, with the app secret.

use aws_lc_rs::hmac;

use super::github::hub_signature;
use crate::{
    error::{AuthError, ConfigError},
    webhook::verify::{Head, Key, Scheme, Unverified},
};

pub(in crate::webhook) struct Meta;

impl Scheme for Meta {
    fn name(&self) -> &'static str {
        "meta"
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
}
