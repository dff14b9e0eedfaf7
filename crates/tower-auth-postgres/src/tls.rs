//! TLS with the server, by rustls.

use std::{fmt, io, path::PathBuf, pin::Pin, sync::Arc};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_rustls::{
    TlsConnector,
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
    /// The server offers none.
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
pub(crate) struct Tls {
    connector: TlsConnector,
}

impl Tls {
    /// Reads the authorities: it waits for the disk.
    pub(crate) fn new(roots: &Roots) -> Result<Self, TlsFault> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsFault::of(&error))?
            .with_root_certificates(read(roots)?)
            .with_no_client_auth();
        // Servers that speak nothing but TLS (`sslnegotiation=direct`) ask for it.
        config.alpn_protocols = vec![b"postgresql".to_vec()];
        Ok(Self {
            connector: TlsConnector::from(Arc::new(config)),
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

impl<S> MakeTlsConnect<S> for Tls
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Encrypted<S>;
    type TlsConnect = Handshake;
    type Error = TlsFault;

    fn make_tls_connect(&mut self, domain: &str) -> Result<Handshake, TlsFault> {
        let name = ServerName::try_from(domain.to_owned()).map_err(|_| TlsFault::Name)?;
        Ok(Handshake {
            connector: self.connector.clone(),
            name,
        })
    }
}

/// TLS with one host.
pub(crate) struct Handshake {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl<S> TlsConnect<S> for Handshake
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Encrypted<S>;
    type Error = TlsFault;
    type Future = Pin<Box<dyn Future<Output = Result<Encrypted<S>, TlsFault>> + Send>>;

    fn connect(self, stream: S) -> Self::Future {
        Box::pin(async move {
            let connected = self.connector.connect(self.name, stream).await;
            connected.map(Encrypted).map_err(|error| {
                let source = error.get_ref();
                match source.and_then(|source| source.downcast_ref::<rustls::Error>()) {
                    Some(error) => TlsFault::of(error),
                    None => TlsFault::Other(error.kind().to_string().into()),
                }
            })
        })
    }
}

/// An encrypted connection.
///
/// It tells the engine nothing to bind a password to: the certificate is checked, always.
pub(crate) struct Encrypted<S>(tokio_rustls::client::TlsStream<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream for Encrypted<S> {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Encrypted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Encrypted<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
        bytes: &[u8],
    ) -> std::task::Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(
        mut self: Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

impl TlsFault {
    fn of(error: &rustls::Error) -> Self {
        let rustls::Error::InvalidCertificate(error) = error else {
            return Self::Other(error.to_string().into());
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
                "the server offers no TLS: turn ssl on in postgresql.conf (only loopback addresses and \
                 Unix sockets go without TLS)",
            ),
            Self::Issuer => f.write_str(
                "the server's certificate is signed by nobody whom this machine trusts: name the \
                 authority's file in the URL, sslrootcert=/FOLDER/root.crt",
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
                "the file {path:?} of sslrootcert cannot be read as certificates in PEM: correct the URL \
                 or the file"
            ),
            Self::Roots(None) => f.write_str(
                "this machine trusts no certificate authority: install ca-certificates, or name a file \
                 in the URL, sslrootcert=/FOLDER/root.crt",
            ),
            Self::Other(reason) => write!(
                f,
                "there is no TLS with the server: look at its log and at its certificate ({reason})"
            ),
        }
    }
}

impl std::error::Error for TlsFault {}
