//! The client that asks an endpoint, and the certificate authorities that it trusts.

use std::{fmt, io::Read, path::Path, sync::Arc};

use reqwest::{Certificate, Client, ClientBuilder};

use super::{client::HttpClient, file};
use crate::error::{ConfigError, ConfigErrorKind};

/// The client that asks an endpoint.
#[derive(Clone, Default)]
pub(crate) enum Transport {
    /// The client of this crate, with the authorities that the system trusts.
    #[default]
    Standard,
    /// The client of this crate, with only these authorities.
    PrivateCa(Arc<[Certificate]>),
    /// A tower service of the application.
    Service(Arc<dyn HttpClient>),
}

impl Transport {
    /// The client of this crate, with the certificate authorities in a PEM file.
    pub(crate) fn with_ca_file(path: &Path) -> Result<Self, ConfigError> {
        let fault = |kind, why: &str| {
            let message = format!("the CA file {path:?} {why}");
            Err(ConfigError::new(kind, message))
        };
        let mut pem = Vec::new();
        let read =
            file::open(path).and_then(|file| file.take(MAX_CA_LEN + 1).read_to_end(&mut pem));
        match read {
            Err(error) => {
                return fault(
                    ConfigErrorKind::Unknown,
                    &format!("cannot be read: {error}"),
                );
            }
            Ok(_) if u64::try_from(pem.len()).is_ok_and(|len| len > MAX_CA_LEN) => {
                return fault(ConfigErrorKind::Malformed, "is larger than 1 MiB");
            }
            Ok(_) => {}
        }
        Self::with_ca(&pem).or_else(|CaFault { kind, why }| fault(kind, why))
    }

    /// The client of this crate, with the certificate authorities in a PEM text.
    pub(crate) fn with_ca(pem: &[u8]) -> Result<Self, CaFault> {
        if String::from_utf8_lossy(pem).contains("PRIVATE KEY-----") {
            return Err(CaFault {
                kind: ConfigErrorKind::WrongKey,
                why: "holds a private key, which belongs to the authority alone: give the \
                      certificate",
            });
        }
        let malformed = CaFault {
            kind: ConfigErrorKind::Malformed,
            why: "holds no certificate that can be read: write it as PEM, \
                  -----BEGIN CERTIFICATE-----",
        };
        let certificates = Certificate::from_pem_bundle(pem).map_err(|_| malformed)?;
        if certificates.is_empty() {
            return Err(malformed);
        }
        let made = Self::PrivateCa(certificates.into());
        // The client reads certificates in full only when it is made.
        match made.builder(Client::builder()).build() {
            Ok(_) => Ok(made),
            Err(_) => Err(malformed),
        }
    }

    /// The builder, with the authorities that this transport trusts.
    pub(super) fn builder(&self, client: ClientBuilder) -> ClientBuilder {
        match self {
            Self::PrivateCa(authorities) => client.tls_certs_only(authorities.iter().cloned()),
            Self::Standard | Self::Service(_) => client,
        }
    }
}

/// The reason why a text cannot be used as certificate authorities: the end of a sentence about its
/// source.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CaFault {
    pub(crate) kind: ConfigErrorKind,
    pub(crate) why: &'static str,
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Standard => "Standard",
            Self::PrivateCa(_) => "PrivateCa",
            Self::Service(_) => "Service",
        })
    }
}

/// In bytes.
const MAX_CA_LEN: u64 = 1024 * 1024;
