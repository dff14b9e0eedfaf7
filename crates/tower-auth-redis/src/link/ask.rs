//! Asking the server.

use std::{future::Future, sync::Arc, time::Duration};

use redis::{RedisResult, aio::MultiplexedConnection};
use tokio::{
    sync::Notify,
    time::{Instant, timeout_at},
};

use super::{
    attempt::{Connecting, connect},
    probe::{look_again, probe},
    shared::{Hints, Run, Shared},
};
use crate::{connect::Connector, fault::Cause, url::Target};

/// How long what was found of a server is believed: its policy may be changed while it runs.
const CHECKED_FOR: Duration = Duration::from_secs(30);

/// A connection to the server that is made anew when it breaks. Clones share it.
#[derive(Clone)]
pub(crate) struct Link(Arc<Shared>);

impl Link {
    pub(crate) fn new(connector: Connector) -> Self {
        Self(Arc::new(Shared::new(connector)))
    }

    /// From the next connection on, somebody is told when something is said on a channel, and when nobody
    /// listened for a while.
    pub(crate) fn listening(&self, channel: String, heard: Arc<Notify>) {
        self.0.lock().hints = Some(Hints { channel, heard });
    }

    pub(crate) fn target(&self) -> &Target {
        &self.0.connector.target
    }

    /// The name of one thing of a kind. All begin alike, so that they stay together where a cluster stands
    /// behind the server's address.
    pub(crate) fn name(&self, kind: &str, id: &str) -> String {
        format!("{{{}}}:{kind}:{id}", self.0.connector.target.namespace)
    }

    /// Connects, and says why that could not be done.
    pub(crate) async fn open(&self, limit: Duration) -> Result<(), Cause> {
        self.connection(Instant::now() + limit).await.map(drop)
    }

    /// Asks the server, within a limit.
    pub(crate) async fn ask<T, F>(
        &self,
        limit: Duration,
        question: impl FnOnce(MultiplexedConnection) -> F,
    ) -> Result<T, Cause>
    where
        F: Future<Output = RedisResult<T>>,
    {
        Ok(self.ask_run(limit, question).await?.1)
    }

    /// Asks the server, within a limit, and says in which run of it that was.
    pub(crate) async fn ask_run<T, F>(
        &self,
        limit: Duration,
        question: impl FnOnce(MultiplexedConnection) -> F,
    ) -> Result<(Run, T), Cause>
    where
        F: Future<Output = RedisResult<T>>,
    {
        let now = Instant::now();
        // A limit beyond what the clock can tell is as good as a day.
        let day = now + Duration::from_secs(86_400);
        let until = now.checked_add(limit).unwrap_or(day);
        let (number, run, connection) = self.connection(until).await?;
        let mut asked = Asked {
            link: self,
            number,
            is_answered: false,
        };
        // Whoever stops waiting, here or further out, leaves a connection that may not work.
        let answer = timeout_at(until, question(connection)).await;
        asked.is_answered = answer.is_ok();
        drop(asked);
        match answer {
            Ok(Ok(answer)) => Ok((run, answer)),
            Ok(Err(error)) => {
                let cause = Cause::from(error);
                if !cause.is_of_connection() {
                    return Err(cause);
                }
                self.0.retire(number, cause.clone());
                // Where the connection was let go, the reason of that says more than that it ended.
                let state = self.0.lock();
                let failed = state.failed.as_ref();
                let failed = failed.filter(|failed| Instant::now() < failed.until);
                Err(failed.map_or(cause, |failed| failed.cause.clone()))
            }
            Err(_) => Err(Cause::TooLate),
        }
    }

    async fn connection(&self, until: Instant) -> Result<(u64, Run, MultiplexedConnection), Cause> {
        loop {
            let settled = self.0.settled.notified();
            if let Some(connection) = self.known()? {
                return Ok(connection);
            }
            if timeout_at(until, settled).await.is_err() {
                let failed = &self.0.lock().failed;
                // The reason of the attempt before says more than that this one takes long.
                let before = failed.as_ref().map(|failed| failed.cause.clone());
                return Err(before.unwrap_or(Cause::TooLate));
            }
        }
    }

    /// The connection; `None` while one is being made.
    ///
    /// Tasks begin without the lock: a runtime that ends drops what is given to it, at once.
    fn known(&self) -> Result<Option<(u64, Run, MultiplexedConnection)>, Cause> {
        let mut state = self.0.lock();
        if let Some(current) = &mut state.current {
            let run = match current.run {
                Some(run) => Run::Server(run),
                None => Run::Connection(current.number),
            };
            let known = (current.number, run, current.connection.clone());
            let is_old = current.checked.elapsed() > CHECKED_FOR;
            if is_old && !current.is_probed {
                current.is_probed = true;
                drop(state);
                look_again(&self.0, known.0, known.2.clone());
            }
            return Ok(Some(known));
        }
        match &state.failed {
            Some(failed) if Instant::now() < failed.until => Err(failed.cause.clone()),
            _ if state.is_connecting => Ok(None),
            _ => {
                state.is_connecting = true;
                drop(state);
                // In a task: whoever stops waiting takes it from nobody else.
                tokio::spawn(connect(Connecting(Arc::downgrade(&self.0))));
                Ok(None)
            }
        }
    }
}

/// A call that waits for its answer.
struct Asked<'a> {
    link: &'a Link,
    number: u64,
    is_answered: bool,
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        if !self.is_answered {
            probe(&self.link.0, self.number);
        }
    }
}
