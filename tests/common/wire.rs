//! A server on loopback, and requests written byte by byte: no client that tidies them first.

use std::{convert::Infallible, net::SocketAddr, time::Duration};

use axum::{extract::Request, response::Response};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tower::{Service, make::Shared};

/// An app that serves until this is dropped.
pub struct Server {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Server {
    pub async fn start<S>(app: S) -> Self
    where
        S: Service<Request, Response = Response, Error = Infallible>
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            axum::serve(listener, Shared::new(app)).await.unwrap();
        });
        Self { address, task }
    }

    /// Sends these bytes and returns whatever comes back until the server closes.
    pub async fn send(&self, bytes: &[u8]) -> String {
        let mut stream = self.write(bytes).await;
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer);
        // A server that resets the connection after a refusal has answered all the same.
        let _ = guarded(read).await;
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Sends these bytes and returns the head of the first answer: the connection may stay open.
    pub async fn head(&self, bytes: &[u8]) -> String {
        let mut stream = self.write(bytes).await;
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            match guarded(stream.read_u8()).await {
                Ok(byte) => answer.push(byte),
                Err(_) => break,
            }
        }
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Sends one request without a credential, its target written as it stands.
    pub async fn ask(&self, method: &str, target: &str) -> String {
        self.ask_with(method, target, "").await
    }

    /// As [`ask`](Self::ask), with further header lines, each ended by CR LF.
    pub async fn ask_with(&self, method: &str, target: &str, headers: &str) -> String {
        let request = format!(
            "{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n{headers}\r\n"
        );
        self.send(request.as_bytes()).await
    }

    async fn write(&self, bytes: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The statuses of the answers on a connection, in order.
pub fn statuses(answers: &str) -> Vec<u16> {
    answers
        .split("HTTP/1.")
        .skip(1)
        .map(|answer| answer[2..5].parse().unwrap())
        .collect()
}

/// The one status of an answer.
pub fn status(answer: &str) -> u16 {
    let statuses = statuses(answer);
    assert_eq!(statuses.len(), 1, "one answer expected: {answer:?}");
    statuses[0]
}

/// A server that never answers must fail the test, not hang it.
async fn guarded<T>(read: impl Future<Output = T>) -> T {
    let limit = Duration::from_secs(30);
    tokio::time::timeout(limit, read).await.expect("no answer")
}
