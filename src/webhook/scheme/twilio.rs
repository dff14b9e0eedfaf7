//! Twilio: HMAC-SHA1 over the address it was told to call, and over the fields of a form. Of any
//! other body the address holds a digest.

use std::borrow::Cow;

use aws_lc_rs::hmac;
use http::{HeaderMap, HeaderName, Uri, header};
use sha2::{Digest, Sha256};

use crate::{
    AuthError, ConfigError, ConfigErrorKind, secret,
    webhook::{
        read,
        verify::{Claim, Delivery, Key, Once, Scheme, Shown},
    },
};

pub(in crate::webhook) struct Twilio {
    url: Box<str>,
}

impl Twilio {
    pub(in crate::webhook) fn new(url: &str) -> Result<Self, ConfigError> {
        let has_host = url
            .parse::<Uri>()
            .is_ok_and(|uri| uri.host().is_some() && uri.scheme().is_some());
        if !has_host || url.contains(['?', '#']) {
            return Err(ConfigError::new(
                ConfigErrorKind::Malformed,
                format!(
                    "the address {url:?} of a Twilio webhook is not usable: write it as it stands \
                     at Twilio, https://host/path, without what follows a question mark"
                ),
            ));
        }
        Ok(Self { url: url.into() })
    }
}

impl Scheme for Twilio {
    fn name(&self) -> &'static str {
        "twilio"
    }

    fn key(&self, secret: &str) -> Result<Key, ConfigError> {
        // Twilio signs with nothing else. As a MAC SHA-1 still holds.
        Key::hmac(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes())
    }

    fn claim<'a>(&self, delivery: &Delivery<'a>) -> Result<Claim<'a>, AuthError> {
        let mac = read::required(delivery.headers, &SIGNATURE)?;
        let mac = read::base64(mac).ok_or_else(read::malformed)?;
        // In one piece, so that a call without a body and a form without fields are one delivery.
        let mut signed = self.url.to_string().into_bytes();
        if let Some(query) = delivery.uri.query() {
            signed.push(b'?');
            signed.extend_from_slice(query.as_bytes());
        }
        let digest = digest_in(delivery.uri)?;
        let is_form = is_form(delivery.headers);
        if is_form {
            add_fields(&mut signed, delivery.body);
        }
        // Of a form too: the content type is not signed, and without fields it would prove no body.
        if digest.is_some() || !(is_form || delivery.body.is_empty()) {
            check_digest(digest.as_deref(), delivery.body)?;
        }
        Ok(Claim {
            signed: vec![signed.into()],
            shown: vec![Shown::Mac(mac)],
            time: None,
            once: Once::Signed,
        })
    }

    fn window(&self) -> Option<u64> {
        None
    }
}

/// Names and values of a form, decoded, sorted, and each pair once.
fn add_fields(signed: &mut Vec<u8>, body: &[u8]) {
    let mut pairs: Vec<_> = form_urlencoded::parse(body).collect();
    pairs.sort_unstable();
    pairs.dedup();
    for (name, value) in pairs {
        signed.extend_from_slice(name.as_bytes());
        signed.extend_from_slice(value.as_bytes());
    }
}

/// The signed address must hold this body's digest.
fn check_digest(shown: Option<&str>, body: &[u8]) -> Result<(), AuthError> {
    let shown = shown
        .and_then(read::hex)
        .ok_or_else(|| read::refused("no_body_digest"))?;
    if secret::equal(&Sha256::digest(body), &shown) {
        Ok(())
    } else {
        Err(read::refused("wrong_body_digest"))
    }
}

fn digest_in(uri: &Uri) -> Result<Option<Cow<'_, str>>, AuthError> {
    let query = uri.query().unwrap_or_default();
    let mut values = form_urlencoded::parse(query.as_bytes())
        .filter_map(|(name, value)| (name == "bodySHA256").then_some(value));
    let value = values.next();
    match values.next() {
        None => Ok(value),
        Some(_) => Err(read::malformed()),
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|value| {
        let essence = value.as_bytes().split(|&byte| byte == b';').next();
        essence
            .unwrap_or_default()
            .trim_ascii()
            .eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
    })
}

const SIGNATURE: HeaderName = HeaderName::from_static("x-twilio-signature");
