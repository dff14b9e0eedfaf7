//! Instructions that the hot paths execute, counted by Callgrind: a busy machine counts the same.
//!
//! `scripts/instructions` runs this. A case that takes more than [`TOLERANCE`] beyond what
//! `kept.tsv` says fails; `scripts/instructions --keep` writes the file anew.
#![cfg(test)]

use std::hint::black_box;

use gungraun::{
    Callgrind, EventKind, LibraryBenchmarkConfig, library_benchmark, library_benchmark_group, main,
};
use http::{Request, StatusCode};
use tower::{Layer, Service};
use tower_auth::{
    AuthLayer,
    authorize::RequireScopes,
    jose::{Algorithm, Jws},
    provider::CompositeAuth,
};

#[path = "../common/mod.rs"]
mod common;

use common::{Bare, call, key, keys, request, token, tokens, with_key, with_token};

/// Answers one request; what it needs is made before the counting begins.
type Case = Box<dyn FnMut() -> StatusCode>;

#[library_benchmark]
#[bench::bare(setup = bare, config = kept("bare"))]
#[bench::exempt(setup = exempt, config = kept("exempt"))]
#[bench::key(setup = key_accepted, config = kept("key"))]
#[bench::key_of_many(setup = key_of_many, config = kept("key_of_many"))]
#[bench::chain(setup = chain, config = kept("chain"))]
#[bench::scopes(setup = scopes, config = kept("scopes"))]
#[bench::missing(setup = missing, config = kept("missing"))]
#[bench::unknown(setup = unknown, config = kept("unknown"))]
#[bench::garbage(setup = garbage, config = kept("garbage"))]
#[bench::forged(setup = forged, config = kept("forged"))]
#[bench::remembered(setup = remembered, config = kept("remembered"))]
#[bench::hs256(setup = hs256, config = kept("hs256"))]
#[bench::rs256(setup = rs256, config = kept("rs256"))]
#[bench::es256(setup = es256, config = kept("es256"))]
#[bench::eddsa(setup = eddsa, config = kept("eddsa"))]
fn answer(mut case: Case) -> (Case, StatusCode) {
    let status = black_box(&mut case)();
    // Handed back, so that what the service holds is not taken down within the count.
    (case, status)
}

// What nobody has signed, and is refused: its cost must grow with its length alone.
#[library_benchmark]
#[bench::too_long(setup = too_long, config = kept("too_long"))]
#[bench::escapes(args = ("escapes"), setup = hostile, config = kept("escapes"))]
#[bench::numbers(args = ("numbers"), setup = hostile, config = kept("numbers"))]
#[bench::digits(args = ("digits"), setup = hostile, config = kept("digits"))]
#[bench::fraction(args = ("fraction"), setup = hostile, config = kept("fraction"))]
#[bench::exponent(args = ("exponent"), setup = hostile, config = kept("exponent"))]
#[bench::backslashes(args = ("backslashes"), setup = hostile, config = kept("backslashes"))]
#[bench::escaped_names(args = ("escaped_names"), setup = hostile, config = kept("escaped_names"))]
#[bench::long_names(args = ("long_names"), setup = hostile, config = kept("long_names"))]
fn parse(token: String) -> (String, bool) {
    let is_whole = black_box(Jws::parse(black_box(&token))).is_ok();
    (token, is_whole)
}

library_benchmark_group!(name = hot, benchmarks = [answer, parse]);
main!(library_benchmark_groups = hot);

fn too_long() -> String {
    "a.".repeat(5 * 1024 * 1024)
}

fn hostile(shape: &str) -> String {
    let mut shapes = common::hostile::shapes().into_iter();
    let (_, member) = shapes.find(|(name, _)| *name == shape).unwrap();
    let header = format!(r#"{{"alg":"HS256",{member}}}"#);
    format!("{}.e30.AA", common::jose::b64(header))
}

fn bare() -> Case {
    once(Bare, || with_key(&key(0)), StatusCode::OK)
}

fn exempt() -> Case {
    let health = || Request::get("/health").body(()).unwrap();
    once(AuthLayer::new(keys(1)).layer(Bare), health, StatusCode::OK)
}

fn key_accepted() -> Case {
    let service = AuthLayer::new(keys(1)).layer(Bare);
    once(service, || with_key(&key(0)), StatusCode::OK)
}

fn key_of_many() -> Case {
    let service = AuthLayer::new(keys(10_000)).layer(Bare);
    once(service, || with_key(&key(7777)), StatusCode::OK)
}

fn chain() -> Case {
    let chain = CompositeAuth::new(keys(1)).or(tokens(Algorithm::HS256));
    let token = token(Algorithm::HS256);
    let service = AuthLayer::new(chain).layer(Bare);
    once(service, move || with_token(&token), StatusCode::OK)
}

fn scopes() -> Case {
    let required = RequireScopes::all(["agents:invoke", "graph:read"]).unwrap();
    let keys = common::scoped_key(&["agents:invoke", "graph:read", "graph:stream"]);
    let service = AuthLayer::new(keys).layer(required.layer(Bare));
    once(service, || with_key(&key(0)), StatusCode::OK)
}

fn missing() -> Case {
    let service = AuthLayer::new(keys(1)).layer(Bare);
    once(service, || request(None), StatusCode::UNAUTHORIZED)
}

fn unknown() -> Case {
    let service = AuthLayer::new(keys(1)).layer(Bare);
    once(service, || with_key(&key(1)), StatusCode::UNAUTHORIZED)
}

fn garbage() -> Case {
    let service = AuthLayer::new(tokens(Algorithm::RS256)).layer(Bare);
    once(service, || with_token("garbage"), StatusCode::UNAUTHORIZED)
}

fn forged() -> Case {
    let token = common::forged_token(Algorithm::HS256);
    let service = AuthLayer::new(tokens(Algorithm::HS256)).layer(Bare);
    let request = move || with_token(&token);
    once(service, request, StatusCode::UNAUTHORIZED)
}

fn remembered() -> Case {
    let token = token(Algorithm::RS256);
    let service = AuthLayer::new(tokens(Algorithm::RS256)).layer(Bare);
    once(service, move || with_token(&token), StatusCode::OK)
}

fn hs256() -> Case {
    first_seen(Algorithm::HS256)
}

fn rs256() -> Case {
    first_seen(Algorithm::RS256)
}

fn es256() -> Case {
    first_seen(Algorithm::ES256)
}

fn eddsa() -> Case {
    first_seen(Algorithm::EdDSA)
}

fn first_seen(algorithm: Algorithm) -> Case {
    let service = AuthLayer::new(tokens(algorithm)).layer(Bare);
    let mut ids = 0..;
    let request = move || with_token(&common::token_of_id(algorithm, ids.next().unwrap()));
    once(service, request, StatusCode::OK)
}

/// The second request of a service: the first has made what is made once.
fn once<S, B>(mut service: S, mut request: impl FnMut() -> Request<()>, wanted: StatusCode) -> Case
where
    S: Service<Request<()>, Response = http::Response<B>, Error = std::convert::Infallible>
        + 'static,
    B: 'static,
{
    assert_eq!(call(&mut service, request()), wanted);
    let mut request = Some(request());
    Box::new(move || call(&mut service, request.take().unwrap()))
}

/// Fails a case that takes more than it took when the file was written.
fn kept(case: &str) -> LibraryBenchmarkConfig {
    let mut config = LibraryBenchmarkConfig::default();
    let mut counts = KEPT.lines().filter_map(|line| line.split_once('\t'));
    if let Some((_, count)) = counts.find(|(name, _)| *name == case) {
        let count: f64 = count.parse().unwrap();
        let limit = (count * (1.0 + TOLERANCE)) as u64;
        config.tool(Callgrind::default().hard_limits([(EventKind::Ir, limit)]));
    }
    config
}

const KEPT: &str = include_str!("kept.tsv");
/// Enough for another memcpy and another allocator, and less than any needless step costs.
const TOLERANCE: f64 = 0.03;
