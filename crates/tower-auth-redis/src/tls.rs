//! TLS with the server, by rustls.

use std::{fmt, io, path::PathBuf, sync::Arc};

use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        self, CertificateError, ClientConfig, RootCertStore,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    },
};

/// Whose word counts for the server's certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Roots {
    /// The authorities that this machine trusts.
    System,
    /// Those of a PEM file, and nobody else.
    File(PathBuf),
}

/// Why there is no TLS with the server.
#[derive(Clone, Debug)]
pub(crate) enum TlsFault {
    /// What answers speaks no TLS.
    NotOffered,
    /// The certificate is signed by nobody who is trusted.
    Issuer,
    /// The certificate is another host's.
    Name,
    /// The certificate is not valid at this time.
    Time,
    /// The authorities cannot be read.
    Roots(Option<PathBuf>),
    /// Another reason, in the words of rustls.
    Other(Arc<str>),
}

/// Makes connections encrypted. It needs no crypto provider of the program's.
#[derive(Clone)]
pub(crate) struct Tls(TlsConnector);

impl Tls {
    /// Reads the authorities: it waits for the disk.
    pub(crate) fn new(roots: &Roots) -> Result<Self, TlsFault> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsFault::of(&error))?
            .with_root_certificates(read(roots)?)
            .with_no_client_auth();
        Ok(Self(TlsConnector::from(Arc::new(config))))
    }

    pub(crate) async fn connect(
        &self,
        host: &str,
        stream: TcpStream,
    ) -> Result<TlsStream<TcpStream>, TlsFault> {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| TlsFault::Name)?;
        let connected = self.0.connect(name, stream).await;
        connected.map_err(|error| {
            let source = error.get_ref();
            match source.and_then(|source| source.downcast_ref::<rustls::Error>()) {
                Some(error) => TlsFault::of(error),
                None if error.kind() == io::ErrorKind::UnexpectedEof => TlsFault::NotOffered,
                None => TlsFault::Other(error.kind().to_string().into()),
            }
        })
    }
}

fn read(roots: &Roots) -> Result<RootCertStore, TlsFault> {
    let mut store = RootCertStore::empty();
    match roots {
        Roots::System => {
            store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        Roots::File(path) => {
            let fault = || TlsFault::Roots(Some(path.clone()));
            // Opening a pipe would wait for whoever writes it.
            if !path.is_file() {
                return Err(fault());
            }
            for certificate in CertificateDer::pem_file_iter(path).map_err(|_| fault())? {
                let certificate = certificate.map_err(|_| fault())?;
                store.add(certificate).map_err(|_| fault())?;
            }
        }
    }
    match (store.is_empty(), roots) {
        (false, _) => Ok(store),
        (true, Roots::System) => Err(TlsFault::Roots(None)),
        (true, Roots::File(path)) => Err(TlsFault::Roots(Some(path.clone()))),
    }
}

impl TlsFault {
    fn of(error: &rustls::Error) -> Self {
        let error = match error {
            rustls::Error::InvalidCertificate(error) => error,
            rustls::Error::InvalidMessage(_) => return Self::NotOffered,
            other => return Self::Other(other.to_string().into()),
        };
        match error {
            CertificateError::UnknownIssuer => Self::Issuer,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Self::Name
            }
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => Self::Time,
            other => Self::Other(other.to_string().into()),
        }
    }
}

impl fmt::Display for TlsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotOffered => f.write_str(
                "the server speaks no TLS on this port: name its tls-port in the URL, or turn TLS on",
            ),
            Self::Issuer => f.write_str(
                "the server's certificate is signed by nobody whom this machine trusts: name the \
                 authority's file in the URL, cacert=/FOLDER/root.crt",
            ),
            Self::Name => f.write_str(
                "the server's certificate is another host's: name the host in the URL as the \
                 certificate does",
            ),
            Self::Time => f.write_str(
                "the server's certificate has expired, or begins later: renew it, or look at the clocks",
            ),
            // `{:?}`: a path may hold line breaks, and this goes into a log.
            Self::Roots(Some(path)) => write!(
                f,
                "the file {path:?} of cacert cannot be read as certificates in PEM: correct the URL or \
                 the file"
            ),
            Self::Roots(None) => f.write_str(
                "this machine trusts no certificate authority: install ca-certificates, or name a file \
                 in the URL, cacert=/FOLDER/root.crt",
            ),
            Self::Other(reason) => write!(
                f,
                "there is no TLS with the server: look at its log and at its certificate ({reason})"
            ),
        }
    }
}
