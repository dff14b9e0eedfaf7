//! By which client an endpoint is asked, and whom that trusts.

use std::{fmt, fs::File, io::Read, path::Path, sync::Arc};

use reqwest::{Certificate, Client, ClientBuilder};

use super::client::HttpClient;
use crate::error::{ConfigError, ConfigErrorKind};

/// By which client an endpoint is asked.
#[derive(Clone, Default)]
pub(crate) enum Transport {
    /// One of our own, which trusts whom the system trusts.
    #[default]
    Standard,
    /// One of our own, which trusts these authorities and no other.
    PrivateCa(Arc<[Certificate]>),
    /// A service of the user's.
    Service(Arc<dyn HttpClient>),
}

impl Transport {
    /// One of our own, which trusts the certificate authorities in a PEM file.
    pub(crate) fn with_ca_file(path: &Path) -> Result<Self, ConfigError> {
        let fault = |kind, why: &str| {
            let message = format!("the CA file {path:?} {why}");
            Err(ConfigError::new(kind, message))
        };
        let mut pem = Vec::new();
        let read =
            File::open(path).and_then(|file| file.take(LARGEST_CA + 1).read_to_end(&mut pem));
        match read {
            Err(error) => {
                return fault(
                    ConfigErrorKind::Unknown,
                    &format!("cannot be read: {error}"),
                );
            }
            Ok(_) if u64::try_from(pem.len()).is_ok_and(|len| len > LARGEST_CA) => {
                return fault(ConfigErrorKind::Malformed, "is larger than 1 MiB");
            }
            Ok(_) => {}
        }
        Self::with_ca(&pem).or_else(|(kind, why)| fault(kind, why))
    }

    /// One of our own, which trusts the certificate authorities in a PEM text; or why it cannot.
    pub(crate) fn with_ca(pem: &[u8]) -> Result<Self, (ConfigErrorKind, &'static str)> {
        if String::from_utf8_lossy(pem).contains("PRIVATE KEY-----") {
            let why = "holds a private key, which belongs to the authority alone: give the \
                       certificate";
            return Err((ConfigErrorKind::WrongKey, why));
        }
        let malformed = (
            ConfigErrorKind::Malformed,
            "holds no certificate that can be read: write it as PEM, -----BEGIN CERTIFICATE-----",
        );
        let certificates = Certificate::from_pem_bundle(pem).map_err(|_| malformed)?;
        if certificates.is_empty() {
            return Err(malformed);
        }
        let made = Self::PrivateCa(certificates.into());
        // Certificates are read in full when a client is made of them.
        match made.builder(Client::builder()).build() {
            Ok(_) => Ok(made),
            Err(_) => Err(malformed),
        }
    }

    pub(super) fn builder(&self, client: ClientBuilder) -> ClientBuilder {
        match self {
            Self::PrivateCa(authorities) => client.tls_certs_only(authorities.iter().cloned()),
            Self::Standard | Self::Service(_) => client,
        }
    }
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

const LARGEST_CA: u64 = 1024 * 1024;
