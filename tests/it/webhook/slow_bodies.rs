//! Bodies that come slowly, or never: how many are waited for, of whom, and for how long.

use std::{
    future::Future,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{ConnectInfo, Request},
    response::Response,
    routing::post,
};
use futures_util::FutureExt;
use http_body::{Body as HttpBody, Frame};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
};
use tower::ServiceExt;
use tower_auth::{ClientAddress, webhook::WebhookLayer};

use crate::webhook::{
    common::log::Log,
    kit::{Delivery, NOW},
    schemes::{ALL, SECRET, named},
};

/// A body that never ends: it says a byte at each interval, or nothing at all. It counts those
/// that are waited for.
struct Slow {
    every: Option<tokio::time::Interval>,
    open: Arc<AtomicUsize>,
    is_waited_for: bool,
}

impl HttpBody for Slow {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if !std::mem::replace(&mut self.is_waited_for, true) {
            self.open.fetch_add(1, Ordering::SeqCst);
        }
        match &mut self.every {
            Some(every) => every
                .poll_tick(cx)
                .map(|_| Some(Ok(Frame::data(Bytes::from_static(b"x"))))),
            None => Poll::Pending,
        }
    }
}

impl Drop for Slow {
    fn drop(&mut self) {
        if self.is_waited_for {
            self.open.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

/// Empty frames without end: always ready, never done.
struct Empty;

impl HttpBody for Empty {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Ready(Some(Ok(Frame::data(Bytes::new()))))
    }
}

struct Server {
    app: Router,
    open: Arc<AtomicUsize>,
}

type Exchange = Pin<Box<dyn Future<Output = Response> + Send>>;

impl Server {
    fn new(change: impl FnOnce(WebhookLayer) -> WebhookLayer) -> Self {
        let layer = change(WebhookLayer::github(SECRET).unwrap());
        Self {
            app: Router::new().route("/hook", post(async || "handled").layer(layer)),
            open: Arc::default(),
        }
    }

    fn send(&self, request: Request) -> Exchange {
        let answer = self.app.clone().oneshot(request);
        Box::pin(async { answer.await.unwrap() })
    }

    /// A delivery whose signature has the right form, and whose body never comes.
    fn slow(&self, peer: Option<&str>, every: Option<Duration>) -> Exchange {
        let body = Slow {
            every: every.map(tokio::time::interval),
            open: Arc::clone(&self.open),
            is_waited_for: false,
        };
        self.send(from(peer, Body::new(body)))
    }

    fn honest(&self, peer: Option<&str>) -> Exchange {
        let body = named("github").valid(NOW).body;
        self.send(from(peer, Body::from(body)))
    }

    fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    /// Begins so many slow deliveries: those that are waited for, and how many were refused.
    fn begin(
        &self,
        count: usize,
        peer: impl Fn(usize) -> Option<String>,
    ) -> (Vec<Exchange>, usize) {
        let (mut waiting, mut refused) = (Vec::new(), 0);
        for number in 0..count {
            let mut exchange = self.slow(peer(number).as_deref(), None);
            match (&mut exchange).now_or_never() {
                None => waiting.push(exchange),
                Some(answer) => {
                    assert_eq!(answer.status(), 503);
                    assert!(answer.headers().contains_key("retry-after"));
                    refused += 1;
                }
            }
        }
        (waiting, refused)
    }
}

fn from(peer: Option<&str>, body: Body) -> Request {
    let (mut head, _) = named("github").valid(NOW).request().into_parts();
    if let Some(peer) = peer {
        let address: SocketAddr = peer.parse().unwrap();
        head.extensions.insert(ConnectInfo(address));
    }
    Request::from_parts(head, body)
}

async fn is_handled(exchange: Exchange) -> bool {
    exchange.await.status() == 200
}

#[tokio::test]
async fn of_ten_thousand_slow_bodies_of_one_peer_a_quarter_of_the_buffers_are_waited_for() {
    let server = Server::new(|layer| layer);
    let (waiting, refused) = server.begin(10_000, |_| Some("203.0.113.7:443".to_owned()));
    assert_eq!((waiting.len(), refused, server.open()), (32, 9_968, 32));
    // Everybody else is served.
    for number in 0..200 {
        let peer = format!("198.51.100.{number}:443");
        assert!(is_handled(server.honest(Some(&peer))).await);
    }
    assert!(is_handled(server.honest(None)).await);
    // And so is the peer itself, as soon as it lets go.
    drop(waiting);
    assert_eq!(server.open(), 0);
    assert!(is_handled(server.honest(Some("203.0.113.7:443"))).await);
}

#[tokio::test]
async fn of_ten_thousand_slow_bodies_of_as_many_peers_no_more_than_there_are_buffers_are_waited_for()
 {
    let server = Server::new(|layer| layer);
    let peer = |number: usize| Some(format!("10.0.{}.{}:1", number / 250, number % 250));
    let (waiting, refused) = server.begin(10_000, peer);
    assert_eq!((waiting.len(), refused, server.open()), (128, 9_872, 128));
    drop(waiting);
    assert!(is_handled(server.honest(Some("203.0.113.7:443"))).await);
}

#[tokio::test]
async fn requests_without_a_peer_are_bounded_together() {
    let server = Server::new(|layer| layer);
    let (waiting, refused) = server.begin(10_000, |_| None);
    assert_eq!((waiting.len(), refused), (128, 9_872));
}

#[tokio::test]
async fn an_ipv6_network_is_one_peer_and_a_mapped_address_its_ipv4() {
    for peers in [
        ["[2001:db8:1:2::1]:1", "[2001:db8:1:2:ffff::9]:2"],
        ["203.0.113.7:1", "[::ffff:203.0.113.7]:2"],
    ] {
        let server = Server::new(|layer| layer);
        let (waiting, _) = server.begin(100, |number| Some(peers[number % 2].to_owned()));
        assert_eq!(waiting.len(), 32, "{peers:?}");
        assert!(is_handled(server.honest(Some("[2001:db8:1:3::1]:1"))).await);
    }
}

#[tokio::test]
async fn a_client_that_an_outer_layer_named_is_the_peer() {
    let server = Server::new(|layer| layer);
    let mut waiting = Vec::new();
    for number in 0..100_u8 {
        let body = Slow {
            every: None,
            open: Arc::clone(&server.open),
            is_waited_for: false,
        };
        let mut request = from(Some("127.0.0.1:1"), Body::new(body));
        let client = std::net::IpAddr::from([203, 0, 113, number]);
        request.extensions_mut().insert(ClientAddress::from(client));
        let mut exchange = server.send(request);
        if (&mut exchange).now_or_never().is_none() {
            waiting.push(exchange);
        }
    }
    assert_eq!(waiting.len(), 100);
}

#[tokio::test]
async fn how_many_bodies_are_read_at_once_is_a_setting() {
    for (most, of_all, of_one) in [(0, 1, 1), (1, 1, 1), (3, 3, 1), (4, 4, 1), (40, 40, 10)] {
        let server = Server::new(|layer| layer.with_max_bodies(most));
        let (all, _) = server.begin(100, |_| None);
        assert_eq!(all.len(), of_all, "{most}");
        drop(all);
        let (one, _) = server.begin(100, |_| Some("203.0.113.7:443".to_owned()));
        assert_eq!(one.len(), of_one, "{most}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_has_ten_seconds_however_it_drips() {
    for every in [
        None,
        Some(Duration::from_millis(100)),
        Some(Duration::from_secs(3)),
    ] {
        let server = Server::new(|layer| layer);
        let began = tokio::time::Instant::now();
        let answer = server.slow(None, every).await;
        assert_eq!(answer.status(), 503);
        assert_eq!(server.open(), 0);
        let took = began.elapsed();
        let limit = Duration::from_secs(10);
        assert!(
            took >= limit && took < limit + Duration::from_millis(10),
            "{took:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn how_long_a_body_may_take_is_a_setting() {
    let server = Server::new(|layer| layer.with_body_time_limit(Duration::from_secs(60)));
    let mut slow = server.slow(None, None);
    let early = tokio::time::timeout(Duration::from_secs(59), &mut slow).await;
    assert!(early.is_err());
    assert_eq!(slow.await.status(), 503);
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_slow_bodies_are_gone_after_ten_seconds() {
    let server = Server::new(|layer| layer);
    let peer = |number: usize| Some(format!("10.0.{}.{}:1", number / 250, number % 250));
    let (waiting, _) = server.begin(10_000, peer);
    let honest = server.honest(Some("203.0.113.7:443"));
    assert_eq!(honest.await.status(), 503);
    for answer in futures_util::future::join_all(waiting).await {
        assert_eq!(answer.status(), 503);
    }
    assert!(is_handled(server.honest(Some("203.0.113.7:443"))).await);
}

#[tokio::test]
async fn a_body_of_empty_frames_keeps_nobody_from_its_time_limit() {
    let server = Server::new(|layer| layer.with_body_time_limit(Duration::ZERO));
    let answer = server.send(from(None, Body::new(Empty))).await;
    assert_eq!(answer.status(), 503);
}

#[tokio::test]
async fn no_buffer_is_held_while_the_handler_runs() {
    let handler = async || std::future::pending::<()>().await;
    let layer = named("stripe").layer;
    let layer = layer(SECRET)
        .with_max_bodies(1)
        .with_clock(tower_auth::testing::ManualClock::at_unix(NOW).clock());
    let app = Router::new().route("/hook", post(handler).layer(layer));
    let mut running = Vec::new();
    for number in 0..20 {
        let body = format!(r#"{{"id":"evt_{number}"}}"#);
        let delivery: Delivery = (named("stripe").sign)(SECRET, NOW, body.as_bytes());
        let mut one = Box::pin(app.clone().oneshot(delivery.request()));
        assert!((&mut one).now_or_never().is_none(), "it is running");
        running.push(one);
    }
}

#[tokio::test]
async fn what_is_refused_by_its_head_takes_no_buffer() {
    for scheme in ALL {
        let layer = (scheme.layer)(SECRET).with_max_bodies(1);
        let app = Router::new().route("/hook", post(async || ()).layer(layer));
        let unsigned = scheme.valid(NOW).without(scheme.signature);
        for _ in 0..10 {
            let answer = app.clone().oneshot(unsigned.request()).await.unwrap();
            assert_eq!(answer.status(), 401, "{}", scheme.name);
        }
    }
}

#[tokio::test]
async fn strangers_write_no_errors_into_the_log_and_one_warning_a_minute() {
    let log = Log::start();
    let server = Server::new(|layer| layer);
    let (_waiting, refused) = server.begin(1_000, |_| None);
    assert_eq!(refused, 872);
    let text = log.text();
    assert_eq!(text.matches("ERROR").count(), 0);
    assert_eq!(text.matches("WARN").count(), 1);
}

#[test]
fn without_a_runtime_a_body_is_read_all_the_same() {
    let server = Server::new(|layer| layer);
    let mut slow = server.slow(None, None);
    assert!((&mut slow).now_or_never().is_none());
    let handled = server.honest(None).now_or_never().expect("it has its body");
    assert_eq!(handled.status(), 200);
}

/// A connection from that address of the loopback network, on which that was sent.
async fn connect(server: SocketAddr, from: &str, request: &[u8]) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket
        .bind(SocketAddr::new(from.parse().unwrap(), 0))
        .unwrap();
    let mut stream = socket.connect(server).await.unwrap();
    stream.write_all(request).await.unwrap();
    stream
}

async fn first_line(mut stream: TcpStream) -> String {
    let mut answer = vec![0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn over_real_connections_one_slow_peer_keeps_no_other_one_from_being_read() {
    let layer = WebhookLayer::github(SECRET).unwrap();
    let app = Router::new().route("/hook", post(async || "handled").layer(layer));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = listener.local_addr().unwrap();
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });

    let valid = named("github").valid(NOW);
    let head = format!(
        "POST /hook HTTP/1.1\r\nHost: localhost\r\nX-Hub-Signature-256: {}\r\n\
         Content-Length: {}\r\n\r\n",
        valid.header("x-hub-signature-256"),
        valid.body.len()
    );
    let whole = [head.as_bytes(), &valid.body].concat();
    let mut slow = Vec::new();
    for _ in 0..32 {
        slow.push(connect(server, "127.0.0.2", head.as_bytes()).await);
    }
    // As soon as all of them hold a buffer, one more of this peer is refused.
    let one_more = async || {
        let stream = connect(server, "127.0.0.2", head.as_bytes()).await;
        let refused = tokio::time::timeout(Duration::from_millis(500), first_line(stream)).await;
        refused.is_ok_and(|line| line == "HTTP/1.1 503")
    };
    let mut is_refused = false;
    for _ in 0..20 {
        is_refused = is_refused || one_more().await;
    }
    assert!(is_refused);
    let other = connect(server, "127.0.0.3", &whole).await;
    assert_eq!(first_line(other).await, "HTTP/1.1 200");
    drop(slow);
}
