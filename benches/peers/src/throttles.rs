//! Limits beside those of `axum-governor` and `tower_governor`: a request within its limit, in a `Router`
//! of axum, each time from another of some clients.
//!
//! Of 1,024 clients the counts stay in the processor's caches. Those of 65,536 clients come from memory:
//! when a client asks again, everybody else's counts have been looked at. The limit is 600 a second for each
//! of the few, and 60 for each of the many, so that every request is within it. `axum-governor` writes
//! `RateLimit` fields as `tower-auth` does; `tower_governor` is measured with its `X-RateLimit` headers and
//! without. All stand in a layer of axum, and an empty one costs something too.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    num::NonZeroU32,
    task::{Context, Poll},
};

use axum::{Router, body::Body, extract::ConnectInfo, routing::post};
use http::{Request, StatusCode};
use tower_auth::{
    AuthLayer,
    jose::Algorithm,
    throttle::{Attempts, Limit, Requests, ThrottleLayer},
};
use tower_layer::Layer;
use tower_service::Service;

use crate::{
    call::{Head, once},
    contenders::{keys, tokens},
    credentials::{Credentials, api_key},
};

/// Somebody who limits, or the check that a limit saves.
pub struct Throttle {
    /// Who does what.
    pub name: &'static str,
    /// Who does the same without the limit.
    pub without: Option<&'static str>,
    /// The status that every call must have.
    status: StatusCode,
    router: Router,
    head: Head,
    clients: u32,
    next: u32,
}

impl std::fmt::Debug for Throttle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Throttle").field(&self.name).finish()
    }
}

impl Throttle {
    fn new(name: &'static str, status: StatusCode, router: Router, head: Head) -> Self {
        Self {
            name,
            without: None,
            status,
            router: served(router),
            head,
            clients: FEW,
            next: 0,
        }
    }

    /// Names who does the same without the limit.
    fn beside(self, without: &'static str) -> Self {
        let without = Some(without);
        Self { without, ..self }
    }

    /// Replaces how many clients ask in turn.
    fn of_clients(self, clients: u32) -> Self {
        Self { clients, ..self }
    }

    /// How many clients ask in turn.
    #[must_use]
    pub fn clients(&self) -> u32 {
        self.clients
    }

    /// Makes that many calls.
    ///
    /// # Panics
    ///
    /// A call has another status than it must have.
    pub fn run(&mut self, calls: u32) {
        for _ in 0..calls {
            self.next = (self.next + 1) % self.clients;
            // Worked out anew: a list of them would push others' counts out of the caches.
            let request = from(self.head.request(), peer(self.next));
            let status = once(&mut self.router, request);
            assert_eq!(status, self.status, "{}", self.name);
        }
    }
}

/// A request from that peer.
#[must_use]
pub fn from(mut request: Request<Body>, peer: SocketAddr) -> Request<Body> {
    request.extensions_mut().insert(ConnectInfo(peer));
    request
}

/// One of 2^16 peers. IPv4, because others count wider IPv6 networks than a /64 as one.
fn peer(number: u32) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::from_bits(0xC612_0000 | number)), 4711)
}

/// One of 2^64 clients: each has a /64 of its own.
#[must_use]
pub fn address(number: u64) -> SocketAddr {
    let network = u128::from(number) | 0x2001_0db8 << 32;
    SocketAddr::new(IpAddr::V6(Ipv6Addr::from_bits(network << 64 | 1)), 4711)
}

/// The handler, behind nothing.
pub fn bare() -> Router {
    Router::new().route("/run", post(async || "ran"))
}

/// As `axum::serve` does: a router without its state makes each layer's service anew for every request.
pub fn served(router: Router) -> Router {
    router.with_state(())
}

/// A layer that does nothing.
#[derive(Clone, Debug)]
struct Empty;

/// A service that does nothing but call another.
#[derive(Clone, Debug)]
struct EmptyService<S>(S);

impl<S> Layer<S> for Empty {
    type Service = EmptyService<S>;

    fn layer(&self, inner: S) -> EmptyService<S> {
        EmptyService(inner)
    }
}

impl<S: Service<Request<Body>>> Service<Request<Body>> for EmptyService<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> S::Future {
        self.0.call(request)
    }
}

/// Everybody.
///
/// # Panics
///
/// It does not: the limits are well-formed.
#[must_use]
pub fn all(credentials: &Credentials) -> Vec<Throttle> {
    let mut all = vec![ok("bare", bare()), ok(EMPTY, bare().layer(Empty))];
    for (clients, each) in [(FEW, 600), (MANY, 60)] {
        all.extend(by_address(each).map(|one| one.of_clients(clients).beside(EMPTY)));
    }
    all.extend(with_keys());
    all.extend(guesses(credentials));
    all
}

/// A limit by address, in a layer of its own.
fn by_address(each: u32) -> [Throttle; 4] {
    let quota = format!("{each} per second").parse();
    let limit = Limit::by_address(quota.expect("it is a quota"));
    let requests = Requests::new([limit]).expect("one limit");
    let tower_governor = |headers: bool| {
        let mut builder = tower_governor::governor::GovernorConfigBuilder::default();
        builder
            .per_nanosecond(1_000_000_000 / u64::from(each))
            .burst_size(each);
        let layer = match headers {
            false => bare().layer(tower_governor::GovernorLayer::new(
                builder.finish().expect("a period and a burst"),
            )),
            true => bare().layer(tower_governor::GovernorLayer::new(
                builder
                    .use_headers()
                    .finish()
                    .expect("a period and a burst"),
            )),
        };
        let name = match headers {
            false => "tower_governor, by address, without headers",
            true => "tower_governor, by address, with headers",
        };
        ok(name, layer)
    };
    let axum_governor = axum_governor::GovernorConfigBuilder::default()
        .with_extractor(axum_governor::extractor::PeerIp::default())
        .expect_connect_info()
        .quota_default(axum_governor::Quota::requests_per_second(
            NonZeroU32::new(each).expect("it is not 0"),
        ))
        .finish()
        .expect("a quota");
    [
        ok(
            "tower-auth, by address",
            bare().layer(ThrottleLayer::new(requests)),
        ),
        ok(
            "axum-governor, by address",
            bare().layer(axum_governor::GovernorLayer::new(axum_governor)),
        ),
        tower_governor(true),
        tower_governor(false),
    ]
}

/// Limits of an `AuthLayer`, beside the same layer without.
fn with_keys() -> [Throttle; 5] {
    let keyed =
        |name, router| Throttle::new(name, StatusCode::OK, router, Head::with_key(&api_key(0)));
    let by_caller = || {
        let quota = "1000000 per second".parse().expect("it is a quota");
        Requests::new([Limit::by_caller(quota)]).expect("one limit")
    };
    let auth = || AuthLayer::new(keys(1));
    let attempts_of = |clients| {
        let router = bare().layer(auth().throttle_attempts(attempts()));
        let limited = keyed("tower-auth: a key, attempts limited", router);
        limited.of_clients(clients).beside(KEY)
    };
    [
        keyed(KEY, bare().layer(auth())),
        keyed(
            "tower-auth: a key, requests limited",
            bare().layer(auth().throttle_requests(by_caller())),
        )
        .beside(KEY),
        attempts_of(FEW),
        attempts_of(MANY),
        keyed(
            "tower-auth: a key, both limited",
            bare().layer(
                auth()
                    .throttle_attempts(attempts())
                    .throttle_requests(by_caller()),
            ),
        )
        .beside(KEY),
    ]
}

/// A forged token, with a limit that it is beyond and without.
fn guesses(credentials: &Credentials) -> [Throttle; 2] {
    let forged = credentials.token(Algorithm::RS256);
    let rs256 = || tokens(credentials, forged);
    let guess = |name, status, router| {
        Throttle::new(name, status, router, Head::with_bearer(&forged.forged))
    };
    let mut refusing = guess(
        "tower-auth: a guess beyond the limit",
        StatusCode::UNAUTHORIZED,
        bare().layer(AuthLayer::new(rs256()).throttle_attempts(attempts())),
    )
    .of_clients(1);
    refusing.run(30);
    refusing.status = StatusCode::TOO_MANY_REQUESTS;
    [
        guess(
            "tower-auth: a forged RS256 token, checked",
            StatusCode::UNAUTHORIZED,
            bare().layer(AuthLayer::new(rs256())),
        ),
        refusing,
    ]
}

fn ok(name: &'static str, router: Router) -> Throttle {
    Throttle::new(name, StatusCode::OK, router, Head::bare())
}

fn attempts() -> Attempts {
    Attempts::new("30 per 100 days".parse().expect("it is a quota"))
}

const EMPTY: &str = "an empty layer";
const KEY: &str = "tower-auth: a key";
const FEW: u32 = 1_024;
const MANY: u32 = 65_536;
