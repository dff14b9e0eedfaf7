//! The reasons why a key cannot be used.

use crate::{
    error::{ConfigError, ConfigErrorKind},
    jose::Algorithm,
};

/// The reason why a key cannot be used: a code for the log of a key set, and a sentence for a
/// configuration error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyFault {
    BadJson,
    BadPem,
    EscapedPem,
    SeveralPem,
    Malformed,
    Certificate,
    Private,
    Symmetric,
    Blank,
    KeyFile,
    ShortSecret,
    WeakRsa,
    HugeRsa,
    BadExponent,
    PssOnly,
    WrongType,
    WrongCurve,
    UnknownType,
    UnknownCurve,
    UnknownAlgorithm,
    OtherAlgorithm,
    BadKid,
    OtherUse,
    NoVerifyOp,
}

impl KeyFault {
    /// The stable name of the reason, for the log of a key set.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::BadJson => "jwk_bad_json",
            Self::BadPem | Self::EscapedPem | Self::SeveralPem => "key_bad_pem",
            Self::Malformed | Self::Blank | Self::KeyFile => "jwk_malformed",
            Self::Certificate => "key_certificate",
            Self::Private => "jwk_private",
            Self::Symmetric => "jwk_symmetric",
            Self::ShortSecret | Self::WeakRsa => "jwk_weak",
            Self::HugeRsa => "jwk_too_large",
            Self::BadExponent => "jwk_bad_exponent",
            Self::PssOnly | Self::WrongType | Self::WrongCurve => "jwk_alg_type",
            Self::UnknownType => "jwk_unknown_kty",
            Self::UnknownCurve => "jwk_unknown_crv",
            Self::UnknownAlgorithm => "jwk_unknown_alg",
            Self::OtherAlgorithm => "jwk_other_alg",
            Self::BadKid => "jwk_bad_kid",
            Self::OtherUse => "jwk_use",
            Self::NoVerifyOp => "jwk_key_ops",
        }
    }

    /// The fault as a configuration error that tells how to mend a key of that algorithm.
    pub(crate) fn into_config(self, algorithm: Algorithm) -> ConfigError {
        let what = self.sentence();
        let (kind, message) = match self {
            Self::ShortSecret => (
                ConfigErrorKind::WeakKey,
                format!(
                    "the {algorithm} secret is shorter than the hash: make one with {}, or use \
                     `Key::insecure_allow_short_secret` if it cannot be changed",
                    algorithm.recipe()
                ),
            ),
            Self::KeyFile => (
                ConfigErrorKind::WrongKey,
                format!(
                    "a key file stands where the {algorithm} secret belongs, and whoever knows \
                     that key could sign tokens with it: use `Key::from_pem` or `Key::from_jwk` \
                     with its own algorithm, or make a secret with {}",
                    algorithm.recipe()
                ),
            ),
            Self::Private => (ConfigErrorKind::WrongKey, what.to_owned()),
            Self::Certificate => (ConfigErrorKind::WrongKey, what.to_owned()),
            Self::WeakRsa | Self::HugeRsa | Self::BadExponent => (
                ConfigErrorKind::WeakKey,
                format!("{what}: make one with {}", algorithm.recipe()),
            ),
            Self::PssOnly | Self::WrongType | Self::WrongCurve | Self::Symmetric => (
                ConfigErrorKind::WrongKey,
                format!(
                    "{what} {algorithm}: choose the algorithm that the tokens are signed with, or \
                     make a key with {}",
                    algorithm.recipe()
                ),
            ),
            Self::OtherAlgorithm | Self::OtherUse | Self::NoVerifyOp => {
                (ConfigErrorKind::WrongKey, what.to_owned())
            }
            Self::UnknownType | Self::UnknownCurve | Self::UnknownAlgorithm => {
                (ConfigErrorKind::Unsupported, what.to_owned())
            }
            Self::Blank => (
                ConfigErrorKind::Blank,
                format!("{what}: make one with {}", algorithm.recipe()),
            ),
            Self::BadJson | Self::BadKid | Self::EscapedPem | Self::SeveralPem => {
                (ConfigErrorKind::Malformed, what.to_owned())
            }
            Self::BadPem | Self::Malformed => (
                ConfigErrorKind::Malformed,
                format!("{what}: make one with {}", algorithm.recipe()),
            ),
        };
        ConfigError::new(kind, message)
    }

    /// The fault as a configuration error where no algorithm is known, because the JWK could not be
    /// read that far.
    pub(crate) fn into_jwk_config(self) -> ConfigError {
        let kind = match self {
            Self::UnknownAlgorithm => ConfigErrorKind::Unsupported,
            _ => ConfigErrorKind::Malformed,
        };
        ConfigError::new(kind, self.sentence())
    }

    const fn sentence(self) -> &'static str {
        match self {
            Self::BadJson => {
                "the JWK is not a JSON object with each member once: copy it whole from the issuer"
            }
            Self::BadPem => {
                "the text is no PEM public key (`-----BEGIN PUBLIC KEY-----`): give the file's \
                 content, not its path"
            }
            Self::EscapedPem => {
                "the PEM holds the two characters `\\n` where line breaks belong: replace them, as \
                 in `printf '%b' \"$KEY\"`"
            }
            Self::SeveralPem => "the text holds several PEM blocks: give the one public key",
            Self::Malformed => "the key cannot be read as a public key",
            Self::Certificate => {
                "a certificate stands where a public key belongs: take the key out with \
                 `openssl x509 -in certificate.pem -pubkey -noout -out public.pem`"
            }
            Self::Private => {
                "a private key stands where a public key belongs; whoever only checks tokens must \
                 not be able to make them: take the public part with \
                 `openssl pkey -in private.pem -pubout -out public.pem` (of a JWK, leave out \
                 \"d\", \"p\", \"q\", \"dp\", \"dq\", \"qi\")"
            }
            Self::Symmetric => "a symmetric key cannot serve",
            Self::Blank => "the secret is empty",
            Self::KeyFile => "a key file stands where the secret belongs",
            Self::ShortSecret => "the secret is shorter than the hash",
            Self::WeakRsa => "the RSA key has fewer than 2048 bits",
            Self::HugeRsa => "the RSA key has more than 8192 bits, which makes every check slow",
            Self::BadExponent => {
                "the RSA key's exponent is not an odd number between 3 and 2^32, as 65537 is"
            }
            Self::PssOnly => {
                "the RSA key is restricted to PSS by its identifier and not by the algorithm; such \
                 a key cannot serve"
            }
            Self::WrongType => "the key is of another type than the algorithm's and cannot serve",
            Self::WrongCurve => "the key is on another curve than the algorithm's and cannot serve",
            Self::UnknownType => {
                "keys of this type are not supported: use RSA, EC (P-256, P-384, P-521) or Ed25519"
            }
            Self::UnknownCurve => {
                "keys on this curve are not supported: use P-256, P-384, P-521 or Ed25519"
            }
            Self::UnknownAlgorithm => {
                "the JWK's \"alg\" is no signature algorithm: write one of HS256, HS384, HS512, \
                 RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA"
            }
            Self::OtherAlgorithm => {
                "the JWK's \"alg\" is another algorithm than the one asked for: ask for that one, \
                 with `Key::from_jwk`"
            }
            Self::BadKid => "the JWK's \"kid\" is not a string: put it in quotes",
            Self::OtherUse => "the JWK's \"use\" is not \"sig\": take the issuer's signature key",
            Self::NoVerifyOp => {
                "the JWK's \"key_ops\" is no list with \"verify\" in it: take the issuer's \
                 signature key"
            }
        }
    }
}
