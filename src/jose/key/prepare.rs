//! Prepares the numbers of a key for one algorithm, once.

use aws_lc_rs::{
    hmac,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519,
        ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
        RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384,
        RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents, VerificationAlgorithm,
    },
};

use super::{
    fault::KeyFault,
    material::{Curve, Material},
};
use crate::jose::Algorithm;

/// A key in the form that checks fastest.
#[expect(
    clippy::large_enum_variant,
    reason = "made once and kept behind an `Arc`: a box would only add a step to each check"
)]
pub(crate) enum Prepared {
    Hmac(hmac::Key),
    Public(ParsedPublicKey),
}

/// Prepares the numbers for one algorithm.
pub(super) fn prepare(material: &Material<'_>, algorithm: Algorithm) -> Result<Prepared, KeyFault> {
    match *material {
        Material::Secret { bytes, short } => secret(algorithm, bytes, short),
        Material::Rsa { n, e } => rsa(algorithm, n, e),
        Material::Ec { curve, point } => ec(algorithm, curve, point),
        Material::Ed25519(bytes) => match algorithm {
            Algorithm::EdDSA if bytes.len() == ED25519_LEN => parse(&ED25519, bytes),
            Algorithm::EdDSA => Err(KeyFault::Malformed),
            _ => Err(KeyFault::WrongType),
        },
    }
}

fn secret(algorithm: Algorithm, bytes: &[u8], short: bool) -> Result<Prepared, KeyFault> {
    let hmac = match algorithm {
        Algorithm::HS256 => hmac::HMAC_SHA256,
        Algorithm::HS384 => hmac::HMAC_SHA384,
        Algorithm::HS512 => hmac::HMAC_SHA512,
        _ => return Err(KeyFault::Symmetric),
    };
    if bytes.is_empty() {
        return Err(KeyFault::Blank);
    }
    if !short && bytes.len() < hmac.tag_len() {
        return Err(KeyFault::ShortSecret);
    }
    Ok(Prepared::Hmac(hmac::Key::new(hmac, bytes)))
}

fn rsa(algorithm: Algorithm, n: &[u8], e: &[u8]) -> Result<Prepared, KeyFault> {
    let parameters: &'static RsaParameters = match algorithm {
        Algorithm::RS256 => &RSA_PKCS1_2048_8192_SHA256,
        Algorithm::RS384 => &RSA_PKCS1_2048_8192_SHA384,
        Algorithm::RS512 => &RSA_PKCS1_2048_8192_SHA512,
        Algorithm::PS256 => &RSA_PSS_2048_8192_SHA256,
        Algorithm::PS384 => &RSA_PSS_2048_8192_SHA384,
        Algorithm::PS512 => &RSA_PSS_2048_8192_SHA512,
        _ => return Err(KeyFault::WrongType),
    };
    let (Some(high), Some(low)) = (n.first().filter(|high| **high != 0), n.last()) else {
        return Err(KeyFault::Malformed);
    };
    let bits = n.len().saturating_mul(8) - high.leading_zeros() as usize;
    if bits < 2048 {
        return Err(KeyFault::WeakRsa);
    }
    // The crypto library would accept the key and then refuse every signature.
    if bits > 8192 {
        return Err(KeyFault::HugeRsa);
    }
    if low % 2 == 0 {
        return Err(KeyFault::Malformed);
    }
    // With an exponent of 1 every message is its own signature; a huge one makes checks slow.
    match e {
        [0, ..] | [1] => return Err(KeyFault::BadExponent),
        [.., low] if low % 2 == 1 && e.len() <= 4 => {}
        _ => return Err(KeyFault::BadExponent),
    }
    RsaPublicKeyComponents { n, e }
        .to_parsed_public_key(parameters)
        .map(Prepared::Public)
        .map_err(|_| KeyFault::Malformed)
}

fn ec(algorithm: Algorithm, curve: Curve, point: &[u8]) -> Result<Prepared, KeyFault> {
    // The fixed form (r and s, each as long as the curve) is the only one in JOSE: RFC 7518 §3.4.
    let (wanted, verification): (_, &'static dyn VerificationAlgorithm) = match algorithm {
        Algorithm::ES256 => (Curve::P256, &ECDSA_P256_SHA256_FIXED),
        Algorithm::ES384 => (Curve::P384, &ECDSA_P384_SHA384_FIXED),
        Algorithm::ES512 => (Curve::P521, &ECDSA_P521_SHA512_FIXED),
        _ => return Err(KeyFault::WrongType),
    };
    if curve != wanted {
        return Err(KeyFault::WrongCurve);
    }
    // The crypto library reads a leading 0x30 as DER; a point starts with one of these.
    match point {
        [4, rest @ ..] if rest.len() == 2 * curve.size() => {}
        [2 | 3, rest @ ..] if rest.len() == curve.size() => {}
        _ => return Err(KeyFault::Malformed),
    }
    parse(verification, point)
}

/// Parses the key once; the crypto library checks that a point lies on its curve.
fn parse(
    algorithm: &'static dyn VerificationAlgorithm,
    bytes: &[u8],
) -> Result<Prepared, KeyFault> {
    ParsedPublicKey::new(algorithm, bytes)
        .map(Prepared::Public)
        .map_err(|_| KeyFault::Malformed)
}

const ED25519_LEN: usize = 32;
