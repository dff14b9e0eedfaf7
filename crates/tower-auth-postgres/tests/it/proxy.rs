//! A way to the server that stops, or breaks, where a test says.

use std::{
    future,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, tcp::OwnedWriteHalf},
    sync::Notify,
};
use tower_auth_servers::{Database, ESCAPED_PASSWORD};

/// What happens to a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Commit {
    /// It waits on the way to the server, until [`Proxy::release`].
    Waits,
    /// It arrives, and the answer is lost with the connection.
    IsNotAnswered,
}

pub(crate) struct Proxy {
    address: SocketAddr,
    database: String,
    state: Arc<State>,
}

struct State {
    commit: Commit,
    armed: AtomicBool,
    /// How many connections there were, and how many of the first ones are silent now.
    connections: AtomicU32,
    silent: AtomicU32,
    /// The commit has come to where it waits or breaks.
    arrived: Notify,
    released: Notify,
}

impl Proxy {
    pub(crate) async fn start(database: &Database<'_>, commit: Commit) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            commit,
            armed: AtomicBool::new(false),
            connections: AtomicU32::new(0),
            silent: AtomicU32::new(0),
            arrived: Notify::new(),
            released: Notify::new(),
        });
        let (port, shared) = (database.server.port(), Arc::clone(&state));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                tokio::spawn(carry(client, server, Arc::clone(&shared)));
            }
        });
        Self {
            address,
            database: database.name.clone(),
            state,
        }
    }

    pub(crate) fn url(&self) -> String {
        let (address, database) = (self.address, &self.database);
        format!("postgres://postgres:{ESCAPED_PASSWORD}@{address}/{database}")
    }

    /// From now on a commit waits or breaks.
    pub(crate) fn arm(&self) {
        self.state.armed.store(true, Ordering::SeqCst);
    }

    /// From now on nothing passes on the connections that there are, and they stay open: as when a
    /// machine on the way is gone. New ones work.
    pub(crate) fn silence(&self) {
        let connections = self.state.connections.load(Ordering::SeqCst);
        self.state.silent.store(connections, Ordering::SeqCst);
    }

    /// Waits until a commit has arrived.
    pub(crate) async fn arrived(&self) {
        self.state.arrived.notified().await;
    }

    pub(crate) fn release(&self) {
        self.state.armed.store(false, Ordering::SeqCst);
        self.state.released.notify_one();
    }
}

impl State {
    /// Never comes back where a connection is silent.
    async fn may_pass(&self, connection: u32) {
        if connection < self.silent.load(Ordering::SeqCst) {
            future::pending::<()>().await;
        }
    }
}

async fn carry(client: TcpStream, server: TcpStream, state: Arc<State>) {
    let connection = state.connections.fetch_add(1, Ordering::SeqCst);
    let shared = Arc::clone(&state);
    let (mut from_client, to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let answers = tokio::spawn(async move {
        let mut to_client: OwnedWriteHalf = to_client;
        let mut bytes = vec![0; 65_536];
        while let Ok(count @ 1..) = from_server.read(&mut bytes).await {
            shared.may_pass(connection).await;
            if to_client.write_all(&bytes[..count]).await.is_err() {
                return;
            }
        }
    });
    let mut bytes = vec![0; 65_536];
    while let Ok(count @ 1..) = from_client.read(&mut bytes).await {
        state.may_pass(connection).await;
        let sent = &bytes[..count];
        let is_commit = sent.windows(7).any(|text| text == b"COMMIT\0");
        let is_armed = is_commit && state.armed.load(Ordering::SeqCst);
        if is_armed && state.commit == Commit::Waits {
            state.arrived.notify_one();
            state.released.notified().await;
        }
        if is_armed && state.commit == Commit::IsNotAnswered {
            answers.abort();
            // Its half is dropped before the server can answer.
            let _ = answers.await;
            to_server.write_all(sent).await.unwrap();
            state.arrived.notify_one();
            return;
        }
        if to_server.write_all(sent).await.is_err() {
            return;
        }
    }
}
