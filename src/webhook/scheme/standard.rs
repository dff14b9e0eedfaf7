//! Standard Webhooks 1.0: `webhook-id`, `webhook-timestamp`, `webhook-signature`, or Svix's names.

use aws_lc_rs::hmac;
use http::{HeaderMap, HeaderName};

use crate::{
    error::{AuthError, ConfigError, ConfigErrorKind},
    webhook::{
        read,
        verify::{Head, IdentifiedBy, Key, Scheme, Signature, Unverified},
    },
};

pub(in crate::webhook) struct Standard;

impl Scheme for Standard {
    fn name(&self) -> &'static str {
        "standard_webhooks"
    }

    fn key(&self, secret: &str) -> Result<Key, ConfigError> {
        if let Some(key) = secret.strip_prefix("whpk_") {
            return Key::ed25519(&read::base64(key).ok_or_else(malformed_key)?);
        }
        let bytes = secret_bytes(secret)?;
        Key::hmac(hmac::HMAC_SHA256, &bytes)
    }

    fn unverified<'a>(&self, head: &Head<'a>) -> Result<Unverified<'a>, AuthError> {
        let [id, timestamp, signature] = fields(head.headers)?;
        // The three are joined by full stops: with a full stop in the id, two deliveries could have
        // equal signed bytes.
        if !is_id(id) {
            return Err(read::malformed());
        }
        let time = read::time(timestamp).ok_or_else(read::malformed)?;
        Ok(Unverified {
            before: vec![
                id.as_bytes().into(),
                b".".into(),
                timestamp.as_bytes().into(),
                b".".into(),
            ],
            signatures: signature.split(' ').filter_map(read_signature).collect(),
            time: Some(time),
            identified_by: IdentifiedBy::Id(id),
        })
    }

    fn leeway(&self) -> Option<u64> {
        Some(super::LEEWAY)
    }
}

/// A signature of a supported version; others are for other readers.
fn read_signature(signature: &str) -> Option<Signature<'static>> {
    match signature.split_once(',')? {
        ("v1", mac) => read::base64(mac).map(Signature::Mac),
        ("v1a", bytes) => read::base64(bytes).map(Signature::Ed25519),
        _ => None,
    }
}

/// Id, time and signatures, under one family of names. If both families are present they must be
/// equal, or the handler might read the one that was not verified.
fn fields(headers: &HeaderMap) -> Result<[&str; 3], AuthError> {
    let read = |names: &[HeaderName; 3]| -> Result<[Option<&str>; 3], AuthError> {
        let [id, timestamp, signature] = names;
        Ok([
            read::one(headers, id)?,
            read::one(headers, timestamp)?,
            read::one(headers, signature)?,
        ])
    };
    let (standard, svix) = (read(&STANDARD)?, read(&SVIX)?);
    let headers = match (standard == [None; 3], svix == [None; 3]) {
        (false, true) => standard,
        (true, false) => svix,
        (false, false) if standard == svix => standard,
        (true, true) => return Err(read::unsigned()),
        (false, false) => {
            return Err(AuthError::invalid_request("two_signature_families")
                .with_message("the webhook and svix headers differ"));
        }
    };
    match headers {
        [Some(id), Some(timestamp), Some(signature)] => Ok([id, timestamp, signature]),
        _ => Err(read::unsigned()),
    }
}

/// Whether the text can be the id of a delivery.
pub(in crate::webhook) fn is_id(id: &str) -> bool {
    !id.is_empty()
        && id
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'.')
}

/// The bytes of a `whsec_` secret.
pub(in crate::webhook) fn secret_bytes(secret: &str) -> Result<Vec<u8>, ConfigError> {
    if secret.trim().is_empty() {
        return Err(crate::webhook::verify::blank());
    }
    if secret.starts_with("whsk_") {
        return Err(ConfigError::new(
            ConfigErrorKind::WrongKey,
            "a webhook is verified with the public key (whpk_…): keep the private one (whsk_…) \
             where deliveries are signed",
        ));
    }
    let text = secret.strip_prefix("whsec_").unwrap_or(secret);
    let bytes = read::base64(text).ok_or_else(malformed_key)?;
    if bytes.len() < SHORTEST {
        return Err(ConfigError::new(
            ConfigErrorKind::WeakKey,
            "the secret of a webhook is shorter than the 24 bytes that Standard Webhooks asks \
             for: make one with `echo whsec_$(openssl rand -base64 32)`",
        ));
    }
    crate::webhook::verify::not_a_key_file(&bytes)?;
    Ok(bytes)
}

fn malformed_key() -> ConfigError {
    ConfigError::new(
        ConfigErrorKind::Malformed,
        "the secret of a webhook is not base64: copy it whole, as whsec_… or whpk_…",
    )
}

/// The names of the specification: id, time, signatures.
pub(in crate::webhook) const STANDARD: [HeaderName; 3] = [
    HeaderName::from_static("webhook-id"),
    HeaderName::from_static("webhook-timestamp"),
    HeaderName::from_static("webhook-signature"),
];
const SVIX: [HeaderName; 3] = [
    HeaderName::from_static("svix-id"),
    HeaderName::from_static("svix-timestamp"),
    HeaderName::from_static("svix-signature"),
];
const SHORTEST: usize = 24;
