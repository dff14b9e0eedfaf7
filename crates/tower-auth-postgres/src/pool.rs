//! Connections to the server, of which one call has one at a time.

use std::{future::Future, pin::Pin, time::Duration};

use deadpool_postgres::{
    Connect, Manager, ManagerConfig, Object, PoolError, TimeoutType, Timeouts,
};
use tokio::{task::JoinHandle, time::Instant};
use tokio_postgres::{Client, Config, Error, NoTls};

use crate::{
    fault::{Cause, Fault},
    tls::Tls,
};

/// The connections of a store. Clones share them.
#[derive(Clone)]
pub(crate) struct Pool(deadpool_postgres::Pool);

/// Makes connections to one server.
#[derive(Clone)]
pub(crate) struct Connector {
    pub(crate) config: Config,
    pub(crate) tls: Option<Tls>,
}

/// A connection that one call has.
///
/// Dropped, it is closed: a call that ended early leaves it in a state that nobody knows.
pub(crate) struct Lease(Option<Object>);

impl Pool {
    pub(crate) fn new(connector: Connector, connections: usize) -> Result<Self, Fault> {
        let config = connector.config.clone();
        // The default asks no connection anything before it is used.
        let manager = Manager::from_connect(config, connector, ManagerConfig::default());
        let pool = deadpool_postgres::Pool::builder(manager)
            .max_size(connections)
            .runtime(deadpool_postgres::Runtime::Tokio1)
            .build();
        pool.map(Self).map_err(|_| Cause::Closed.into())
    }

    /// A connection that is free, or a new one.
    pub(crate) async fn lease(&self, until: Instant) -> Result<Lease, Fault> {
        let left = left(until);
        // A little less than the whole call may take, so that the answer tells what was waited for.
        let timeouts = Timeouts {
            wait: Some(left.mul_f64(0.9)),
            create: Some(left),
            recycle: Some(left),
        };
        match self.0.timeout_get(&timeouts).await {
            Ok(object) => Ok(Lease(Some(object))),
            Err(PoolError::Backend(error)) => Err(error.into()),
            Err(PoolError::Timeout(TimeoutType::Wait)) => Err(Cause::NoConnection.into()),
            Err(PoolError::Timeout(_)) => Err(Cause::TooLate.into()),
            Err(_) => Err(Cause::Closed.into()),
        }
    }

    /// Closes the connections that nobody uses: the next call makes a new one.
    pub(crate) fn renew(&self) {
        self.0.retain(|_, _| false);
    }

    pub(crate) fn close(&self) {
        self.0.close();
    }
}

impl Lease {
    pub(crate) fn client(&self) -> Result<&Client, Fault> {
        let object = self.0.as_ref().ok_or(Cause::Closed)?;
        Ok(object)
    }

    /// Gives back a connection that is in no transaction.
    pub(crate) fn give_back(mut self) {
        drop(self.0.take());
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(object) = self.0.take() {
            drop(Object::take(object));
        }
    }
}

impl Connector {
    /// Connects, and has a task of its own carry what is said.
    pub(crate) async fn connected(&self) -> Result<(Client, JoinHandle<()>), Error> {
        // What a connection still has to say when it ends is of no use: whoever asked has an error. It is
        // not logged, because a server may quote values.
        match &self.tls {
            Some(tls) => {
                let (client, connection) = self.config.connect(tls.clone()).await?;
                Ok((client, tokio::spawn(async { drop(connection.await) })))
            }
            None => {
                let (client, connection) = self.config.connect(NoTls).await?;
                Ok((client, tokio::spawn(async { drop(connection.await) })))
            }
        }
    }
}

impl Connect for Connector {
    fn connect(
        &self,
        _: &Config,
    ) -> Pin<Box<dyn Future<Output = Result<(Client, JoinHandle<()>), Error>> + Send + '_>> {
        Box::pin(self.connected())
    }
}

/// The time until then.
pub(crate) fn left(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now())
}
