//! What a valid token waits while 1,000 forged key ids arrive over 50 connections.
//!
//! `cargo bench --bench forged_kids` prints the median latency of a valid token in rounds that
//! alternate, quiet and under attack, and what the attack made the provider fetch.
#![cfg(test)]

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use axum::{Router, routing::get};
use futures_util::future::join_all;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tower_auth::{
    AuthLayer,
    provider::OAuth2Auth,
    testing::{IssuerEndpoint, TestIssuer},
};

const ROUNDS: usize = 10;
const CONNECTIONS: usize = 50;
const FORGED_PER_CONNECTION: usize = 1_000 / CONNECTIONS / ROUNDS;
const VALID_PER_ROUND: usize = 100;
/// Between two requests of one connection, so that what is measured is waiting and not the load.
const PAUSE: Duration = Duration::from_millis(2);

#[tokio::main]
async fn main() {
    let issuer = TestIssuer::start();
    let tokens = OAuth2Auth::new(issuer.url(), "my-agent").unwrap();
    tokens.warm_up().await.unwrap();
    let fetched = issuer.requests(IssuerEndpoint::Jwks);
    let valid = issuer.token().with_audience("my-agent").mint();
    let server = serve(AuthLayer::new(tokens)).await;

    let (mut quiet, mut attacked) = (Vec::new(), Vec::new());
    let mut forged = 0;
    for round in 0..ROUNDS {
        quiet.extend(valid_requests(server, &valid).await);
        let attackers = (0..CONNECTIONS).map(|connection| {
            let tokens = (0..FORGED_PER_CONNECTION)
                .map(|number| format!("forged-{round}-{connection}-{number}"))
                .map(|kid| {
                    issuer
                        .token()
                        .with_audience("my-agent")
                        .with_header("kid", kid)
                })
                .map(|token| token.mint())
                .collect::<Vec<_>>();
            forged += tokens.len();
            tokio::spawn(forged_requests(server, tokens))
        });
        let attackers = join_all(attackers.collect::<Vec<_>>());
        let (latencies, attacks) = tokio::join!(valid_requests(server, &valid), attackers);
        attacks.into_iter().for_each(|attack| attack.unwrap());
        attacked.extend(latencies);
    }
    let fetches = issuer.requests(IssuerEndpoint::Jwks) - fetched;
    let (quiet, attacked) = (median(&mut quiet), median(&mut attacked));
    println!("valid token, quiet:        median {quiet:?}");
    println!("valid token, under attack: median {attacked:?}");
    println!("ratio: {:.2}", attacked.as_secs_f64() / quiet.as_secs_f64());
    println!("forged key ids: {forged}, fetches they caused: {fetches}");
}

async fn serve(layer: AuthLayer) -> SocketAddr {
    let app = Router::new()
        .route("/run", get(|| async { "ran" }))
        .layer(layer);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    address
}

async fn valid_requests(server: SocketAddr, token: &str) -> Vec<Duration> {
    let mut connection = TcpStream::connect(server).await.unwrap();
    let mut latencies = Vec::with_capacity(VALID_PER_ROUND);
    for _ in 0..VALID_PER_ROUND {
        let start = Instant::now();
        assert_eq!(status(&mut connection, token).await, "200");
        latencies.push(start.elapsed());
        tokio::time::sleep(PAUSE).await;
    }
    latencies
}

async fn forged_requests(server: SocketAddr, tokens: Vec<String>) {
    let mut connection = TcpStream::connect(server).await.unwrap();
    for token in tokens {
        let status = status(&mut connection, &token).await;
        assert!(matches!(&*status, "401" | "503"), "{status}");
        tokio::time::sleep(PAUSE).await;
    }
}

/// Sends one request and reads its short answer whole.
async fn status(connection: &mut TcpStream, token: &str) -> String {
    let request =
        format!("GET /run HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n\r\n");
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    loop {
        let mut chunk = [0; 2048];
        let read = connection.read(&mut chunk).await.unwrap();
        assert!(read > 0, "the server closed the connection");
        answer.extend_from_slice(&chunk[..read]);
        if is_whole(&answer) {
            return String::from_utf8_lossy(&answer[9..12]).into_owned();
        }
    }
}

fn is_whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .and_then(|length| length.parse().ok());
    length.is_some_and(|length: usize| body.len() >= length)
}

fn median(latencies: &mut [Duration]) -> Duration {
    latencies.sort_unstable();
    latencies[latencies.len() / 2]
}
