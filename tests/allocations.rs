//! What a request allocates, as numbers.
#![cfg(test)]

use std::{
    convert::Infallible,
    future::{Ready, ready},
    hint::black_box,
    pin::pin,
    task::{Context, Poll, Waker},
};

use axum::{
    Router,
    body::Body,
    routing::{Route, get},
};
use bytes::Bytes;
use http::{Extensions, HeaderName, HeaderValue, Request, Response};
use http_body_util::Empty;
use metrics::set_default_local_recorder;
use metrics_exporter_prometheus::PrometheusBuilder;
use tower::{Layer, Service, layer::layer_fn};
use tower_auth::{
    AuthContext, AuthLayer,
    authorize::RequireScopes,
    provider::{AllowlistAuth, ApiKeyAuth, CompositeAuth},
};

#[path = "common/jose.rs"]
mod jose;
#[path = "allocations/limits.rs"]
mod limits;
#[path = "allocations/managed.rs"]
mod managed;
#[path = "allocations/messages.rs"]
mod messages;
#[path = "allocations/streams.rs"]
mod streams;
#[path = "allocations/tokens.rs"]
mod tokens;

/// A service that allocates nothing, not even for its extensions.
#[derive(Clone)]
struct Inner;

impl Service<Request<()>> for Inner {
    type Response = Response<Empty<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        drop(request);
        ready(Ok(Response::new(Empty::new())))
    }
}

fn keys() -> ApiKeyAuth {
    ApiKeyAuth::new([KEY, "another"]).unwrap()
}

/// The allocations of one call, from `poll_ready` until the response is dropped.
fn allocations(layer: &AuthLayer, request: impl Fn() -> Request<()>) -> u64 {
    allocations_of(layer.layer(Inner), request)
}

fn allocations_of<S, B>(mut service: S, request: impl Fn() -> Request<()>) -> u64
where
    S: Service<Request<()>, Response = Response<B>, Error = Infallible>,
{
    // What is made once per thread or process (a snapshot's slot, a callsite) is made here.
    once(&mut service, request());
    once(&mut service, request());
    let request = request();
    allocation_counter::measure(|| once(&mut service, request)).count_total
}

fn once<S, B>(service: &mut S, request: Request<()>)
where
    S: Service<Request<()>, Response = Response<B>, Error = Infallible>,
{
    black_box(once_of(service, request));
}

/// The response, which is there at once.
fn once_of<S, B>(service: &mut S, request: Request<()>) -> Response<B>
where
    S: Service<Request<()>, Response = Response<B>, Error = Infallible>,
{
    let mut cx = Context::from_waker(Waker::noop());
    assert!(service.poll_ready(&mut cx).is_ready());
    let mut response = pin!(service.call(request));
    let Poll::Ready(response) = response.as_mut().poll(&mut cx) else {
        panic!("it has to wait");
    };
    response.unwrap()
}

fn with(name: &'static str, value: &'static str) -> impl Fn() -> Request<()> {
    move || Request::get("/run").header(name, value).body(()).unwrap()
}

/// A request with that many headers, one of them a key.
fn with_headers(path: &'static str, headers: u8) -> impl Fn() -> Request<()> {
    move || {
        let mut request = Request::get(path).body(()).unwrap();
        let key = HeaderValue::from_static(KEY);
        request.headers_mut().insert("x-api-key", key);
        for index in 1..headers {
            let name = HeaderName::try_from(format!("x-{index}")).unwrap();
            request
                .headers_mut()
                .insert(name, HeaderValue::from_static("x"));
        }
        request
    }
}

/// What the context costs wherever it is put: the map, its table, its box.
fn inserting_a_context() -> u64 {
    let context = AuthContext::new("ada");
    let mut extensions = Extensions::new();
    let info = allocation_counter::measure(|| {
        extensions.insert(context);
        drop(extensions);
    });
    info.count_total
}

#[test]
fn scopes_that_are_held_cost_no_allocation() {
    let scopes = RequireScopes::all(["agents:invoke", "files:read"])
        .unwrap()
        .layer(Inner);
    let guarded = AuthLayer::new(keys()).layer(scopes);
    let plain = AuthLayer::new(keys()).layer(Inner);
    let request = with("x-api-key", KEY);
    assert_eq!(
        allocations_of(guarded, &request),
        allocations_of(plain, &request)
    );
}

/// A runtime on this thread, so that what a task allocates is counted too.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

#[test]
fn an_exempt_path_allocates_nothing() {
    let layer = AuthLayer::new(keys()).public("/hooks/{source}");
    for path in ["/health", "/hooks/git"] {
        let request = || Request::get(path).body(()).unwrap();
        assert_eq!(allocations(&layer, request), 0, "{path}");
    }
}

#[test]
fn an_exempt_path_allocates_nothing_however_many_headers_there_are() {
    let layer = AuthLayer::new(keys());
    for headers in 1..=50 {
        let allocated = allocations(&layer, with_headers("/health", headers));
        assert_eq!(allocated, 0, "{headers}");
    }
}

#[test]
fn an_accepted_key_allocates_what_putting_the_context_there_costs_and_nothing_else() {
    let layer = AuthLayer::new(keys());
    let context = inserting_a_context();
    for header in [("x-api-key", KEY), ("authorization", "Bearer sk-live-9f")] {
        let allocated = allocations(&layer, with(header.0, header.1));
        assert_eq!(allocated, context, "{header:?}");
    }
}

#[test]
fn counting_decisions_allocates_nothing() {
    let layer = AuthLayer::new(keys());
    let counts = || {
        [
            ("x-api-key", KEY),
            ("x-api-key", "sk-unknown"),
            ("x-other", ""),
        ]
        .map(|(name, value)| allocations(&layer, with(name, value)))
    };
    let plain = counts();
    let recorder = PrometheusBuilder::new().build_recorder();
    let _local = set_default_local_recorder(&recorder);
    assert_eq!(counts(), plain);
    assert!(
        recorder
            .handle()
            .render()
            .contains("tower_auth_decisions_total")
    );
}

#[test]
fn an_accepted_key_allocates_no_more_however_many_headers_there_are() {
    let layer = AuthLayer::new(keys());
    let context = inserting_a_context();
    for headers in 1..=50 {
        let allocated = allocations(&layer, with_headers("/run", headers));
        assert_eq!(allocated, context, "{headers}");
    }
}

#[test]
fn an_accepted_key_allocates_the_same_among_ten_thousand() {
    let keys = (0..10_000).map(|index| format!("sk-{index}"));
    let layer = AuthLayer::new(ApiKeyAuth::new(keys).unwrap());
    let allocated = allocations(&layer, with("x-api-key", "sk-7777"));
    assert_eq!(allocated, inserting_a_context());
}

#[test]
fn a_chain_allocates_what_its_members_refuse_with_and_nothing_of_its_own() {
    let messages = AllowlistAuth::on_platforms(["telegram"], ["42"]).unwrap();
    let last = ApiKeyAuth::new([KEY]).unwrap();
    let first = ApiKeyAuth::new(["another"]).unwrap();
    let chain = CompositeAuth::new(first.with_source("first").unwrap())
        .or(messages)
        .or(last);
    let allocated = allocations(&AuthLayer::new(chain), with("x-api-key", KEY));
    assert_eq!(allocated, ERROR + inserting_a_context());
}

#[test]
fn a_disabled_layer_allocates_what_putting_the_context_there_costs() {
    let allocated = allocations(&AuthLayer::disabled(), with("x-api-key", KEY));
    assert_eq!(allocated, inserting_a_context());
}

/// Why somebody refuses.
const ERROR: u64 = 1;
/// A refusal copies a head that was made before (a header map: two) and puts its error there for
/// outer layers (an extension: three). Its body is shared.
const REFUSED: u64 = ERROR + 5;
/// A rarer refusal is worded each time: what http's and serde_json's containers cost.
const WORDED: u64 = ERROR + 13;

#[test]
fn a_refusal_allocates_its_response_and_nothing_else() {
    let layer = AuthLayer::new(keys());
    let nothing = || Request::get("/run").body(()).unwrap();
    assert_eq!(allocations(&layer, nothing), REFUSED);
    let of_another_scheme = with("authorization", "Basic YTpi");
    assert_eq!(allocations(&layer, of_another_scheme), REFUSED);
    let unknown = with("x-api-key", "unknown");
    assert_eq!(allocations(&layer, unknown), REFUSED);
    let garbage = with("authorization", "Bearer \u{fc}\u{1F980}");
    assert_eq!(allocations(&layer, garbage), REFUSED);
}

#[test]
fn a_refusal_allocates_the_same_however_long_the_credential_is() {
    let layer = AuthLayer::new(keys());
    let longest: &'static str = "k".repeat(8 * 1024).leak();
    let allocated = allocations(&layer, with("x-api-key", longest));
    assert_eq!(allocated, REFUSED);
    let megabyte: &'static str = "k".repeat(1024 * 1024).leak();
    let allocated = allocations(&layer, with("x-api-key", megabyte));
    assert!(allocated <= WORDED, "{allocated}");
}

/// The allocations of one call of an axum app, as a server makes it.
fn of_app(app: Router, path: &'static str) -> u64 {
    let mut app = app.with_state::<()>(());
    let mut call = |request: Request<Body>| {
        let mut cx = Context::from_waker(Waker::noop());
        let mut response = pin!(app.call(request));
        assert!(response.as_mut().poll(&mut cx).is_ready());
    };
    let request = || {
        let request = Request::get(path).header("x-api-key", KEY);
        request.body(Body::empty()).unwrap()
    };
    call(request());
    call(request());
    let request = request();
    allocation_counter::measure(|| call(request)).count_total
}

fn app() -> Router {
    Router::new()
        .route("/health", get(async || "ok"))
        .route("/run", get(async || "ran"))
}

/// A layer that does nothing: what axum spends on any.
fn with_any_layer() -> Router {
    app().layer(layer_fn(|route: Route| route))
}

fn with_this_layer() -> Router {
    app().layer(AuthLayer::new(keys()))
}

/// axum boxes the body of every layer whose body is not axum's own type.
const BODY: u64 = 1;

#[test]
fn under_axum_a_public_path_costs_the_box_that_axum_puts_around_the_body() {
    let extra = of_app(with_this_layer(), "/health") - of_app(with_any_layer(), "/health");
    assert_eq!(extra, BODY);
}

#[test]
fn under_axum_an_accepted_key_costs_no_more_than_a_fresh_context() {
    let extra = of_app(with_this_layer(), "/run") - of_app(with_any_layer(), "/run");
    assert!(extra <= BODY + inserting_a_context(), "{extra}");
}

const KEY: &str = "sk-live-9f";
