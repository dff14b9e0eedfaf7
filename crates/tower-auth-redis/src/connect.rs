//! Connections to the server.

use std::{future::Future, io, pin::Pin};

use redis::{
    AsyncConnectionConfig,
    aio::{AsyncPushSender, MultiplexedConnection},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};

use crate::{
    check::check,
    fault::Cause,
    tls::Tls,
    url::{Address, Target},
};

/// Makes connections to one server.
#[derive(Clone)]
pub(crate) struct Connector {
    pub(crate) target: Target,
    pub(crate) tls: Option<Tls>,
}

/// A connection, and what carries what is said on it.
pub(crate) struct Connected {
    pub(crate) connection: MultiplexedConnection,
    pub(crate) driver: tokio::task::JoinHandle<()>,
    /// The run of the server, where it says.
    pub(crate) run: Option<u128>,
}

type Opened = (
    MultiplexedConnection,
    Pin<Box<dyn Future<Output = ()> + Send>>,
);

impl Connector {
    /// Connects to a server that can keep what must be remembered.
    pub(crate) async fn connect(&self, hears: impl AsyncPushSender) -> Result<Connected, Cause> {
        let settings = AsyncConnectionConfig::new()
            // Limits are set where it is asked.
            .set_connection_timeout(None)
            .set_response_timeout(None)
            .set_push_sender(hears);
        let (connection, driver) = match &self.target.address {
            Address::Tcp(host, port) => {
                let stream = self.dial(host, *port).await?;
                match &self.tls {
                    Some(tls) => {
                        let stream = tls.connect(host, stream).await.map_err(Cause::Tls)?;
                        self.greet(stream, settings).await?
                    }
                    None => self.greet(stream, settings).await?,
                }
            }
            #[cfg(unix)]
            Address::Unix(path) => {
                let stream = tokio::net::UnixStream::connect(path).await;
                let stream = stream.map_err(|error| Cause::Unreachable(error.kind()))?;
                self.greet(stream, settings).await?
            }
        };
        let mut connected = Connected {
            connection,
            driver: tokio::spawn(driver),
            run: None,
        };
        match check(&mut connected.connection).await {
            Ok(run) => {
                connected.run = run;
                Ok(connected)
            }
            Err(cause) => {
                connected.driver.abort();
                Err(cause)
            }
        }
    }

    async fn dial(&self, host: &str, port: u16) -> Result<TcpStream, Cause> {
        let stream = TcpStream::connect((host, port)).await.map_err(|error| {
            // The system says of its own errors what they are; those of the look-up have no number.
            match (error.raw_os_error(), error.kind()) {
                (Some(_), kind) | (None, kind @ io::ErrorKind::TimedOut) => {
                    Cause::Unreachable(kind)
                }
                (None, _) => Cause::NoAddress,
            }
        })?;
        // Where it cannot be set, answers come later.
        let _ = stream.set_nodelay(true);
        Ok(stream)
    }

    /// Says who is asking.
    async fn greet<S>(&self, stream: S, settings: AsyncConnectionConfig) -> Result<Opened, Cause>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let user = &self.target.settings;
        let greeted = MultiplexedConnection::new_with_config(user, stream, settings).await;
        let (connection, driver) = greeted?;
        Ok((connection, Box::pin(driver)))
    }
}
