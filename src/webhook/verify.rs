//! The one engine: what a scheme reads from a delivery, checked against the keys.

use std::borrow::Cow;

use aws_lc_rs::{
    hmac,
    signature::{ED25519, ParsedPublicKey},
};
use http::{HeaderMap, HeaderName, Uri};

use super::read;
use crate::{AuthError, ConfigError, ConfigErrorKind, Secret, secret};

/// How one platform signs.
pub(super) trait Scheme: Send + Sync + 'static {
    /// The name that logs show, and the issuer of the callers.
    fn name(&self) -> &'static str;

    /// Reads a secret or public key as the platform hands it out.
    fn key(&self, secret: &str) -> Result<Key, ConfigError>;

    /// Reads what a delivery claims. Nothing here is proven yet.
    fn claim<'a>(&self, delivery: &Delivery<'a>) -> Result<Claim<'a>, AuthError>;

    /// How many seconds off a signed time may be, in either direction; nothing where the scheme
    /// signs none.
    fn window(&self) -> Option<u64>;

    /// The time that the verified body itself tells.
    fn time_inside(&self, _body: &[u8]) -> Result<Option<u64>, AuthError> {
        Ok(None)
    }

    /// The header that is itself the secret. Where there is one, nothing else is claimed: the body
    /// proves nothing.
    fn secret_header(&self) -> Option<HeaderName> {
        None
    }
}

/// A delivery that is to be verified.
#[derive(Clone, Copy)]
pub(super) struct Delivery<'a> {
    pub(super) uri: &'a Uri,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
}

/// What a delivery claims.
pub(super) struct Claim<'a> {
    /// The signed bytes, in pieces.
    pub(super) signed: Vec<Cow<'a, [u8]>>,
    pub(super) shown: Vec<Shown<'a>>,
    /// The signed time, in seconds.
    pub(super) time: Option<u64>,
    pub(super) once: Once<'a>,
}

/// A signature, or what stands for one.
pub(super) enum Shown<'a> {
    Mac(Vec<u8>),
    Ed25519(Vec<u8>),
    Token(&'a str),
}

/// The signed bytes that are the same in every copy of one delivery and in no other one.
#[derive(Clone, Copy)]
pub(super) enum Once<'a> {
    /// The body alone: it names the event, and a retry is signed anew with a later time.
    Body,
    /// An id that is signed.
    Id(&'a str),
    /// Everything that is signed: nothing in it names the event.
    Signed,
}

/// A secret or public key, prepared once.
pub(super) enum Key {
    Hmac(Box<hmac::Key>),
    Ed25519(Box<ParsedPublicKey>),
    Token(Secret),
}

impl Key {
    pub(super) fn hmac(algorithm: hmac::Algorithm, secret: &[u8]) -> Result<Self, ConfigError> {
        if secret.trim_ascii().is_empty() {
            return Err(blank());
        }
        Ok(Self::Hmac(Box::new(hmac::Key::new(algorithm, secret))))
    }

    pub(super) fn ed25519(bytes: &[u8]) -> Result<Self, ConfigError> {
        let parsed = (bytes.len() == ED25519_LEN)
            .then(|| ParsedPublicKey::new(&ED25519, bytes).ok())
            .flatten();
        parsed
            .map(|key| Self::Ed25519(Box::new(key)))
            .ok_or_else(|| {
                ConfigError::new(
                    ConfigErrorKind::WrongKey,
                    "the public key of a webhook is no Ed25519 key: it has 32 bytes",
                )
            })
    }
}

/// Checks that one of the keys made one of the signatures.
pub(super) fn verify<'k>(
    claim: &Claim<'_>,
    keys: impl IntoIterator<Item = &'k Key>,
) -> Result<(), AuthError> {
    if claim.shown.len() > MOST_SIGNATURES {
        return Err(AuthError::invalid_request("too_many_signatures")
            .with_message("the request shows too many signatures"));
    }
    if keys.into_iter().any(|key| made_one(key, claim)) {
        Ok(())
    } else {
        Err(read::refused("wrong_signature"))
    }
}

fn made_one(key: &Key, claim: &Claim<'_>) -> bool {
    match key {
        Key::Hmac(key) => {
            let mut context = hmac::Context::with_key(key);
            claim.signed.iter().for_each(|part| context.update(part));
            let tag = context.sign();
            any(
                claim,
                |shown| matches!(shown, Shown::Mac(mac) if secret::equal(tag.as_ref(), mac)),
            )
        }
        Key::Ed25519(key) => {
            let message = claim.signed.concat();
            any(
                claim,
                |shown| matches!(shown, Shown::Ed25519(bytes) if key.verify_sig(&message, bytes).is_ok()),
            )
        }
        Key::Token(token) => any(claim, |shown| {
            matches!(shown, Shown::Token(text)
                if secret::equal(text.as_bytes(), token.expose().as_bytes()))
        }),
    }
}

fn any(claim: &Claim<'_>, is_right: impl Fn(&Shown<'_>) -> bool) -> bool {
    claim.shown.iter().any(is_right)
}

/// The error of a secret that is empty or nothing but white space.
pub(super) fn blank() -> ConfigError {
    ConfigError::new(
        ConfigErrorKind::Blank,
        "the secret of a webhook is blank: copy it from the platform's settings",
    )
}

const ED25519_LEN: usize = 32;
/// Each costs an Ed25519 verification under a public key; a rotation shows two or three.
const MOST_SIGNATURES: usize = 16;
