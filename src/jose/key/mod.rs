//! Verification keys: one algorithm each, parsed once.

use std::{fmt, sync::Arc};

use aws_lc_rs::hmac;

use super::Algorithm;
use crate::{
    error::{ConfigError, ConfigErrorKind},
    secret,
};

mod der;
mod disguise;
mod fault;
mod material;
mod pem;
mod prepare;

pub(crate) use disguise::is_key_file;
pub(crate) use fault::KeyFault;
pub(crate) use material::{Curve, Material};
use prepare::{Prepared, prepare};

/// A verification key of exactly one algorithm, with an id if it has one.
///
/// Cloning costs a reference count. The key is parsed and prepared when it is made, so every fault of
/// it is an error then, not at the first request.
///
/// # Example
///
/// ```
/// use tower_auth::{ConfigErrorKind, jose::{Algorithm, Key}};
///
/// let key = Key::hmac(Algorithm::HS256, "an example secret of 32 bytes …")?.with_id("2026-11");
/// assert_eq!(key.algorithm(), Algorithm::HS256);
/// assert_eq!(key.id(), Some("2026-11"));
///
/// let error = Key::hmac(Algorithm::HS256, "too short").unwrap_err();
/// assert_eq!(error.kind(), ConfigErrorKind::WeakKey);
/// assert!(error.to_string().contains("openssl rand -hex 32"));
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
///
/// Other forms of keys:
///
/// ```
/// use tower_auth::jose::{Algorithm, Key};
///
/// let pem = "-----BEGIN PUBLIC KEY-----\n\
///     MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n\
///     -----END PUBLIC KEY-----\n";
/// let key = Key::from_pem(Algorithm::EdDSA, pem)?;
/// let jwk = r#"{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
/// assert_eq!(Key::from_jwk(jwk)?.algorithm(), key.algorithm());
/// assert!(Key::from_der(Algorithm::EdDSA, b"no key").is_err());
///
/// let of_a_partner = Key::insecure_allow_short_secret(Algorithm::HS256, "16 bytes, no more")?;
/// # let _ = of_a_partner;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct Key {
    algorithm: Algorithm,
    id: Option<Arc<str>>,
    prepared: Arc<Prepared>,
}

impl Key {
    /// Makes an HMAC key from the bytes of a secret.
    ///
    /// # Errors
    ///
    /// The algorithm is not one of HS256, HS384 and HS512; the secret is shorter than the hash (RFC
    /// 7518 §3.2); or the secret is a key file (PEM, DER, JWK or OpenSSH, plain or in base64 or hex),
    /// with which everybody who knows the public key could sign (RFC 8725 §2.1).
    pub fn hmac(algorithm: Algorithm, secret: impl AsRef<[u8]>) -> Result<Self, ConfigError> {
        Self::from_secret(algorithm, secret.as_ref(), false)
    }

    /// Makes an HMAC key whose secret may be shorter than the hash; it may not be empty.
    ///
    /// # Security
    ///
    /// A short secret can be guessed from a single token, without asking the server.
    ///
    /// # Errors
    ///
    /// As [`hmac`](Self::hmac), except for the length.
    pub fn insecure_allow_short_secret(
        algorithm: Algorithm,
        secret: impl AsRef<[u8]>,
    ) -> Result<Self, ConfigError> {
        Self::from_secret(algorithm, secret.as_ref(), true)
    }

    /// Makes a public key from a PEM text: `PUBLIC KEY`, or `RSA PUBLIC KEY` (PKCS#1).
    ///
    /// # Errors
    ///
    /// The text is no such PEM, or holds a private key or a certificate; the key is of another type or
    /// curve than the algorithm's; or an RSA key has fewer than 2048 or more than 8192 bits: one check
    /// costs 19 times as much with 8192 bits as with 2048 (measured), and would cost over 60 times as
    /// much with 16,384. The error names the command that makes the right key.
    pub fn from_pem(algorithm: Algorithm, pem: &str) -> Result<Self, ConfigError> {
        let der = pem::decode(pem).map_err(|fault| fault.into_config(algorithm))?;
        Self::from_der(algorithm, &der)
    }

    /// Makes a public key from DER: a SubjectPublicKeyInfo, or an RSA public key of PKCS#1.
    ///
    /// # Errors
    ///
    /// As [`from_pem`](Self::from_pem).
    pub fn from_der(algorithm: Algorithm, der: &[u8]) -> Result<Self, ConfigError> {
        der::public_key(der)
            .and_then(|material| Self::prepare(algorithm, &material))
            .map_err(|fault| fault.into_config(algorithm))
    }

    /// Replaces the key's id: the `kid` that tokens name.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<Arc<str>>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// The only algorithm of the key.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The key's id.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Whether `signature` over `message` is a signature by this key.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match &*self.prepared {
            Prepared::Hmac(key) => secret::equal(hmac::sign(key, message).as_ref(), signature),
            Prepared::Public(key) => key.verify_sig(message, signature).is_ok(),
        }
    }

    /// The public key's numbers in one encoding for every kind of file; `None` for a secret.
    pub(crate) fn public_material(&self) -> Option<&[u8]> {
        match &*self.prepared {
            Prepared::Hmac(_) => None,
            Prepared::Public(key) => Some(key.as_ref()),
        }
    }

    /// Whether both are the same public key, each for its own algorithm.
    pub(crate) fn is_same_key(&self, other: &Self) -> bool {
        let (one, other) = (self.public_material(), other.public_material());
        one.is_some() && one == other
    }

    /// Makes a key from the numbers in a JWK or a DER structure.
    pub(crate) fn prepare(algorithm: Algorithm, material: &Material<'_>) -> Result<Self, KeyFault> {
        match *material {
            // RFC 8725 §2.1: everybody who knows the public key could sign with it.
            Material::Secret { bytes, .. } if algorithm.is_symmetric() && is_key_file(bytes) => {
                return Err(KeyFault::KeyFile);
            }
            _ => {}
        }
        Ok(Self {
            algorithm,
            id: None,
            prepared: Arc::new(prepare(material, algorithm)?),
        })
    }

    fn from_secret(algorithm: Algorithm, secret: &[u8], short: bool) -> Result<Self, ConfigError> {
        if !algorithm.is_symmetric() {
            return Err(ConfigError::new(
                ConfigErrorKind::WrongKey,
                format!(
                    "{algorithm} checks signatures with a public key, not with a secret: use \
                     `Key::from_pem` with one made by {}",
                    algorithm.recipe()
                ),
            ));
        }
        let material = Material::Secret {
            bytes: secret,
            short,
        };
        Self::prepare(algorithm, &material).map_err(|fault| fault.into_config(algorithm))
    }
}

impl fmt::Debug for Key {
    /// Shows the algorithm and the id, and no byte of the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("algorithm", &self.algorithm)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
