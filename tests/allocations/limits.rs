//! What limits cost [14.4].

use std::{
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll},
};

use axum::extract::ConnectInfo;
use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use http_body_util::Empty;
use tower::{Layer, Service};
use tower_auth::{
    AuthLayer,
    testing::ManualClock,
    throttle::{Attempts, Limit, Requests},
};

use super::{Inner, KEY, keys, once, with};

/// A service whose response has a header, as that of every handler has.
#[derive(Clone)]
struct WithHeader;

impl Service<Request<()>> for WithHeader {
    type Response = Response<Empty<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        drop(request);
        let mut response = Response::new(Empty::new());
        let plain = HeaderValue::from_static("text/plain");
        response.headers_mut().insert("content-type", plain);
        ready(Ok(response))
    }
}

/// The allocations of one call, once each answer that limits give was given.
fn within_limits(layer: &AuthLayer, clock: &ManualClock) -> u64 {
    let mut service = layer.layer(WithHeader);
    let request = || {
        let peer: std::net::SocketAddr = ([203, 0, 113, 7], 4711).into();
        let mut request = with("x-api-key", KEY)();
        request.extensions_mut().insert(ConnectInfo(peer));
        request
    };
    for _ in 0..4 {
        once(&mut service, request());
    }
    clock.advance(std::time::Duration::from_secs(60));
    let request = request();
    allocation_counter::measure(|| once(&mut service, request)).count_total
}

/// Limits of callers with that quota, and of attempts, allocate that much more than none.
fn more_than_without(quota: &str) -> u64 {
    let clock = ManualClock::now();
    let plain = within_limits(&AuthLayer::new(keys()), &clock);
    let limit = |name: &str| {
        let limit = Limit::by_caller(quota.parse().unwrap());
        limit.with_name(name).unwrap()
    };
    let requests = Requests::new([limit("a"), limit("b")])
        .unwrap()
        .with_clock(clock.clock());
    let attempts = Attempts::new(quota.parse().unwrap()).with_clock(clock.clock());
    let limited = AuthLayer::new(keys())
        .throttle_attempts(attempts)
        .throttle_requests(requests);
    within_limits(&limited, &clock) - plain
}

#[test]
fn a_request_within_its_limits_allocates_nothing_more() {
    assert_eq!(more_than_without("5 per minute"), 0);
}

#[test]
fn a_request_within_a_large_limit_allocates_nothing_more() {
    assert_eq!(more_than_without("1000000 per second"), 0);
}

#[test]
fn guesses_from_any_number_of_addresses_take_no_memory_beyond_the_tables() {
    let limit = "30 per minute".parse().unwrap();
    let attempts = Attempts::new(limit).with_max_entries(10_000);
    let mut service = AuthLayer::new(keys())
        .throttle_attempts(attempts)
        .layer(Inner);
    let mut guess = |network: u32| {
        let peer = std::net::Ipv6Addr::from_bits(u128::from(network) << 64 | 1);
        let peer: std::net::SocketAddr = (peer, 4711).into();
        let mut request = with("x-api-key", "wrong")();
        request.extensions_mut().insert(ConnectInfo(peer));
        once(&mut service, request);
    };
    let table = allocation_counter::measure(|| (0..20_000).for_each(&mut guess));
    assert!(table.bytes_current < 200_000, "{}", table.bytes_current);
    let beyond = allocation_counter::measure(|| (20_000..60_000).for_each(&mut guess));
    assert_eq!(beyond.bytes_current, 0);
}

#[test]
fn limits_that_nobody_has_reached_take_little_memory() {
    let attempts = || Attempts::new("30 per minute".parse().unwrap());
    let tables = allocation_counter::measure(|| std::mem::forget(attempts()));
    assert!(tables.bytes_current < 100_000, "{}", tables.bytes_current);
}
