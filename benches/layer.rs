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
use jsonwebtoken::{EncodingKey, Header};
use tower::{Layer, Service};
use tower_auth::{
    AuthLayer,
    authorize::{Authorize, RequireScopes, by_role},
    jose::{Algorithm, Key},
    provider::{AllowlistAuth, ApiKeyAuth, ApiKeyRecord, CompositeAuth, JwtAuth},
};

fn main() {
    divan::main();
}

/// A file of the tests' keys.
macro_rules! key_file {
    ($name:literal) => {
        include_str!(concat!("../tests/common/keys/", $name))
    };
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

/// HMAC, RSA, P-256 and Ed25519: the ones that issuers use.
const ALGORITHMS: [&str; 4] = ["HS256", "RS256", "ES256", "EdDSA"];

#[divan::bench(args = ALGORITHMS)]
fn token_first_seen(bencher: Bencher<'_, '_>, algorithm: &str) {
    // It remembers nothing, so every time is the first.
    let service = AuthLayer::new(tokens(algorithm).with_remembered_tokens(0)).layer(Bare);
    let token = token(algorithm);
    time(bencher, service, || with_token(&token));
}

#[divan::bench(args = ALGORITHMS)]
fn token_remembered(bencher: Bencher<'_, '_>, algorithm: &str) {
    let tokens = tokens(algorithm);
    let token = token(algorithm);
    tokens.verify(&token).unwrap();
    let service = AuthLayer::new(tokens).layer(Bare);
    time(bencher, service, || with_token(&token));
}

#[divan::bench(args = ALGORITHMS)]
fn token_refused(bencher: Bencher<'_, '_>, algorithm: &str) {
    let service = AuthLayer::new(tokens(algorithm)).layer(Bare);
    // A signature of the right length over other claims.
    let (right, other) = (token(algorithm), signed(algorithm, "eve"));
    let claims = right.rsplit_once('.').unwrap().0;
    let forged = format!("{claims}.{}", other.rsplit_once('.').unwrap().1);
    time(bencher, service, || with_token(&forged));
}

#[divan::bench]
fn scopes_held(bencher: Bencher<'_, '_>) {
    let service = AuthLayer::new(with_scopes("agents:invoke")).layer(required().layer(Bare));
    time(bencher, service, || with_key("sk-bench"));
}

#[divan::bench]
fn scopes_lacking(bencher: Bencher<'_, '_>) {
    let service = AuthLayer::new(with_scopes("agents:read")).layer(required().layer(Bare));
    time(bencher, service, || with_key("sk-bench"));
}

#[divan::bench]
fn role_held(bencher: Bencher<'_, '_>) {
    let roles = by_role([("admin", "agents:*")]).unwrap();
    let asked = Authorize::new(roles, "agents", "invoke");
    let service = AuthLayer::new(with_scopes("agents:read")).layer(asked.layer(Bare));
    time(bencher, service, || with_key("sk-bench"));
}

fn required() -> RequireScopes {
    RequireScopes::all(["agents:invoke", "graph:read"])
}

/// A key with the role of an administrator.
fn with_scopes(scope: &str) -> ApiKeyAuth {
    let record = ApiKeyRecord::new("bench", "sk-bench").unwrap();
    let record = record.with_scopes([scope, "graph:read", "graph:stream"]);
    ApiKeyAuth::new([record.with_metadata("roles", "admin")]).unwrap()
}

fn with_token(token: &str) -> Request<()> {
    let request = Request::post("/run").header("authorization", format!("Bearer {token}"));
    request.body(()).unwrap()
}

fn tokens(algorithm: &str) -> JwtAuth {
    let key = match algorithm {
        "HS256" => Key::hmac(Algorithm::HS256, SECRET),
        "RS256" => Key::from_pem(Algorithm::RS256, key_file!("rsa.pub.pem")),
        "ES256" => Key::from_pem(Algorithm::ES256, key_file!("p256.pub.pem")),
        _ => Key::from_pem(Algorithm::EdDSA, key_file!("ed25519.pub.pem")),
    };
    JwtAuth::new(key.unwrap())
        .with_audience("my-agent")
        .with_issuer("https://issuer.example")
}

fn token(algorithm: &str) -> String {
    signed(algorithm, "ada")
}

fn signed(algorithm: &str, subject: &str) -> String {
    let key = match algorithm {
        "HS256" => Ok(EncodingKey::from_secret(SECRET)),
        "RS256" => EncodingKey::from_rsa_pem(key_file!("rsa.pem").as_bytes()),
        "ES256" => EncodingKey::from_ec_pem(key_file!("p256.pem").as_bytes()),
        _ => EncodingKey::from_ed_pem(key_file!("ed25519.pem").as_bytes()),
    };
    let claims = serde_json::json!({
        "iss": "https://issuer.example", "aud": "my-agent", "sub": subject, "exp": 4_000_000_000_u64,
        "iat": 1_700_000_000, "jti": "7f3c", "scope": "agents:invoke graph:read", "team": "blue",
        "roles": ["editor"], "email": "ada@example.com",
    });
    let header = Header::new(algorithm.parse().unwrap());
    jsonwebtoken::encode(&header, &claims, &key.unwrap()).unwrap()
}

const SECRET: &[u8] = b"a secret for benches: 32 bytes or more of it";
