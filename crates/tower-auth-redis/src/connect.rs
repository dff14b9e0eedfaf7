//! Connections to the server.

use std::{future::Future, io, pin::Pin};

use redis::{
    AsyncConnectionConfig,
    aio::{AsyncPushSender, MultiplexedConnection},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    task::JoinHandle,
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
    pub(crate) driver: Driver,
    /// The run of the server, where it says.
    pub(crate) run: Option<u128>,
}

/// The task that carries what is said. Dropped, it ends, also where the server takes nothing.
pub(crate) struct Driver(Option<JoinHandle<()>>);

impl Driver {
    /// Lets whoever has the handle end it.
    pub(crate) fn into_handle(mut self) -> Option<JoinHandle<()>> {
        self.0.take()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if let Some(task) = self.0.take() {
            task.abort();
        }
    }
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
            driver: Driver(Some(tokio::spawn(driver))),
            run: None,
        };
        connected.run = check(&mut connected.connection).await?;
        Ok(connected)
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
