//! What the layer costs a request, around a service that does nothing.
//!
//! `cargo bench --bench layer`; requests and services are made outside the timed part. How this
//! compares with others, `scripts/bench` tells.
#![cfg(test)]

use std::{
    convert::Infallible,
    future::Future,
    pin::pin,
    sync::LazyLock,
    task::{Context, Poll, Waker},
};

use axum::{Router, body::Body, routing::post};
use bytes::Bytes;
use divan::Bencher;
use http::{Request, Response, StatusCode};
use http_body_util::{Empty, Full};
use tower::{Layer, Service, service_fn};
use tower_auth::{
    AuthLayer,
    authorize::{AuthorizeLayer, Policy, RequireScopes, by_role, by_scope},
    jose::Algorithm,
    provider::{AllowlistAuth, CompositeAuth, OAuth2Auth},
    testing::TestIssuer,
    webhook::{RestoredBody, WebhookLayer, WebhookSigner},
};

mod common;

use common::{Bare, call, key, keys, request, token, tokens, with_key, with_token};

fn main() {
    divan::main();
}

/// Times one call, from `poll_ready` until the response is dropped, and looks at its status.
fn time<S, B>(
    bencher: Bencher<'_, '_>,
    mut service: S,
    mut request: impl FnMut() -> Request<()>,
    wanted: StatusCode,
) where
    S: Service<Request<()>, Response = Response<B>, Error = Infallible>,
{
    bencher
        .with_inputs(&mut request)
        .bench_local_values(|request| assert_eq!(call(&mut service, request), wanted));
}

fn accepted<S, B>(bencher: Bencher<'_, '_>, service: S, request: impl FnMut() -> Request<()>)
where
    S: Service<Request<()>, Response = Response<B>, Error = Infallible>,
{
    time(bencher, service, request, StatusCode::OK);
}

fn refused<S, B>(bencher: Bencher<'_, '_>, service: S, request: impl FnMut() -> Request<()>)
where
    S: Service<Request<()>, Response = Response<B>, Error = Infallible>,
{
    time(bencher, service, request, StatusCode::UNAUTHORIZED);
}

#[divan::bench]
fn bare_service(bencher: Bencher<'_, '_>) {
    accepted(bencher, Bare, || with_key(&key(0)));
}

#[divan::bench]
fn exempt_path(bencher: Bencher<'_, '_>) {
    let service = AuthLayer::new(keys(1)).public("/run").layer(Bare);
    accepted(bencher, service, || request(None));
}

#[divan::bench(args = [1, 1_000, 1_000_000])]
fn key_accepted(bencher: Bencher<'_, '_>, count: usize) {
    static MILLION: LazyLock<AuthLayer> = LazyLock::new(|| AuthLayer::new(keys(1_000_000)));
    let layer = match count {
        1_000_000 => MILLION.clone(),
        count => AuthLayer::new(keys(count)),
    };
    // Steps through all of them, in an order that no cache foresees.
    let mut index = 0;
    let next = || {
        index = (index + 611_953) % count;
        with_key(&key(index))
    };
    accepted(bencher, layer.layer(Bare), next);
}

#[divan::bench]
fn nothing_shown(bencher: Bencher<'_, '_>) {
    let service = AuthLayer::new(keys(1)).layer(Bare);
    refused(bencher, service, || request(None));
}

#[divan::bench]
fn key_unknown(bencher: Bencher<'_, '_>) {
    let service = AuthLayer::new(keys(1)).layer(Bare);
    refused(bencher, service, || with_key(&key(1)));
}

#[divan::bench]
fn chain_of_three_accepts_last(bencher: Bencher<'_, '_>) {
    let messages = AllowlistAuth::on_platforms(["telegram"], ["42"]).unwrap();
    let chain = CompositeAuth::new(keys(1))
        .or(messages)
        .or(tokens(Algorithm::HS256));
    let token = token(Algorithm::HS256);
    let service = AuthLayer::new(chain).layer(Bare);
    accepted(bencher, service, || with_token(&token));
}

const ALGORITHMS: [Algorithm; 7] = [
    Algorithm::HS256,
    Algorithm::RS256,
    Algorithm::PS256,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::ES512,
    Algorithm::EdDSA,
];

#[divan::bench(args = ALGORITHMS)]
fn token_first_seen(bencher: Bencher<'_, '_>, algorithm: Algorithm) {
    // It remembers nothing, so every time is the first.
    let service = AuthLayer::new(tokens(algorithm).with_remembered_tokens(0)).layer(Bare);
    let token = token(algorithm);
    accepted(bencher, service, || with_token(&token));
}

#[divan::bench(args = ALGORITHMS)]
fn token_remembered(bencher: Bencher<'_, '_>, algorithm: Algorithm) {
    let tokens = tokens(algorithm);
    let token = token(algorithm);
    tokens.verify(&token).unwrap();
    let service = AuthLayer::new(tokens).layer(Bare);
    accepted(bencher, service, || with_token(&token));
}

#[divan::bench]
fn token_refused_as_garbage(bencher: Bencher<'_, '_>) {
    let service = AuthLayer::new(tokens(Algorithm::RS256)).layer(Bare);
    refused(bencher, service, || with_token("no token at all"));
}

#[divan::bench(args = ALGORITHMS)]
fn token_refused_for_its_signature(bencher: Bencher<'_, '_>, algorithm: Algorithm) {
    let service = AuthLayer::new(tokens(algorithm)).layer(Bare);
    let forged = common::forged_token(algorithm);
    refused(bencher, service, || with_token(&forged));
}

#[divan::bench(args = ALGORITHMS)]
fn token_refused_as_expired(bencher: Bencher<'_, '_>, algorithm: Algorithm) {
    let service = AuthLayer::new(tokens(algorithm)).layer(Bare);
    let expired = common::expired_token(algorithm);
    refused(bencher, service, || with_token(&expired));
}

#[divan::bench(args = [1, 64])]
fn token_under_one_of_so_many_published_keys(bencher: Bencher<'_, '_>, published: usize) {
    let issuer = TestIssuer::builder()
        .with_algorithms([Algorithm::ES256])
        .start();
    let jwk = issuer.jwk(&issuer.key_id(Algorithm::ES256));
    for other in 1..published {
        let mut jwk = jwk.clone();
        jwk["kid"] = format!("other-{other}").into();
        issuer.publish_jwk(jwk);
    }
    let tokens = OAuth2Auth::new(issuer.url(), "my-agent").unwrap();
    let tokens = tokens.with_remembered_tokens(0);
    let tokens = tokens.with_algorithms([Algorithm::ES256]).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(tokens.warm_up()).unwrap();
    let token = issuer.token().with_audience("my-agent").mint();
    let service = AuthLayer::new(tokens).layer(Bare);
    let _entered = runtime.enter();
    accepted(bencher, service, || with_token(&token));
}

/// Both scopes that [`required`] wants, and one more.
const SCOPES: [&str; 3] = ["agents:invoke", "graph:read", "graph:stream"];

fn required() -> RequireScopes {
    RequireScopes::all(["agents:invoke", "graph:read"]).unwrap()
}

#[divan::bench]
fn scopes_held(bencher: Bencher<'_, '_>) {
    let keys = common::scoped_key(&SCOPES);
    let service = AuthLayer::new(keys).layer(required().layer(Bare));
    accepted(bencher, service, || with_key(&key(0)));
}

#[divan::bench]
fn scopes_lacking(bencher: Bencher<'_, '_>) {
    let keys = common::scoped_key(&["agents:read"]);
    let service = AuthLayer::new(keys).layer(required().layer(Bare));
    let request = || with_key(&key(0));
    time(bencher, service, request, StatusCode::FORBIDDEN);
}

#[divan::bench]
fn role_held(bencher: Bencher<'_, '_>) {
    let roles = by_role([("admin", "agents:*")]).unwrap();
    let asked = AuthorizeLayer::new(roles, "agents", "invoke").unwrap();
    let service = AuthLayer::new(common::scoped_key(&SCOPES)).layer(asked.layer(Bare));
    accepted(bencher, service, || with_key(&key(0)));
}

/// A policy decides by the route that axum chose, so it is timed within a router, and beside one
/// without it.
#[divan::bench(args = [false, true])]
fn router_with_policy(bencher: Bencher<'_, '_>, with_policy: bool) {
    let app = Router::new().route("/run", post(async || "ran"));
    let policy = Policy::new(by_scope()).rule("/run", "agents", "invoke");
    let app = if with_policy { app.layer(policy) } else { app };
    let mut app: Router = app.layer(AuthLayer::new(common::scoped_key(&SCOPES)));
    bencher
        .with_inputs(|| with_key(&key(0)).map(|()| Body::empty()))
        .bench_local_values(|request| {
            let mut cx = Context::from_waker(Waker::noop());
            let response = pin!(Service::<Request<Body>>::call(&mut app, request));
            let Poll::Ready(Ok(response)) = response.poll(&mut cx) else {
                panic!("nothing here has to wait");
            };
            assert_eq!(response.status(), StatusCode::OK);
        });
}

#[divan::bench(args = [1024, 1024 * 1024])]
fn webhook_of_so_many_bytes(bencher: Bencher<'_, '_>, len: usize) {
    let body = Bytes::from(vec![b'w'; len]);
    let signer = WebhookSigner::standard(WEBHOOK_SECRET).unwrap();
    let signed = signer.sign("msg_1", &body).unwrap();
    // It would answer the second delivery of one id without the handler.
    let layer = WebhookLayer::standard(WEBHOOK_SECRET).unwrap();
    let handler = service_fn(async |request: Request<RestoredBody>| {
        drop(request);
        Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
    });
    let mut service = layer.insecure_allow_replay().layer(handler);
    let delivery = || {
        let mut request = Request::post("/hook")
            .body(Full::new(body.clone()))
            .unwrap();
        request.headers_mut().clone_from(&signed);
        request
    };
    bencher
        .with_inputs(delivery)
        .bench_local_values(|delivery| {
            let mut cx = Context::from_waker(Waker::noop());
            let mut response = pin!(service.call(delivery));
            // It gives way now and then while a long body comes in.
            let response = loop {
                if let Poll::Ready(response) = response.as_mut().poll(&mut cx) {
                    break response.unwrap();
                }
            };
            assert_eq!(response.status(), StatusCode::OK);
        });
}

const WEBHOOK_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
