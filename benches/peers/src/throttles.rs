//! Limits beside those of `axum-governor` and `tower_governor`: a request within its limit, in a `Router`
//! of axum, from another of 65,536 addresses each time.
//!
//! The limit is 60 a second for each address, so that every request is within it. `axum-governor` writes
//! `RateLimit` fields as `tower-auth` does; `tower_governor` is measured with its `X-RateLimit` headers
//! and without.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    num::NonZeroU32,
    sync::Arc,
};

use axum::{Router, body::Body, extract::ConnectInfo, routing::post};
use http::{Request, StatusCode};
use tower_auth::{
    AuthLayer,
    jose::Algorithm,
    throttle::{Attempts, Limit, Requests, ThrottleLayer},
};

use crate::{
    call::{Head, once},
    contenders::{keys, tokens},
    credentials::{Credentials, api_key},
};

/// Somebody who limits, or the check that a limit saves.
pub struct Throttle {
    /// Who does what.
    pub name: &'static str,
    /// The status that every call must have.
    status: StatusCode,
    router: Router,
    head: Head,
    addresses: Arc<[SocketAddr]>,
    next: usize,
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
            status,
            router: served(router),
            head,
            addresses: (0..ADDRESSES).map(peer).collect(),
            next: 0,
        }
    }

    /// From one address alone.
    fn with_one_address(mut self) -> Self {
        self.addresses = Arc::new([peer(0)]);
        self
    }

    /// Makes that many calls.
    ///
    /// # Panics
    ///
    /// A call has another status than it must have.
    pub fn run(&mut self, calls: u32) {
        for _ in 0..calls {
            self.next = (self.next + 1) % self.addresses.len();
            let request = from(self.head.request(), self.addresses[self.next]);
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

/// Everybody.
///
/// # Panics
///
/// It does not: the limits are well-formed.
#[must_use]
pub fn all(credentials: &Credentials) -> Vec<Throttle> {
    let ok = |name, router| Throttle::new(name, StatusCode::OK, router, Head::bare());
    let keyed =
        |name, router| Throttle::new(name, StatusCode::OK, router, Head::with_key(&api_key(0)));
    let quota = "60 per second".parse().expect("it is a quota");
    let by_address = Requests::new([Limit::by_address(quota)]).expect("one limit");
    let by_caller = "1000000 per second".parse().expect("it is a quota");
    let by_caller = Limit::by_caller(by_caller);
    let by_caller = Requests::new([by_caller]).expect("one limit");
    let attempts = || Attempts::new("30 per 100 days".parse().expect("it is a quota"));
    let auth = || AuthLayer::new(keys(1));

    let governor = |headers: bool| {
        let mut builder = tower_governor::governor::GovernorConfigBuilder::default();
        builder.per_nanosecond(1_000_000_000 / 60).burst_size(60);
        match headers {
            false => bare().layer(tower_governor::GovernorLayer::new(
                builder.finish().expect("a period and a burst"),
            )),
            true => bare().layer(tower_governor::GovernorLayer::new(
                builder
                    .use_headers()
                    .finish()
                    .expect("a period and a burst"),
            )),
        }
    };
    let axum_governor = axum_governor::GovernorConfigBuilder::default()
        .with_extractor(axum_governor::extractor::PeerIp::default())
        .expect_connect_info()
        .quota_default(axum_governor::Quota::requests_per_second(
            NonZeroU32::new(60).expect("60 is not 0"),
        ))
        .finish()
        .expect("a quota");

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
    .with_one_address();
    refusing.run(30);
    refusing.status = StatusCode::TOO_MANY_REQUESTS;
    vec![
        ok("bare", bare()),
        ok(
            "tower-auth, by address",
            bare().layer(ThrottleLayer::new(by_address)),
        ),
        ok(
            "axum-governor, by address",
            bare().layer(axum_governor::GovernorLayer::new(axum_governor)),
        ),
        ok("tower_governor, by address, with headers", governor(true)),
        ok(
            "tower_governor, by address, without headers",
            governor(false),
        ),
        keyed("tower-auth: a key", bare().layer(auth())),
        keyed(
            "tower-auth: a key, attempts limited",
            bare().layer(auth().throttle_attempts(attempts())),
        ),
        keyed(
            "tower-auth: a key, requests limited",
            bare().layer(auth().throttle_requests(by_caller)),
        ),
        guess(
            "tower-auth: a forged RS256 token, checked",
            StatusCode::UNAUTHORIZED,
            bare().layer(AuthLayer::new(rs256())),
        ),
        refusing,
    ]
}

const ADDRESSES: u32 = 65_536;
