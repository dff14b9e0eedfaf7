//! Strict readers for the headers of a delivery.

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName};

use crate::{error::AuthError, hex, reading::is_uncompressed};

/// The only value of a header; `None` where it is absent or blank.
pub(super) fn one<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'a str>, AuthError> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(AuthError::invalid_request("signature_header_twice")
            .with_message("a signature header may be sent only once"));
    }
    if value.len() > LONGEST {
        return Err(AuthError::invalid_request("signature_header_too_long")
            .with_message("a signature header is too long"));
    }
    let text = value.to_str().map_err(|_| malformed())?;
    Ok((!text.trim().is_empty()).then_some(text))
}

/// The only value of a header that a signed delivery must have.
pub(super) fn required<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> Result<&'a str, AuthError> {
    one(headers, name)?.ok_or_else(unsigned)
}

/// Refuses a compressed body: platforms sign the plain bytes, and unproven bodies are not inflated.
pub(super) fn check_encoding(headers: &HeaderMap) -> Result<(), AuthError> {
    if is_uncompressed(headers) {
        return Ok(());
    }
    Err(AuthError::invalid_request("compressed_body").with_message(
        "the body is compressed: send the bytes that were signed, without Content-Encoding",
    ))
}

/// Lower-case hexadecimal, as every platform writes it: a signature in another spelling is not from
/// the platform.
pub(super) fn hex(text: &str) -> Option<Vec<u8>> {
    let is_lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
    is_lower.then(|| hex::decode(text))?
}

/// Base64 with its padding.
pub(super) fn base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Base64 of these bytes, with its padding.
pub(super) fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// A time in whole seconds in a header: decimal digits only, the first not zero, at most the length of
/// a time. Every platform writes it so; a sign, a fraction, an exponent or a leading zero is not from
/// the platform.
pub(super) fn time(text: &str) -> Option<u64> {
    let is_plain = text.len() <= 15 && text.bytes().all(|byte| byte.is_ascii_digit());
    (is_plain && !text.starts_with('0')).then(|| text.parse().ok())?
}

/// The request has no signature.
pub(super) fn unsigned() -> AuthError {
    AuthError::missing_credential()
        .with_reason("no_signature")
        .with_message("a signature is required")
}

/// The request has a signature in a form that no signer writes.
pub(super) fn malformed() -> AuthError {
    refused("malformed_signature")
}

/// The refusal of a delivery whose signature or secret does not fit.
pub(super) fn refused(reason: &'static str) -> AuthError {
    AuthError::invalid_credential(reason).with_message("the signature is not valid")
}

/// Far above the length of any platform's signature header.
const LONGEST: usize = 8 * 1024;
