//! Discord: Ed25519 over `{time}{body}`.

use http::HeaderName;

use crate::{
    AuthError, ConfigError, ConfigErrorKind,
    webhook::{
        read,
        verify::{Claim, Delivery, Key, Once, Scheme, Shown},
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

    fn claim<'a>(&self, delivery: &Delivery<'a>) -> Result<Claim<'a>, AuthError> {
        let signature = read::required(delivery.headers, &SIGNATURE)?;
        let timestamp = read::required(delivery.headers, &TIMESTAMP)?;
        let signature = read::hex(signature).ok_or_else(read::malformed)?;
        let time = read::time(timestamp).ok_or_else(read::malformed)?;
        Ok(Claim {
            signed: vec![timestamp.as_bytes().into(), delivery.body.into()],
            shown: vec![Shown::Ed25519(signature)],
            time: Some(time),
            once: Once::Body,
        })
    }

    fn window(&self) -> Option<u64> {
        Some(super::WINDOW)
    }
}

const SIGNATURE: HeaderName = HeaderName::from_static("x-signature-ed25519");
const TIMESTAMP: HeaderName = HeaderName::from_static("x-signature-timestamp");
