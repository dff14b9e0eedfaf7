//! Signature and MAC algorithms. `none` is not one of them.

use std::{fmt, str::FromStr};

use crate::error::{ConfigError, ConfigErrorKind};

/// A signature or MAC algorithm of RFC 7518 §3.1 or RFC 8037 §3.1.
///
/// Names are compared exactly, case included. `Ed25519`, the name that RFC 9864 gives to `EdDSA` with
/// that curve, means [`Algorithm::EdDSA`]: this crate supports no other curve, so the two names always
/// mean one algorithm.
///
/// # Example
///
/// ```
/// use tower_auth::jose::Algorithm;
///
/// let algorithm: Algorithm = "ES256".parse()?;
/// assert_eq!(algorithm, Algorithm::ES256);
/// assert!(!algorithm.is_symmetric());
/// assert!("none".parse::<Algorithm>().is_err());
/// assert!("es256".parse::<Algorithm>().is_err());
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
///
/// A list of allowed algorithms:
///
/// ```
/// use tower_auth::jose::Algorithm;
///
/// let signatures: Vec<_> = Algorithm::ALL.iter().filter(|one| !one.is_symmetric()).collect();
/// assert!(signatures.contains(&&Algorithm::ES256) && !signatures.contains(&&Algorithm::HS256));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// HMAC with SHA-256.
    HS256,
    /// HMAC with SHA-384.
    HS384,
    /// HMAC with SHA-512.
    HS512,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RS256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    RS384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    RS512,
    /// RSASSA-PSS with SHA-256.
    PS256,
    /// RSASSA-PSS with SHA-384.
    PS384,
    /// RSASSA-PSS with SHA-512.
    PS512,
    /// ECDSA with P-256 and SHA-256.
    ES256,
    /// ECDSA with P-384 and SHA-384.
    ES384,
    /// ECDSA with P-521 and SHA-512.
    ES512,
    /// Ed25519.
    EdDSA,
}

impl Algorithm {
    /// Every supported algorithm.
    pub const ALL: &'static [Self] = &[
        Self::HS256,
        Self::HS384,
        Self::HS512,
        Self::RS256,
        Self::RS384,
        Self::RS512,
        Self::PS256,
        Self::PS384,
        Self::PS512,
        Self::ES256,
        Self::ES384,
        Self::ES512,
        Self::EdDSA,
    ];

    /// The registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HS256 => "HS256",
            Self::HS384 => "HS384",
            Self::HS512 => "HS512",
            Self::RS256 => "RS256",
            Self::RS384 => "RS384",
            Self::RS512 => "RS512",
            Self::PS256 => "PS256",
            Self::PS384 => "PS384",
            Self::PS512 => "PS512",
            Self::ES256 => "ES256",
            Self::ES384 => "ES384",
            Self::ES512 => "ES512",
            Self::EdDSA => "EdDSA",
        }
    }

    /// Whether the key that checks a token can also make one, as with the HMAC algorithms.
    pub const fn is_symmetric(self) -> bool {
        matches!(self, Self::HS256 | Self::HS384 | Self::HS512)
    }

    /// The algorithm of that exact name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        if name == "Ed25519" {
            return Some(Self::EdDSA);
        }
        Self::ALL.iter().copied().find(|one| one.as_str() == name)
    }

    /// The command that makes the right key.
    pub(crate) const fn recipe(self) -> &'static str {
        match self {
            Self::HS256 => "`openssl rand -hex 32`",
            Self::HS384 => "`openssl rand -hex 48`",
            Self::HS512 => "`openssl rand -hex 64`",
            Self::RS256 | Self::RS384 | Self::RS512 | Self::PS256 | Self::PS384 | Self::PS512 => {
                "`openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out private.pem` \
                 and `openssl pkey -in private.pem -pubout -out public.pem`"
            }
            Self::ES256 => {
                "`openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out private.pem` \
                 and `openssl pkey -in private.pem -pubout -out public.pem`"
            }
            Self::ES384 => {
                "`openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out private.pem` \
                 and `openssl pkey -in private.pem -pubout -out public.pem`"
            }
            Self::ES512 => {
                "`openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521 -out private.pem` \
                 and `openssl pkey -in private.pem -pubout -out public.pem`"
            }
            Self::EdDSA => {
                "`openssl genpkey -algorithm ED25519 -out private.pem` \
                 and `openssl pkey -in private.pem -pubout -out public.pem`"
            }
        }
    }
}

impl FromStr for Algorithm {
    type Err = ConfigError;

    /// Reads a name as it stands in a header or a configuration.
    fn from_str(name: &str) -> Result<Self, ConfigError> {
        Self::from_name(name).ok_or_else(|| {
            ConfigError::new(
                ConfigErrorKind::Unsupported,
                "no such signature algorithm: write one of HS256, HS384, HS512, RS256, RS384, \
                 RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA",
            )
        })
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back() {
        for algorithm in Algorithm::ALL {
            assert_eq!(
                algorithm.to_string().parse::<Algorithm>().unwrap(),
                *algorithm
            );
        }
        assert_eq!(Algorithm::from_name("Ed25519"), Some(Algorithm::EdDSA));
    }

    #[test]
    fn near_names_do_not_exist() {
        for name in [
            "", "none", "None", "NONE", "nOnE", "hs256", "HS256 ", " HS256", "HS256\0", "HS1",
            "RS1", "ES256K", "ES521", "EDDSA", "eddsa", "Ed448", "ed25519", "PS128",
        ] {
            assert!(name.parse::<Algorithm>().is_err(), "{name:?}");
        }
    }
}
