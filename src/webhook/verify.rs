//! Verifies deliveries of all schemes: checks what a scheme reads from a delivery against the keys.

use std::borrow::Cow;

use aws_lc_rs::{
    hmac,
    signature::{ED25519, ParsedPublicKey},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, Response, Uri};

use super::read;
use crate::{
    error::{AuthError, ConfigError, ConfigErrorKind},
    jose::key::is_key_file,
    secret::{self, Secret},
};

/// The signature scheme of one platform.
pub(super) trait Scheme: Send + Sync + 'static {
    /// The name that logs show, and the issuer of the callers.
    fn name(&self) -> &'static str;

    /// Reads a secret or public key in the form in which the platform gives it out.
    fn key(&self, secret: &str) -> Result<Key, ConfigError>;

    /// Reads the head of a delivery, before a byte of its body is read. Nothing is proven yet.
    fn unverified<'a>(&self, head: &Head<'a>) -> Result<Unverified<'a>, AuthError>;

    /// The signed part of the body, which follows [`Unverified::before`]: the whole body, unless the scheme
    /// says otherwise.
    fn signed_body<'b>(&self, _: &Head<'_>, body: &'b [u8]) -> Result<Cow<'b, [u8]>, AuthError> {
        Ok(body.into())
    }

    /// The leeway of a signed time in seconds, in either direction; `None` where the scheme signs
    /// none.
    fn leeway(&self) -> Option<u64>;

    /// The time inside the verified body.
    fn time_inside(&self, _body: &[u8]) -> Result<Option<u64>, AuthError> {
        Ok(None)
    }

    /// The platform's name of the delivery, inside the verified body.
    fn name_inside(&self, _body: &[u8]) -> Option<String> {
        None
    }

    /// The unsigned headers that name a delivery. If there are any, several deliveries may have equal
    /// signed bytes.
    fn unsigned_ids(&self) -> &[HeaderName] {
        &[]
    }

    /// Whether one signature fits several bodies that the handler would read differently.
    fn is_ambiguous(&self) -> bool {
        false
    }

    /// The answer to a delivery that was handled before: an empty 200, unless the platform needs
    /// another one.
    fn known_answer(&self) -> Response<Bytes> {
        Response::new(Bytes::new())
    }

    /// The header that is itself the secret. If there is one, nothing is signed and the body proves
    /// nothing.
    fn secret_header(&self) -> Option<HeaderName> {
        None
    }
}

/// The head of a delivery that is to be verified.
#[derive(Clone, Copy)]
pub(super) struct Head<'a> {
    pub(super) uri: &'a Uri,
    pub(super) headers: &'a HeaderMap,
}

/// What the head of a delivery says. Nothing of it is verified.
pub(super) struct Unverified<'a> {
    /// The signed bytes before the body, in pieces.
    pub(super) before: Vec<Cow<'a, [u8]>>,
    pub(super) signatures: Vec<Signature<'a>>,
    /// The signed time, in seconds.
    pub(super) time: Option<u64>,
    pub(super) identified_by: IdentifiedBy<'a>,
}

/// A signature, or the secret in its place.
pub(super) enum Signature<'a> {
    Mac(Vec<u8>),
    Ed25519(Vec<u8>),
    Token(&'a str),
}

/// The signed bytes that are the same in every copy of one delivery and in no other one.
#[derive(Clone, Copy)]
pub(super) enum IdentifiedBy<'a> {
    /// The name in the body, or else the whole body: a retry is signed anew with a later time.
    Body,
    /// An id that is signed, in a header.
    Id(&'a str),
    /// All signed bytes: nothing in them names the event.
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
        not_a_key_file(secret)?;
        Ok(Self::Hmac(Box::new(hmac::Key::new(algorithm, secret))))
    }

    /// Whether `signature` has the form of a signature by this key.
    fn could_have_made(&self, signature: &Signature<'_>) -> bool {
        match (self, signature) {
            (Self::Hmac(key), Signature::Mac(mac)) => mac.len() == key.algorithm().tag_len(),
            (Self::Ed25519(_), Signature::Ed25519(bytes)) => bytes.len() == ED25519_SIGNATURE_LEN,
            (Self::Token(_), Signature::Token(_)) => true,
            _ => false,
        }
    }

    pub(super) fn is_asymmetric(&self) -> bool {
        matches!(self, Self::Ed25519(_))
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

/// Checks everything that needs no body: one of the signatures must have the form of a signature by
/// one of the keys.
pub(super) fn check_form<'k>(
    unverified: &Unverified<'_>,
    keys: impl Iterator<Item = &'k Key> + Clone,
) -> Result<(), AuthError> {
    if unverified.signatures.len() > MOST_SIGNATURES {
        return Err(too_many());
    }
    let may_be_right = |signature| keys.clone().any(|key| key.could_have_made(signature));
    if unverified.signatures.iter().any(may_be_right) {
        Ok(())
    } else {
        Err(read::malformed())
    }
}

/// Checks that one of the keys made one of the signatures over `signed`.
pub(super) fn verify<'k>(
    unverified: &Unverified<'_>,
    signed: &[Cow<'_, [u8]>],
    keys: impl Iterator<Item = &'k Key> + Clone,
) -> Result<(), AuthError> {
    let mut asymmetric = Vec::new();
    for key in keys {
        match key {
            Key::Ed25519(key) => asymmetric.push(&**key),
            _ if made_one(key, unverified, signed) => return Ok(()),
            _ => {}
        }
    }
    if !asymmetric.is_empty() && verify_ed25519(unverified, &signed.concat(), &asymmetric)? {
        return Ok(());
    }
    Err(read::refused("wrong_signature"))
}

fn made_one(key: &Key, unverified: &Unverified<'_>, signed: &[Cow<'_, [u8]>]) -> bool {
    match key {
        Key::Hmac(key) => {
            let mut context = hmac::Context::with_key(key);
            signed.iter().for_each(|part| context.update(part));
            let tag = context.sign();
            let is_right = |signature: &Signature<'_>| matches!(signature, Signature::Mac(mac) if secret::equal(tag.as_ref(), mac));
            unverified.signatures.iter().any(is_right)
        }
        Key::Token(token) => unverified.signatures.iter().any(|signature| {
            matches!(signature, Signature::Token(text)
                if secret::equal(text.as_bytes(), token.expose().as_bytes()))
        }),
        Key::Ed25519(_) => false,
    }
}

/// Whether one of the keys made one of the signatures. It tries at most [`MOST_ASYMMETRIC`] pairs, the
/// first signature with every key first.
fn verify_ed25519(
    unverified: &Unverified<'_>,
    message: &[u8],
    keys: &[&ParsedPublicKey],
) -> Result<bool, AuthError> {
    let mut signatures: Vec<&[u8]> = Vec::new();
    for signature in &unverified.signatures {
        if let Signature::Ed25519(bytes) = signature
            && bytes.len() == ED25519_SIGNATURE_LEN
            && !signatures.contains(&&**bytes)
        {
            signatures.push(bytes);
        }
    }
    let mut left = MOST_ASYMMETRIC;
    for signature in signatures {
        for key in keys {
            left = left.checked_sub(1).ok_or_else(too_many)?;
            if key.verify_sig(message, signature).is_ok() {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn too_many() -> AuthError {
    AuthError::invalid_request("too_many_signatures")
        .with_message("the request shows too many signatures")
}

/// The error of a secret that is empty or nothing but white space.
pub(super) fn blank() -> ConfigError {
    ConfigError::new(
        ConfigErrorKind::Blank,
        "the secret of a webhook is blank: copy it from the platform's settings",
    )
}

/// If a public key served as the secret, everyone who knows it could sign.
pub(super) fn not_a_key_file(secret: &[u8]) -> Result<(), ConfigError> {
    if is_key_file(secret) {
        return Err(ConfigError::new(
            ConfigErrorKind::WrongKey,
            "a key file stands where the secret of a webhook belongs, and whoever knows that key \
             could sign deliveries with it: copy the secret from the platform's settings",
        ));
    }
    Ok(())
}

const ED25519_LEN: usize = 32;
const ED25519_SIGNATURE_LEN: usize = 64;
/// A rotation needs two or three.
const MOST_SIGNATURES: usize = 16;
/// The number of asymmetric signatures that are checked for one request: each costs as much as
/// thousands of comparisons, and the sender has proven nothing. It allows for two keys here and two
/// signatures there.
pub(super) const MOST_ASYMMETRIC: usize = 4;
