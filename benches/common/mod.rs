//! What the benches share: a service that does nothing, requests, keys and tokens.
#![allow(dead_code, reason = "each bench uses its part")]

use std::{
    convert::Infallible,
    future::{Future, Ready, ready},
    hint::black_box,
    pin::pin,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Empty;
use tower::Service;
use tower_auth::{
    jose::Algorithm,
    provider::{ApiKeyAuth, ApiKeyRecord, JwtAuth},
};

#[path = "../../tests/common/hostile.rs"]
pub(crate) mod hostile;
#[path = "../../tests/common/jose.rs"]
pub(crate) mod jose;

/// Takes a request, answers 200, and does nothing else.
#[derive(Clone)]
pub(crate) struct Bare;

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

/// One request, from `poll_ready` until its response is dropped.
pub(crate) fn call<S, B>(service: &mut S, request: Request<()>) -> StatusCode
where
    S: Service<Request<()>, Response = Response<B>, Error = Infallible>,
{
    let mut cx = Context::from_waker(Waker::noop());
    assert!(service.poll_ready(&mut cx).is_ready());
    let response = pin!(service.call(request));
    let Poll::Ready(Ok(response)) = response.poll(&mut cx) else {
        panic!("no provider here has to wait");
    };
    black_box(&response).status()
}

/// A request as clients send them: a few headers, and the credential if there is one.
pub(crate) fn request(credential: Option<(&'static str, &str)>) -> Request<()> {
    let mut request = Request::post("/run")
        .header("host", "agent.example")
        .header("user-agent", "bench/1.0")
        .header("accept", "application/json")
        .header("content-type", "application/json");
    if let Some((name, value)) = credential {
        request = request.header(name, value);
    }
    request.body(()).unwrap()
}

pub(crate) fn with_key(key: &str) -> Request<()> {
    request(Some(("x-api-key", key)))
}

pub(crate) fn with_token(token: &str) -> Request<()> {
    request(Some(("authorization", &format!("Bearer {token}"))))
}

/// A key of 40 characters, as one with 128 bits and more of randomness is.
pub(crate) fn key(index: usize) -> String {
    format!("sk-live-{index:032x}")
}

pub(crate) fn keys(count: usize) -> ApiKeyAuth {
    ApiKeyAuth::new((0..count).map(key)).unwrap()
}

/// The key of number 0 with those scopes, and the role of an administrator.
pub(crate) fn scoped_key(scopes: &[&str]) -> ApiKeyAuth {
    let record = ApiKeyRecord::new("bench", key(0)).unwrap();
    let record = record.with_scopes(scopes);
    ApiKeyAuth::new([record.with_metadata("roles", "admin")]).unwrap()
}

/// Tokens of one algorithm, of which as many are remembered as usual.
pub(crate) fn tokens(algorithm: Algorithm) -> JwtAuth {
    JwtAuth::new(jose::key(algorithm))
        .with_audience(AUDIENCE)
        .with_issuer(ISSUER)
}

/// An accepted token with ten claims: 780 bytes where the signature is one of RSA.
pub(crate) fn token(algorithm: Algorithm) -> String {
    signed(algorithm, "7f3c", EXPIRES)
}

/// An accepted token like no other.
pub(crate) fn token_of_id(algorithm: Algorithm, id: usize) -> String {
    signed(algorithm, &format!("{id:04x}"), EXPIRES)
}

/// A token with the true signature of another one.
pub(crate) fn forged_token(algorithm: Algorithm) -> String {
    let (right, other) = (token(algorithm), token_of_id(algorithm, 0));
    let (claims, _) = right.rsplit_once('.').unwrap();
    let (_, signature) = other.rsplit_once('.').unwrap();
    format!("{claims}.{signature}")
}

pub(crate) fn expired_token(algorithm: Algorithm) -> String {
    signed(algorithm, "7f3c", 1_700_000_060)
}

fn signed(algorithm: Algorithm, id: &str, expires: u64) -> String {
    let header = format!(r#"{{"alg":"{algorithm}","typ":"JWT"}}"#);
    let claims = format!(
        r#"{{"iss":"{ISSUER}","aud":"{AUDIENCE}","sub":"auth0|5f7c8ec7c33c6c004bbafe82","exp":{expires},"iat":1700000000,"jti":"0f8c2a51-6a1f-4b7e-9c7d-3f2b7c1d{id}","scope":"agents:invoke graph:read","email":"ada.lovelace@example.com","roles":["editor","operator"],"tenant":"analytical-engines"}}"#
    );
    jose::token(algorithm, header, claims)
}

const ISSUER: &str = "https://issuer.example";
const AUDIENCE: &str = "my-agent";
/// In the year 2096.
const EXPIRES: u64 = 4_000_000_000;
