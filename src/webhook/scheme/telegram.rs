//! Telegram: no signature, but the secret that was given to `setWebhook`, sent back in a header.

use http::HeaderName;

use crate::{
    error::{AuthError, ConfigError, ConfigErrorKind},
    webhook::{
        read,
        verify::{self, Head, IdentifiedBy, Key, Scheme, Signature, Unverified},
    },
};

pub(in crate::webhook) struct Telegram;

impl Scheme for Telegram {
    fn name(&self) -> &'static str {
        "telegram"
    }

    fn key(&self, secret: &str) -> Result<Key, ConfigError> {
        if secret.trim().is_empty() {
            return Err(verify::blank());
        }
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if secret.len() > LONGEST || !secret.bytes().all(is_allowed) {
            return Err(ConfigError::new(
                ConfigErrorKind::Malformed,
                "the secret of a Telegram webhook is 1 to 256 of the characters A-Z, a-z, 0-9, _ \
                 and -: make one with `openssl rand -hex 32`",
            ));
        }
        Ok(Key::Token(secret.into()))
    }

    fn unverified<'a>(&self, head: &Head<'a>) -> Result<Unverified<'a>, AuthError> {
        let token = read::required(head.headers, &TOKEN)?;
        Ok(Unverified {
            before: Vec::new(),
            signatures: vec![Signature::Token(token)],
            time: None,
            identified_by: IdentifiedBy::Body,
        })
    }

    fn leeway(&self) -> Option<u64> {
        None
    }

    fn secret_header(&self) -> Option<HeaderName> {
        Some(TOKEN)
    }
}

const TOKEN: HeaderName = HeaderName::from_static("x-telegram-bot-api-secret-token");
const LONGEST: usize = 256;
