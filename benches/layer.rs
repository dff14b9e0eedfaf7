//! What the layer costs a request, around a service that does nothing.
//!
//! `cargo bench --bench layer`; requests and services are made outside the timed part.
#![cfg(test)]

use std::{
    convert::Infallible,
    future::{Future, Ready, ready},
    pin::pin,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use divan::{Bencher, black_box};
use http::{Request, Response};
use http_body_util::Empty;
use tower::{Layer, Service};
use tower_auth::{
    AuthLayer,
    provider::{AllowlistAuth, ApiKeyAuth, CompositeAuth},
};

fn main() {
    divan::main();
}

#[derive(Clone)]
struct Bare;

impl Service<Request<()>> for Bare {
    type Response = Response<Empty<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        black_box(request);
        ready(Ok(Response::new(Empty::new())))
    }
}

fn keys(count: usize) -> ApiKeyAuth {
    ApiKeyAuth::new((0..count).map(|index| format!("sk-bench-{index}"))).unwrap()
}

fn with_key(key: &str) -> Request<()> {
    let request = Request::post("/run").header("x-api-key", key);
    request.body(()).unwrap()
}

/// Times one call, from `poll_ready` to the response.
fn time<S, R>(bencher: Bencher<'_, '_>, mut service: S, request: impl Fn() -> Request<()>)
where
    S: Service<Request<()>, Response = Response<R>, Error = Infallible>,
{
    bencher.with_inputs(request).bench_local_values(|request| {
        let mut cx = Context::from_waker(Waker::noop());
        assert!(service.poll_ready(&mut cx).is_ready());
        let response = pin!(service.call(request));
        let Poll::Ready(Ok(response)) = response.poll(&mut cx) else {
            panic!("no provider here has to wait");
        };
        response
    });
}

#[divan::bench]
fn bare_service(bencher: Bencher<'_, '_>) {
    time(bencher, Bare, || with_key("sk-bench-0"));
}

#[divan::bench]
fn exempt_path(bencher: Bencher<'_, '_>) {
    let service = AuthLayer::new(keys(1)).layer(Bare);
    time(bencher, service, || {
        Request::get("/health").body(()).unwrap()
    });
}

#[divan::bench(args = [1, 1_000, 100_000])]
fn key_accepted(bencher: Bencher<'_, '_>, count: usize) {
    let service = AuthLayer::new(keys(count)).layer(Bare);
    let last = format!("sk-bench-{}", count - 1);
    time(bencher, service, || with_key(&last));
}

#[divan::bench]
fn nothing_shown(bencher: Bencher<'_, '_>) {
    let service = AuthLayer::new(keys(1)).layer(Bare);
    time(bencher, service, || Request::post("/run").body(()).unwrap());
}

#[divan::bench]
fn key_unknown(bencher: Bencher<'_, '_>) {
    let service = AuthLayer::new(keys(1)).layer(Bare);
    time(bencher, service, || with_key("sk-bench-unknown"));
}

#[divan::bench]
fn chain_of_three_accepts_last(bencher: Bencher<'_, '_>) {
    let messages = AllowlistAuth::on_platforms(["telegram"], ["42"]).unwrap();
    let chain = CompositeAuth::new(ApiKeyAuth::new(["first"]).unwrap())
        .or(messages)
        .or(keys(1));
    let service = AuthLayer::new(chain).layer(Bare);
    time(bencher, service, || with_key("sk-bench-0"));
}
