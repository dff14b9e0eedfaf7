//! Hints that something changed: LISTEN, on a connection of its own.

use std::{
    future::poll_fn,
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use tokio::{
    sync::Notify,
    time::{sleep, timeout},
};
use tokio_postgres::{AsyncMessage, Client, Connection, NoTls, Socket, tls::TlsStream};

use crate::{
    fault::{Cause, Fault},
    pool::Connector,
    transaction::column,
};

/// How often the connection shows that it still listens.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// How long connecting, or an answer, may take.
const ANSWER: Duration = Duration::from_secs(5);
/// The pauses between two attempts to listen.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Listens, and begins anew where that ends. It never gives more than a hint: whoever is not told asks
/// for the changes a little later.
///
/// It ends when the store is gone.
pub(crate) async fn listen(connector: Connector, changed: Weak<Notify>) {
    let mut pause = FIRST_PAUSE;
    loop {
        // The task of the connection tells, so it holds the store no more than this one does.
        if let Ok(Ok(session)) = timeout(ANSWER, Session::begin(&connector, &changed)).await
            && session.lasts().await
        {
            pause = FIRST_PAUSE;
        }
        if changed.strong_count() == 0 {
            return;
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// A connection that listens.
struct Session {
    client: Client,
    ended: tokio::task::JoinHandle<()>,
}

impl Session {
    async fn begin(connector: &Connector, changed: &Weak<Notify>) -> Result<Self, Fault> {
        let began = Instant::now();
        let (config, changed) = (&connector.config, changed.clone());
        let told = changed.clone();
        let (client, ended) = match &connector.tls {
            Some(tls) => {
                let (client, connection) = config.connect(tls.clone()).await?;
                (client, tokio::spawn(carry(connection, changed)))
            }
            None => {
                let (client, connection) = config.connect(NoTls).await?;
                (client, tokio::spawn(carry(connection, changed)))
            }
        };
        // A server's process that is older than the connection is a pooler's. LISTEN would stay with it,
        // and tell whoever has it next.
        let sql = "SELECT extract(epoch FROM pg_catalog.clock_timestamp() - backend_start)::float8
            FROM pg_catalog.pg_stat_activity WHERE pid = pg_catalog.pg_backend_pid()";
        let age = client.query_typed(sql, &[]).await?;
        let age: f64 = column(age.first().ok_or(Cause::Ended)?, 0)?;
        if age > began.elapsed().as_secs_f64() {
            return Err(Cause::Ended.into());
        }
        client.batch_execute("LISTEN tower_auth_keys").await?;
        // What changed while nobody listened.
        tell(&told);
        Ok(Self { client, ended })
    }

    /// Waits for the end. Tells whether it listened for a while: behind a pooler another session may.
    async fn lasts(mut self) -> bool {
        let mut lasted = false;
        while timeout(HEARTBEAT, &mut self.ended).await.is_err() {
            let sql = "SELECT 1 FROM pg_catalog.pg_listening_channels() AS channel
                WHERE channel = 'tower_auth_keys'";
            match timeout(ANSWER, self.client.query_typed(sql, &[])).await {
                Ok(Ok(rows)) if !rows.is_empty() => lasted = true,
                _ => return lasted,
            }
        }
        lasted
    }
}

/// Carries what is said between client and server, and tells what it hears.
async fn carry<T>(mut connection: Connection<Socket, T>, changed: Weak<Notify>)
where
    T: TlsStream + Unpin,
{
    while let Some(Ok(message)) = poll_fn(|cx| connection.poll_message(cx)).await {
        if matches!(message, AsyncMessage::Notification(_)) {
            tell(&changed);
        }
    }
}

fn tell(changed: &Weak<Notify>) {
    if let Some(changed) = changed.upgrade() {
        changed.notify_waiters();
    }
}

/// Listens in a task of its own, as long as this is held.
#[derive(Debug)]
pub(crate) struct Listening(tokio::task::AbortHandle);

impl Listening {
    pub(crate) fn start(connector: Connector, changed: &Arc<Notify>) -> Self {
        let task = tokio::spawn(listen(connector, Arc::downgrade(changed)));
        Self(task.abort_handle())
    }

    pub(crate) fn stop(&self) {
        self.0.abort();
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.stop();
    }
}
