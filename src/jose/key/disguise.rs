//! Detecting a key file that was given as a secret.

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use zeroize::Zeroizing;

use super::{Curve, KeyFault, Material, der, prepare::prepare};
use crate::{hex, jose::Algorithm};

/// Whether the bytes are a key file, plain or in base64 or hex, rather than a secret.
///
/// A public key is known to everybody, and everybody who knows an HMAC secret can sign with it (RFC
/// 8725 §2.1). Tools print public keys as PEM, as the base64 inside a PEM on one line, as base64 of
/// the whole PEM (Kubernetes), as hex, and as JSON.
pub(crate) fn is_key_file(secret: &[u8]) -> bool {
    if is_plain_key_file(secret) {
        return true;
    }
    let Ok(text) = std::str::from_utf8(secret) else {
        return false;
    };
    // Of a PEM that went through JSON or a shell, line breaks and quotes may be left.
    let text = Zeroizing::new(text.replace("\\n", "").replace("\\r", ""));
    let is_noise = |char: char| char.is_whitespace() || matches!(char, '"' | '\'');
    let text: Zeroizing<String> =
        Zeroizing::new(text.chars().filter(|char| !is_noise(*char)).collect());
    [from_hex(&text), from_base64(&text)]
        .into_iter()
        .flatten()
        .any(|bytes| is_plain_key_file(&bytes))
}

fn is_plain_key_file(bytes: &[u8]) -> bool {
    let text = bytes.trim_ascii_start();
    let holds = |part: &[u8]| text.windows(part.len()).any(|window| window == part);
    holds(b"-----BEGIN ")
        || holds(b"<RSAKeyValue>")
        || (text.starts_with(b"{") || text.starts_with(b"[")) && holds(b"\"kty\"")
        || SSH.iter().any(|name| text.starts_with(name))
        || is_ssh_blob(bytes)
        || is_der(bytes)
        || is_point(bytes)
}

/// A single point of a curve, as in VAPID (RFC 8292 §3.2). Random bytes are not on a curve.
fn is_point(point: &[u8]) -> bool {
    let curves = [
        (Curve::P256, Algorithm::ES256),
        (Curve::P384, Algorithm::ES384),
        (Curve::P521, Algorithm::ES512),
    ];
    let on = |(curve, algorithm)| prepare(&Material::Ec { curve, point }, algorithm).is_ok();
    point.first() == Some(&4) && curves.into_iter().any(on)
}

/// DER differs from random bytes by its lengths and tags, which must fit to the last byte.
fn is_der(bytes: &[u8]) -> bool {
    match der::public_key(bytes) {
        Ok(_) => true,
        Err(KeyFault::PssOnly | KeyFault::UnknownCurve | KeyFault::UnknownType) => true,
        Err(KeyFault::Certificate) => der::is_certificate(bytes),
        Err(KeyFault::Private) => der::is_private_key(bytes),
        Err(_) => false,
    }
}

/// RFC 4253 §6.6: a length in four bytes, and the name of the key's type.
fn is_ssh_blob(bytes: &[u8]) -> bool {
    let Some((length, rest)) = bytes.split_first_chunk::<4>() else {
        return false;
    };
    let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
    let name = rest.get(..length).unwrap_or_default();
    SSH.iter().any(|known| name.starts_with(known))
}

/// With colons between the bytes or without.
fn from_hex(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let digits = Zeroizing::new(digits.replace(':', ""));
    hex::decode(&digits).map(Zeroizing::new)
}

/// Either alphabet, with padding or without.
fn from_base64(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    );
    let text = Zeroizing::new(text.replace('-', "+").replace('_', "/"));
    LENIENT.decode(text.as_bytes()).ok().map(Zeroizing::new)
}

const SSH: [&[u8]; 3] = [b"ssh-", b"ecdsa-sha2-", b"sk-ssh-"];

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::is_key_file;

    proptest! {
        /// A random secret that looks like a key file would be refused.
        #[test]
        fn random_secrets_are_no_key_files(bytes in vec(any::<u8>(), 0..200)) {
            use base64::{Engine, engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD}};
            prop_assert!(!is_key_file(&bytes));
            prop_assert!(!is_key_file(STANDARD.encode(&bytes).as_bytes()));
            prop_assert!(!is_key_file(URL_SAFE_NO_PAD.encode(&bytes).as_bytes()));
            prop_assert!(!is_key_file(crate::hex::encode(&bytes).as_bytes()));
        }
    }
}
