//! A small DER reader: it finds the numbers of a public key, and recognizes other contents of a file.

use super::{Curve, KeyFault, Material};

/// Reads a SubjectPublicKeyInfo (RFC 5280 §4.1) or an RSAPublicKey (RFC 8017 appendix A.1.1).
///
/// The identifier is read here and not by the crypto library, which accepts a key under several
/// identifiers and could not say what is wrong with another.
pub(crate) fn public_key(der: &[u8]) -> Result<Material<'_>, KeyFault> {
    let mut file = Reader(der);
    let mut outer = Reader(file.take(SEQUENCE)?);
    file.end()?;
    match outer.peek() {
        Some(INTEGER) => {
            let first = outer.take(INTEGER)?;
            // Private keys start with a version: PKCS#8 and PKCS#1 with 0 (or 1), SEC 1 with 1.
            if first.len() == 1 {
                return Err(KeyFault::Private);
            }
            rsa(first, &mut outer)
        }
        Some(SEQUENCE) => {
            let mut algorithm = Reader(outer.take(SEQUENCE)?);
            if algorithm.peek() != Some(OBJECT_ID) {
                // A certificate starts with the part that is signed.
                return Err(KeyFault::Certificate);
            }
            let id = algorithm.take(OBJECT_ID)?;
            let bits = match outer.take(BIT_STRING)? {
                [0, bits @ ..] => bits,
                _ => return Err(KeyFault::Malformed),
            };
            outer.end()?;
            info(id, &mut algorithm, bits)
        }
        _ => Err(KeyFault::Malformed),
    }
}

/// Whether that is a whole X.509 certificate (RFC 5280 §4.1): the signed part, the algorithm, the
/// signature.
pub(crate) fn is_certificate(der: &[u8]) -> bool {
    let read = || {
        let mut file = Reader(der);
        let mut outer = Reader(file.take(SEQUENCE)?);
        file.end()?;
        outer.take(SEQUENCE)?;
        let mut algorithm = Reader(outer.take(SEQUENCE)?);
        algorithm.take(OBJECT_ID)?;
        outer.take(BIT_STRING)?;
        outer.end()
    };
    read().is_ok()
}

/// Whether that is a private key: of PKCS#8 (RFC 5208 §5), PKCS#1 (RFC 8017 appendix A.1.2) or
/// SEC 1 (RFC 5915 §3).
pub(crate) fn is_private_key(der: &[u8]) -> bool {
    let read = || {
        let mut file = Reader(der);
        let mut outer = Reader(file.take(SEQUENCE)?);
        file.end()?;
        let version = outer.take(INTEGER)?;
        let next = match outer.peek() {
            Some(tag @ (SEQUENCE | INTEGER | OCTET_STRING)) => outer.take(tag)?,
            _ => return Err(KeyFault::Malformed),
        };
        Ok(matches!(version, [0 | 1]) && !next.is_empty())
    };
    read().unwrap_or(false)
}

fn info<'a>(
    id: &[u8],
    parameters: &mut Reader<'a>,
    bits: &'a [u8],
) -> Result<Material<'a>, KeyFault> {
    match id {
        RSA_ENCRYPTION => {
            let mut file = Reader(bits);
            let mut numbers = Reader(file.take(SEQUENCE)?);
            file.end()?;
            let n = numbers.take(INTEGER)?;
            rsa(n, &mut numbers)
        }
        RSASSA_PSS => Err(KeyFault::PssOnly),
        EC_PUBLIC_KEY => {
            let curve = match parameters.take(OBJECT_ID)? {
                PRIME256V1 => Curve::P256,
                SECP384R1 => Curve::P384,
                SECP521R1 => Curve::P521,
                _ => return Err(KeyFault::UnknownCurve),
            };
            parameters.end()?;
            Ok(Material::Ec { curve, point: bits })
        }
        ED25519 => {
            parameters.end()?;
            Ok(Material::Ed25519(bits))
        }
        X25519 | X448 | ED448 => Err(KeyFault::UnknownCurve),
        _ => Err(KeyFault::UnknownType),
    }
}

fn rsa<'a>(n: &'a [u8], rest: &mut Reader<'a>) -> Result<Material<'a>, KeyFault> {
    let e = rest.take(INTEGER)?;
    rest.end()?;
    Ok(Material::Rsa {
        n: unsigned(n)?,
        e: unsigned(e)?,
    })
}

/// A positive integer without the zero that keeps its highest bit from being a sign.
fn unsigned(integer: &[u8]) -> Result<&[u8], KeyFault> {
    match integer {
        [0, rest @ ..] if rest.first().is_some_and(|high| *high >= 0x80) => Ok(rest),
        [high, ..] if (1..0x80).contains(high) => Ok(integer),
        _ => Err(KeyFault::Malformed),
    }
}

/// The rest of a DER value.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    /// The content of the next element, if it has that tag.
    fn take(&mut self, tag: u8) -> Result<&'a [u8], KeyFault> {
        let [found, length, rest @ ..] = self.0 else {
            return Err(KeyFault::Malformed);
        };
        if *found != tag {
            return Err(KeyFault::Malformed);
        }
        // DER writes a length in the shortest form: X.690 §10.1.
        let (length, rest) = match (length, rest) {
            (0x81, [one, rest @ ..]) if *one >= 0x80 => (usize::from(*one), rest),
            (0x82, [high, low, rest @ ..]) if *high != 0 => {
                (usize::from(u16::from_be_bytes([*high, *low])), rest)
            }
            (short, rest) if *short < 0x80 => (usize::from(*short), rest),
            _ => return Err(KeyFault::Malformed),
        };
        let (content, rest) = rest.split_at_checked(length).ok_or(KeyFault::Malformed)?;
        self.0 = rest;
        Ok(content)
    }

    fn end(&self) -> Result<(), KeyFault> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(KeyFault::Malformed)
        }
    }
}

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OBJECT_ID: u8 = 0x06;
const SEQUENCE: u8 = 0x30;

/// 1.2.840.113549.1.1.1
const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
/// 1.2.840.113549.1.1.10
const RSASSA_PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a];
/// 1.2.840.10045.2.1
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
/// 1.2.840.10045.3.1.7
const PRIME256V1: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
/// 1.3.132.0.34
const SECP384R1: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
/// 1.3.132.0.35
const SECP521R1: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x23];
/// 1.3.101.110 to 113
const X25519: &[u8] = &[0x2b, 0x65, 0x6e];
const X448: &[u8] = &[0x2b, 0x65, 0x6f];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
const ED448: &[u8] = &[0x2b, 0x65, 0x71];
