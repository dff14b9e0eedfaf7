//! The end of a stream, as a client reads it from its connection.

use std::{convert::Infallible, error::Error, net::SocketAddr, time::Duration};

use axum::{Router, body::Body as AxumBody, routing::get};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{Method, Request, Response};
use http_body::Body;
use http_body_util::{BodyExt, Empty};
use hyper::{
    body::Incoming,
    client::conn::{http1, http2},
    server::conn::{http1 as http1_server, http2 as http2_server},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tower_auth::{
    AuthLayer,
    keys::Revocation,
    provider::{ApiKeyAuth, ApiKeyRecord},
    revocations::{MemoryRevocationStore, Revocations},
};

const ADA: &str = "sk-live-9f03a51d8c70";
const BOB: &str = "sk-live-0c4d2e91b7aa";
/// Reached only when something hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server whose streams begin with a word and then wait.
struct Server {
    address: SocketAddr,
    revocations: Revocations,
}

impl Server {
    async fn start(is_http_2: bool) -> Self {
        let of = |name, key| ApiKeyRecord::new(name, key).unwrap();
        let keys = ApiKeyAuth::new([of("ada", ADA), of("bob", BOB)]).unwrap();
        let revocations = Revocations::new(MemoryRevocationStore::new().unwrap());
        let layer = AuthLayer::new(keys).revocations(&revocations);
        let streams = get(async || {
            let first = stream::iter([Ok::<_, Infallible>("begun")]);
            AxumBody::from_stream(first.chain(stream::pending()))
        });
        let app = Router::new()
            .route("/run", streams)
            .layer(layer.end_streams(true));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let (io, service) = (TokioIo::new(socket), TowerToHyperService::new(app.clone()));
                tokio::spawn(async move {
                    // A connection that ends in the middle of a body ends with an error.
                    let _ = match is_http_2 {
                        true => {
                            let server = http2_server::Builder::new(TokioExecutor::new());
                            server.serve_connection(io, service).await
                        }
                        false => {
                            let server = http1_server::Builder::new();
                            server.serve_connection(io, service).await
                        }
                    };
                });
            }
        });
        Self {
            address,
            revocations,
        }
    }

    async fn revoke_ada(&self) {
        let operator = self.revocations.as_operator("root");
        operator.revoke(Revocation::user("", "ada")).await.unwrap();
    }

    fn request(&self, method: Method, key: &str) -> Request<Empty<Bytes>> {
        let uri = format!("http://{}/run", self.address);
        let request = Request::builder().method(method).uri(uri);
        let request = request.header("x-api-key", key);
        request
            .header("host", "localhost")
            .body(Empty::new())
            .unwrap()
    }

    async fn http_2(&self) -> http2::SendRequest<Empty<Bytes>> {
        let socket = TokioIo::new(TcpStream::connect(self.address).await.unwrap());
        let (client, connection) = http2::handshake(TokioExecutor::new(), socket)
            .await
            .unwrap();
        tokio::spawn(connection);
        client
    }
}

async fn first(response: &mut Response<Incoming>) -> Bytes {
    let frame = timeout(PATIENCE, response.frame()).await.expect("it waits");
    frame.unwrap().unwrap().into_data().unwrap()
}

fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[tokio::test]
async fn over_http_2_the_stream_is_reset_and_others_of_its_connection_go_on() {
    let server = Server::start(true).await;
    let mut client = server.http_2().await;
    let mut of_ada = client
        .send_request(server.request(Method::GET, ADA))
        .await
        .unwrap();
    let mut of_bob = client
        .send_request(server.request(Method::GET, BOB))
        .await
        .unwrap();
    assert_eq!(first(&mut of_ada).await, "begun");
    assert_eq!(first(&mut of_bob).await, "begun");
    server.revoke_ada().await;
    let end = timeout(PATIENCE, of_ada.frame()).await.expect("it waits");
    let error = end.expect("not as a clean end").unwrap_err();
    let told = causes(&error);
    assert!(
        told.contains("stream error received"),
        "no RST_STREAM: {told}"
    );
    let goes_on = timeout(Duration::from_millis(50), of_bob.frame()).await;
    assert!(goes_on.is_err());
    let again = client.send_request(server.request(Method::GET, BOB)).await;
    assert_eq!(first(&mut again.unwrap()).await, "begun");
}

#[tokio::test]
async fn over_http_1_the_connection_closes_without_the_last_chunk() {
    let server = Server::start(false).await;
    let mut socket = TcpStream::connect(server.address).await.unwrap();
    let request = format!("GET /run HTTP/1.1\r\nhost: localhost\r\nx-api-key: {ADA}\r\n\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut read = Vec::new();
    let begun = b"5\r\nbegun\r\n";
    while !read.ends_with(begun) {
        let more = timeout(PATIENCE, socket.read_buf(&mut read)).await;
        assert!(more.expect("it waits").unwrap() > 0, "it ends too early");
    }
    server.revoke_ada().await;
    // It may be closed or reset.
    let rest = timeout(PATIENCE, socket.read_to_end(&mut read)).await;
    let _ = rest.expect("it waits");
    let text = String::from_utf8(read).unwrap();
    assert!(text.contains("transfer-encoding: chunked"), "{text}");
    assert!(text.ends_with("5\r\nbegun\r\n"), "{text}");
}

#[tokio::test]
async fn a_head_request_for_a_stream_is_answered_whole_and_leaves_its_connection_as_it_was() {
    let server = Server::start(true).await;
    let mut client = server.http_2().await;
    let head = client.send_request(server.request(Method::HEAD, ADA)).await;
    let mut head = head.unwrap();
    assert_eq!(head.status(), 200);
    assert!(
        timeout(PATIENCE, head.frame())
            .await
            .expect("it waits")
            .is_none()
    );
    server.revoke_ada().await;
    let next = client.send_request(server.request(Method::GET, BOB)).await;
    assert_eq!(first(&mut next.unwrap()).await, "begun");

    let server = Server::start(false).await;
    let socket = TokioIo::new(TcpStream::connect(server.address).await.unwrap());
    let (mut client, connection) = http1::handshake(socket).await.unwrap();
    tokio::spawn(connection);
    let head = client.send_request(server.request(Method::HEAD, ADA)).await;
    let head = head.unwrap();
    assert!(head.status() == 200 && head.body().is_end_stream());
    server.revoke_ada().await;
    client.ready().await.unwrap();
    let next = client.send_request(server.request(Method::GET, BOB)).await;
    assert_eq!(first(&mut next.unwrap()).await, "begun");
}
