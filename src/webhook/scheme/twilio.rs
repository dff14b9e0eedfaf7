//! Twilio: HMAC-SHA1 over the configured address and the fields of a form. For any other body the
//! address holds a digest of it.

use std::borrow::Cow;

use aws_lc_rs::hmac;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, Response, StatusCode, Uri, header};
use sha2::{Digest, Sha256};

use crate::{
    error::{AuthError, ConfigError, ConfigErrorKind},
    secret,
    webhook::{
        read,
        reply::short_answer,
        verify::{Head, IdentifiedBy, Key, Scheme, Signature, Unverified},
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
        // Twilio supports no other hash. SHA-1 is still secure in an HMAC.
        Key::hmac(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes())
    }

    fn unverified<'a>(&self, head: &Head<'a>) -> Result<Unverified<'a>, AuthError> {
        let mac = read::required(head.headers, &SIGNATURE)?;
        let mac = read::base64(mac).ok_or_else(read::malformed)?;
        let mut before = vec![self.url.as_bytes().to_vec().into()];
        if let Some(query) = head.uri.query() {
            before.extend([b"?".into(), query.as_bytes().into()]);
        }
        digest_in(head.uri)?;
        Ok(Unverified {
            before,
            signatures: vec![Signature::Mac(mac)],
            time: None,
            identified_by: IdentifiedBy::Signed,
        })
    }

    fn signed_body<'b>(&self, head: &Head<'_>, body: &'b [u8]) -> Result<Cow<'b, [u8]>, AuthError> {
        let digest = digest_in(head.uri)?;
        let is_form = is_form(head.headers);
        // Of a form too: the content type is not signed, and without fields the signature would cover
        // no body.
        if digest.is_some() || !(is_form || body.is_empty()) {
            check_digest(digest.as_deref(), body)?;
        }
        Ok(if is_form { fields(body) } else { Vec::new() }.into())
    }

    fn leeway(&self) -> Option<u64> {
        None
    }

    fn unsigned_ids(&self) -> &[HeaderName] {
        &IDEMPOTENCY_TOKEN
    }

    /// Nothing separates the address, the names and the values: `a=bc` and `ab=c` have equal signed
    /// bytes, and so have `?a=1` with the field `A=1` and `?a=1A1` without one.
    fn is_ambiguous(&self) -> bool {
        true
    }

    /// Twilio executes the response: this one does nothing.
    fn known_answer(&self) -> Response<Bytes> {
        short_answer(StatusCode::OK, "text/xml", "<Response/>")
    }
}

/// Names and values of a form, decoded, sorted, and each pair once.
fn fields(body: &[u8]) -> Vec<u8> {
    let mut signed = Vec::with_capacity(body.len());
    let mut pairs: Vec<_> = form_urlencoded::parse(body).collect();
    pairs.sort_unstable();
    pairs.dedup();
    for (name, value) in pairs {
        signed.extend_from_slice(name.as_bytes());
        signed.extend_from_slice(value.as_bytes());
    }
    signed
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

static IDEMPOTENCY_TOKEN: [HeaderName; 1] = [HeaderName::from_static("i-twilio-idempotency-token")];
const SIGNATURE: HeaderName = HeaderName::from_static("x-twilio-signature");
