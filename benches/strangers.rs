//! What 60 known tokens get while strangers show 2,000 others a second, in front of an introspection
//! endpoint that takes 100 ms.
//!
//! `cargo bench --bench strangers` drives a real server over loopback connections in rounds that
//! alternate, quiet and flooded, and prints how many known tokens were refused and how long they
//! waited. It fails where one was refused. With `-- --test` it does one short round of each.
#![cfg(test)]

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use axum::{Form, Json, Router, routing::get, routing::post};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    task::JoinHandle,
    time::{MissedTickBehavior, interval, sleep},
};
use tower_auth::{AuthLayer, provider::IntrospectionAuth};

const KNOWN: usize = 60;
const STRANGERS_A_SECOND: usize = 2_000;
const CONNECTIONS: usize = 50;
const LATENCY: Duration = Duration::from_millis(100);
/// Short, so that every token lapses or is renewed several times a round.
const CACHE_TTL: Duration = Duration::from_secs(4);

#[tokio::main]
async fn main() {
    let is_test = std::env::args().any(|argument| argument == "--test");
    let (rounds, seconds) = if is_test { (1, 5) } else { (3, 10) };
    let endpoint = Arc::<Endpoint>::default();
    let server = serve(&endpoint).await;

    let (mut quiet, mut flooded) = (Round::default(), Round::default());
    for _ in 0..rounds {
        quiet.add(known(server, seconds).await);
        let strangers = Strangers::start(server);
        flooded.add(known(server, seconds).await);
        strangers.stop(&mut flooded).await;
    }
    println!("{KNOWN} known tokens, each shown once a second; endpoint: {LATENCY:?}");
    println!("quiet:   {quiet}");
    println!("flooded: {flooded}");
    println!(
        "strangers: {} judged, {} told to come again, {} a second",
        flooded.judged,
        flooded.turned_away,
        (flooded.judged + flooded.turned_away) / (rounds * seconds)
    );
    println!(
        "questions at once: at most {} (of 32 allowed)",
        endpoint.most.load(Relaxed)
    );
    assert_eq!(flooded.refused, 0, "a known token was refused");
    assert_eq!(
        quiet.refused, 0,
        "a known token was refused without a flood"
    );
    assert!(
        endpoint.most.load(Relaxed) <= 32,
        "more questions than allowed"
    );
}

#[derive(Default)]
struct Round {
    latencies: Vec<Duration>,
    refused: usize,
    judged: usize,
    turned_away: usize,
}

impl Round {
    fn add(&mut self, other: Self) {
        self.latencies.extend(other.latencies);
        self.refused += other.refused;
    }
}

impl std::fmt::Display for Round {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut latencies = self.latencies.clone();
        latencies.sort_unstable();
        let (all, refused) = (latencies.len(), self.refused);
        let (median, late) = (latencies[all / 2], latencies[all * 99 / 100]);
        write!(
            f,
            "{refused} of {all} refused; median {median:?}, 99 % {late:?}"
        )
    }
}

/// An introspection endpoint: what begins with `known` is active.
#[derive(Default)]
struct Endpoint {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Endpoint {
    async fn answer(self: Arc<Self>, form: Vec<(String, String)>) -> Json<Value> {
        self.most
            .fetch_max(self.now.fetch_add(1, Relaxed) + 1, Relaxed);
        sleep(LATENCY).await;
        self.now.fetch_sub(1, Relaxed);
        let mut fields = form.iter();
        let active = fields.any(|(name, value)| name == "token" && value.starts_with("known"));
        Json(json!({ "active": active, "sub": "ada" }))
    }
}

async fn serve(endpoint: &Arc<Endpoint>) -> SocketAddr {
    let endpoint = Arc::clone(endpoint);
    let introspect = move |Form(form): Form<Vec<(String, String)>>| endpoint.answer(form);
    let issuer = listen(Router::new().route("/introspect", post(introspect))).await;
    let tokens = IntrospectionAuth::new(&format!("http://{issuer}/introspect"), "bench", "secret")
        .unwrap()
        .with_cache_ttl(CACHE_TTL)
        .unwrap();
    let run = get(|| async { "ran" });
    listen(
        Router::new()
            .route("/run", run)
            .layer(AuthLayer::new(tokens)),
    )
    .await
}

async fn listen(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    address
}

/// Every known token once a second, each over a connection of its own.
async fn known(server: SocketAddr, seconds: usize) -> Round {
    let callers = (0..KNOWN).map(|number| async move {
        sleep(Duration::from_millis(number as u64 * 1_000 / KNOWN as u64)).await;
        let mut connection = TcpStream::connect(server).await.unwrap();
        let token = format!("known-{number}");
        // Seen once: it is a stranger's until then, and may have to come again.
        while status(&mut connection, &token).await != "200" {
            sleep(Duration::from_millis(20)).await;
        }
        let mut round = Round::default();
        let mut second = interval(Duration::from_secs(1));
        for _ in 0..seconds {
            second.tick().await;
            let start = Instant::now();
            let status = status(&mut connection, &token).await;
            round.latencies.push(start.elapsed());
            round.refused += usize::from(status != "200");
        }
        round
    });
    let mut all = Round::default();
    for round in join_all(callers).await {
        all.add(round);
    }
    all
}

struct Strangers {
    stop: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<(usize, usize)>>,
}

impl Strangers {
    /// From ten addresses: no share of one of them holds the others back.
    fn start(server: SocketAddr) -> Self {
        let stop = Arc::<AtomicBool>::default();
        let tasks = (0..CONNECTIONS)
            .map(|connection| tokio::spawn(flood(server, connection, Arc::clone(&stop))))
            .collect();
        Self { stop, tasks }
    }

    async fn stop(self, round: &mut Round) {
        self.stop.store(true, Relaxed);
        for counted in join_all(self.tasks).await {
            let (judged, turned_away) = counted.unwrap();
            round.judged += judged;
            round.turned_away += turned_away;
        }
    }
}

/// A connection's part of all that strangers show, each token once; it does not wait for answers
/// before it shows the next.
async fn flood(server: SocketAddr, number: usize, stop: Arc<AtomicBool>) -> (usize, usize) {
    let mut shown =
        interval(Duration::from_secs(1) * CONNECTIONS as u32 / STRANGERS_A_SECOND as u32);
    shown.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let free = Arc::new(std::sync::Mutex::new(Vec::new()));
    let mut asked = Vec::new();
    while !stop.load(Relaxed) {
        shown.tick().await;
        let token = format!("stranger-{number}-{:p}-{}", &raw const *stop, asked.len());
        let free = Arc::clone(&free);
        asked.push(tokio::spawn(async move {
            let idle = free.lock().unwrap().pop();
            let mut connection = match idle {
                Some(connection) => connection,
                None => connect(server, number).await,
            };
            let status = status(&mut connection, &token).await;
            free.lock().unwrap().push(connection);
            status
        }));
    }
    let (mut judged, mut turned_away) = (0, 0);
    for status in join_all(asked).await {
        match &*status.unwrap() {
            "401" => judged += 1,
            "503" => turned_away += 1,
            other => panic!("a stranger got {other}"),
        }
    }
    (judged, turned_away)
}

async fn connect(server: SocketAddr, number: usize) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    // Loopback has sixteen million addresses on Linux; elsewhere there is one.
    if cfg!(target_os = "linux") {
        let last = u8::try_from(number % 10 + 2).unwrap();
        socket
            .bind(SocketAddr::from(([127, 0, 0, last], 0)))
            .unwrap();
    }
    socket.connect(server).await.unwrap()
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
