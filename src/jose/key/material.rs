//! The numbers of a key, read from any kind of file.

use crate::jose::Algorithm;

/// A curve for ECDSA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Curve {
    P256,
    P384,
    P521,
}

/// The numbers of a key, before it is prepared for an algorithm.
pub(crate) enum Material<'a> {
    /// An HMAC secret; `short` allows fewer bytes than the hash has.
    Secret { bytes: &'a [u8], short: bool },
    /// Modulus and exponent, big-endian, without leading zeros.
    Rsa { n: &'a [u8], e: &'a [u8] },
    /// A point as SEC 1 writes it.
    Ec { curve: Curve, point: &'a [u8] },
    /// The 32 bytes of RFC 8032.
    Ed25519(&'a [u8]),
}

impl Curve {
    /// How many bytes a coordinate has.
    pub(crate) const fn size(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

impl Material<'_> {
    /// The asymmetric algorithms that fit the key.
    pub(crate) fn algorithms(&self) -> &'static [Algorithm] {
        use Algorithm::{ES256, ES384, ES512, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
        match self {
            Self::Secret { .. } => &[],
            Self::Rsa { .. } => &[RS256, RS384, RS512, PS256, PS384, PS512],
            Self::Ec { curve, .. } => match curve {
                Curve::P256 => &[ES256],
                Curve::P384 => &[ES384],
                Curve::P521 => &[ES512],
            },
            Self::Ed25519(_) => &[EdDSA],
        }
    }
}
