//! A whole server: axum over loopback, with the layer and without it.
//!
//! Each server has one thread, the client another. The client writes one request to every
//! connection before it reads any answer, so the server always finds work: it is the bottleneck.
//! Connections are kept alive, and every status is looked at.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

use axum::{
    Router,
    routing::{Route, post},
    serve::ListenerExt,
};
use tower_auth::{AuthLayer, jose::Algorithm};
use tower_layer::layer_fn;

use crate::{
    by_hand,
    call::Head,
    contenders::{keys, tokens},
    credentials::{Credentials, api_key},
    measure::median,
};

/// A server with a layer against one without.
#[derive(Clone, Debug)]
pub struct Compared {
    /// What the layer does.
    pub name: &'static str,
    /// Whether it is ours and checks a credential.
    pub promised: bool,
    /// Requests a second without the layer, the median.
    pub bare: f64,
    /// Requests a second with it, the median.
    pub layered: f64,
    /// The median over the pairs of the one over the other.
    pub ratio: f64,
}

/// How long to measure.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// How many pairs of runs.
    pub pairs: usize,
    /// How long a run takes, about.
    pub run: Duration,
}

impl Effort {
    /// A run whose figures are kept.
    pub const FULL: Self = Self {
        pairs: 41,
        run: Duration::from_millis(100),
    };

    /// A run that only shows that everything works.
    pub const SMOKE: Self = Self {
        pairs: 1,
        run: Duration::ZERO,
    };
}

/// Measures all pairs, interleaved.
///
/// # Panics
///
/// A server gives another answer than 200, or accepts what is forged.
pub fn compared(credentials: &Credentials, effort: Effort) -> Vec<Compared> {
    let signed = credentials.token(Algorithm::RS256);
    let token = tokens(credentials, signed);
    let exempt = AuthLayer::new(keys(1)).public("/run");
    let servers = [
        // What axum itself spends on any layer.
        (
            NO_LAYER,
            app().layer(layer_fn(|inner: Route| inner)),
            Head::bare(),
            None,
        ),
        ("exempt path", app().layer(exempt), Head::bare(), None),
        (
            "API key",
            app().layer(AuthLayer::new(keys(1))),
            Head::with_key(&api_key(0)),
            Some(Head::with_key(&api_key(1))),
        ),
        (
            KEY_BY_HAND,
            app().layer(by_hand::layer(by_hand::keys([api_key(0)]))),
            Head::with_key(&api_key(0)),
            Some(Head::with_key(&api_key(1))),
        ),
        (
            "RS256 remembered",
            app().layer(AuthLayer::new(token)),
            Head::with_bearer(&signed.token),
            Some(Head::with_bearer(&signed.forged)),
        ),
    ];
    let bare = serve(app());
    let mut pairs: Vec<Pair> = servers
        .into_iter()
        .map(|(name, app, head, refused)| {
            let layered = serve(app);
            if let Some(refused) = &refused {
                let client = Client::connect(layered, refused, 1);
                assert_eq!(client.status(), "401", "{name} accepts what is forged");
            }
            Pair {
                name,
                promised: refused.is_some() && !NOT_OURS.contains(&name),
                clients: [bare, layered].map(|at| Client::connect(at, &head, CONNECTIONS)),
                rates: [Vec::new(), Vec::new()],
            }
        })
        .collect();
    for round in 0..effort.pairs {
        for pair in &mut pairs {
            pair.run(round % 2 == 0, effort.run);
        }
    }
    pairs.into_iter().map(Pair::compared).collect()
}

struct Pair {
    name: &'static str,
    promised: bool,
    clients: [Client; 2],
    rates: [Vec<f64>; 2],
}

impl Pair {
    /// One run of each; who begins changes, so that neither gains from it.
    fn run(&mut self, bare_first: bool, length: Duration) {
        let order = if bare_first { [0, 1] } else { [1, 0] };
        for index in order {
            let rate = self.clients[index].per_second(length);
            self.rates[index].push(rate);
        }
    }

    fn compared(self) -> Compared {
        let [mut bare, mut layered] = self.rates;
        let ratios = layered.iter().zip(&bare);
        let mut ratios: Vec<_> = ratios.map(|(layered, bare)| layered / bare).collect();
        Compared {
            name: self.name,
            promised: self.promised,
            bare: median(&mut bare),
            layered: median(&mut layered),
            ratio: median(&mut ratios),
        }
    }
}

fn app() -> Router {
    Router::new().route("/run", post(async || "ran"))
}

/// Serves an app on a loopback port, on one thread, until the process ends.
fn serve(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    listener
        .set_nonblocking(true)
        .expect("a socket can do that");
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            let listener = listener.tap_io(|stream| {
                let _ = stream.set_nodelay(true);
            });
            axum::serve(listener, app).await
        })
    });
    address
}

struct Client {
    connections: Vec<TcpStream>,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl Client {
    fn connect(server: SocketAddr, head: &Head, connections: usize) -> Self {
        let connect = || {
            let stream = TcpStream::connect(server).expect("the server listens");
            stream.set_nodelay(true).expect("a socket can do that");
            let limit = Some(Duration::from_secs(10));
            stream.set_read_timeout(limit).expect("it is not zero");
            stream
        };
        let mut client = Self {
            connections: (0..connections).map(|_| connect()).collect(),
            request: on_the_wire(head),
            answer: Vec::new(),
        };
        client.answer = client.first_answer();
        client
    }

    /// The status that the server gives.
    fn status(&self) -> &str {
        let line = self.answer.get(..STATUS.end).unwrap_or_default();
        std::str::from_utf8(line).map_or("", |line| &line[STATUS])
    }

    fn per_second(&mut self, length: Duration) -> f64 {
        assert_eq!(self.status(), "200");
        let start = Instant::now();
        let mut calls = 0_u32;
        while calls == 0 || start.elapsed() < length {
            for connection in &mut self.connections {
                connection
                    .write_all(&self.request)
                    .expect("it is kept alive");
            }
            for connection in &mut self.connections {
                // All answers are equally long. One that is not would shift those after it, and
                // so is found out by their first line.
                connection.read_exact(&mut self.answer).expect("an answer");
                assert!(self.answer.starts_with(ACCEPTED), "another answer");
                calls += 1;
            }
        }
        f64::from(calls) / start.elapsed().as_secs_f64()
    }

    /// One answer on every connection; it tells how long they are.
    fn first_answer(&mut self) -> Vec<u8> {
        let mut last = Vec::new();
        for connection in &mut self.connections {
            connection
                .write_all(&self.request)
                .expect("it is connected");
            let mut answer = Vec::new();
            let mut part = [0; 4096];
            while !is_whole(&answer) {
                let read = connection.read(&mut part).expect("an answer");
                assert!(read > 0, "the server hung up");
                answer.extend_from_slice(&part[..read]);
            }
            last = answer;
        }
        last
    }
}

fn on_the_wire(head: &Head) -> Vec<u8> {
    let mut text = b"POST /run HTTP/1.1\r\ncontent-length: 0\r\n".to_vec();
    for (name, value) in head.headers() {
        text.extend_from_slice(name.as_str().as_bytes());
        text.extend_from_slice(b": ");
        text.extend_from_slice(value.as_bytes());
        text.extend_from_slice(b"\r\n");
    }
    text.extend_from_slice(b"\r\n");
    text
}

/// Whether head and body are there, by the `content-length` that every answer here has.
fn is_whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>())
    });
    matches!(length, Some(Ok(length)) if body.len() == length)
}

/// The servers whose layer is not ours.
pub const NOT_OURS: [&str; 2] = [NO_LAYER, KEY_BY_HAND];
const NO_LAYER: &str = "a layer that does nothing";
const KEY_BY_HAND: &str = "API key, by hand";
const ACCEPTED: &[u8] = b"HTTP/1.1 200 OK\r\n";
const STATUS: std::ops::Range<usize> = 9..12;
const CONNECTIONS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_with_its_last_byte() {
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nran";
        assert!(is_whole(answer));
        assert!((0..answer.len()).all(|end| !is_whole(&answer[..end])));
    }

    #[test]
    fn every_server_answers_200_to_every_request() {
        let compared = compared(&Credentials::new(), Effort::SMOKE);
        assert_eq!(compared.len(), 5);
        assert!(compared.iter().all(|pair| pair.ratio > 0.0), "{compared:?}");
    }

    #[test]
    fn a_refusal_is_told_from_an_answer() {
        let server = serve(app().layer(AuthLayer::new(keys(1))));
        assert_eq!(Client::connect(server, &Head::bare(), 2).status(), "401");
        let known = Head::with_key(&api_key(0));
        assert_eq!(Client::connect(server, &known, 2).status(), "200");
    }
}
