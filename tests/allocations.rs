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
    extract::ConnectInfo,
    routing::{Route, get},
};
use bytes::Bytes;
use http::{Extensions, HeaderName, HeaderValue, Request, Response};
use http_body_util::{Empty, Full};
use tower::{Layer, Service, layer::layer_fn};
use tower_auth::{
    AuthContext, AuthLayer,
    authorize::RequireScopes,
    jose::Algorithm,
    keys::{KeyRequest, ManagedKeys, MemoryKeyStore},
    mcp::{McpLayer, ProtectedResource, RestoredBody},
    provider::{AllowlistAuth, ApiKeyAuth, CompositeAuth, JwtAuth},
    throttle::{Attempts, Limit, Requests},
};

#[path = "common/jose.rs"]
mod jose;
#[path = "allocations/streams.rs"]
mod streams;

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
fn a_managed_key_allocates_no_more_than_a_static_one() {
    let clock = tower_auth::testing::ManualClock::now();
    let store = MemoryKeyStore::new().unwrap();
    let managed = ManagedKeys::new(store, "sk")
        .unwrap()
        .with_clock(clock.clock());
    let made = runtime().block_on(async {
        managed.open().await.unwrap();
        let request = KeyRequest::new("ci").with_scopes(["graph:invoke"]);
        managed.as_operator("ada").create(request).await.unwrap()
    });
    let secret = made.secret().unwrap().expose();
    let shown = allocations(&AuthLayer::new(managed), || {
        Request::get("/run")
            .header("x-api-key", secret)
            .body(())
            .unwrap()
    });
    let fixed = allocations(&AuthLayer::new(keys()), with("x-api-key", KEY));
    assert_eq!(shown, fixed);
}

#[test]
fn a_managed_key_takes_as_many_bytes_as_the_documentation_says() {
    const COUNT: i64 = 4_000;
    let store = MemoryKeyStore::new().unwrap();
    let runtime = runtime();
    let maker = ManagedKeys::new(store.clone(), "sk").unwrap();
    let admin = maker.as_operator("ada");
    runtime.block_on(async {
        for number in 0..COUNT {
            let request = KeyRequest::new(format!("key {number}")).with_scopes(["graph:invoke"]);
            admin.create(request).await.unwrap();
        }
    });
    let keys = ManagedKeys::new(store, "sk").unwrap();
    let taken = allocation_counter::measure(|| runtime.block_on(keys.open()).unwrap());
    assert_eq!(keys.known(), 4_000);
    let each = taken.bytes_current / COUNT;
    println!("{each} bytes a key");
    assert!(
        (300..=640).contains(&each),
        "{each} bytes a key: docs/keys.md says 640 at most"
    );
}

#[test]
fn a_store_beyond_the_bound_is_read_without_all_of_its_keys_in_memory() {
    let store = MemoryKeyStore::new().unwrap();
    let runtime = runtime();
    let maker = ManagedKeys::new(store.clone(), "sk").unwrap();
    let admin = maker.as_operator("ada");
    runtime.block_on(async {
        for number in 0..6_000 {
            let request = KeyRequest::new(format!("key {number}")).with_scopes(["graph:invoke"]);
            admin.create(request).await.unwrap();
        }
    });
    let keys = ManagedKeys::new(store, "sk").unwrap().with_max_known(100);
    let taken = allocation_counter::measure(|| runtime.block_on(keys.open()).unwrap());
    assert_eq!(keys.known(), 100);
    // Two pages of a thousand keys, and the hundred.
    println!(
        "{} bytes at most, {} stay",
        taken.bytes_max, taken.bytes_current
    );
    assert!(taken.bytes_max < 2_000 * 1_000, "{}", taken.bytes_max);
    assert!(taken.bytes_current < 200 * 1_000, "{}", taken.bytes_current);
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
fn within_limits(layer: &AuthLayer, clock: &tower_auth::testing::ManualClock) -> u64 {
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

#[test]
fn a_request_within_its_limits_allocates_nothing_more() {
    let clock = tower_auth::testing::ManualClock::now();
    let plain = within_limits(&AuthLayer::new(keys()), &clock);
    let limit = |name: &str| {
        let limit = Limit::by_caller("5 per minute".parse().unwrap());
        limit.with_name(name).unwrap()
    };
    let requests = Requests::new([limit("a"), limit("b")])
        .unwrap()
        .with_clock(clock.clock());
    let attempts = Attempts::new("5 per minute".parse().unwrap()).with_clock(clock.clock());
    let limited = AuthLayer::new(keys())
        .throttle_attempts(attempts)
        .throttle_requests(requests);
    assert_eq!(within_limits(&limited, &clock), plain);
}

#[test]
fn guesses_from_any_number_of_addresses_take_no_memory_beyond_the_tables() {
    let attempts = || Attempts::new("30 per minute".parse().unwrap());
    let tables = allocation_counter::measure(|| std::mem::forget(attempts()));
    let most = 33 * 1024 * 1024;
    assert!(tables.bytes_current < most, "{}", tables.bytes_current);

    let mut service = AuthLayer::new(keys())
        .throttle_attempts(attempts())
        .layer(Inner);
    let mut guess = |network: u32| {
        let peer = std::net::Ipv6Addr::from_bits(u128::from(network) << 64 | 1);
        let peer: std::net::SocketAddr = (peer, 4711).into();
        let mut request = with("x-api-key", "wrong")();
        request.extensions_mut().insert(ConnectInfo(peer));
        once(&mut service, request);
    };
    (0..100).for_each(&mut guess);
    let grown = allocation_counter::measure(|| (100..20_000).for_each(&mut guess));
    assert_eq!(grown.bytes_current, 0);
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

fn tokens() -> JwtAuth {
    JwtAuth::new(jose::key(Algorithm::HS256))
        .with_issuer("https://issuer.example")
        .with_audience("my-agent")
}

/// Ten claims, as issuers write them.
fn token(id: u32) -> &'static str {
    let claims = format!(
        r#"{{"iss":"https://issuer.example","aud":"my-agent","sub":"ada","exp":4000000000,"iat":1,
            "jti":"{id}","scope":"read write","roles":["editor"],"team":"blue","email":"a@b.c"}}"#
    );
    let token = jose::token(Algorithm::HS256, r#"{"alg":"HS256","typ":"JWT"}"#, claims);
    format!("Bearer {token}").leak()
}

/// The decoded token, the user id, the scopes, and the context that holds them.
const CALLER: u64 = 4;

#[test]
fn a_token_seen_first_allocates_its_caller_and_nothing_else() {
    let context = inserting_a_context();
    let unremembered = AuthLayer::new(tokens().with_remembered_tokens(0));
    let allocated = allocations(&unremembered, with("authorization", token(0)));
    assert_eq!(allocated, CALLER + context);
}

#[test]
fn a_token_that_will_be_remembered_allocates_no_more_but_where_the_memory_grows() {
    let layer = AuthLayer::new(tokens());
    let mut allocated: Vec<u64> = (0..101)
        .map(|id| {
            let mut service = layer.layer(Inner);
            let request = with("authorization", token(id))();
            allocation_counter::measure(|| once(&mut service, request)).count_total
        })
        .collect();
    allocated.sort_unstable();
    assert_eq!(allocated[50], CALLER + inserting_a_context());
}

#[test]
fn a_remembered_token_allocates_what_putting_the_context_there_costs() {
    let layer = AuthLayer::new(tokens());
    let allocated = allocations(&layer, with("authorization", token(0)));
    assert_eq!(allocated, inserting_a_context());
}

#[test]
fn a_forged_token_allocates_its_refusal_and_what_was_decoded() {
    let layer = AuthLayer::new(tokens());
    let (input, _) = token(0).rsplit_once('.').unwrap();
    let (_, signature) = token(1).rsplit_once('.').unwrap();
    let forged = format!("{input}.{signature}").leak();
    let allocated = allocations(&layer, with("authorization", forged));
    assert_eq!(allocated, REFUSED + 1);
}

/// The future that waits for the body, and a list each of the messages, of what a message names, and of needs.
const JUDGED_MESSAGE: u64 = 4;

/// A service that allocates nothing, for messages that were judged.
#[derive(Clone)]
struct Judged;

impl Service<Request<RestoredBody>> for Judged {
    type Response = Response<Empty<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<RestoredBody>) -> Self::Future {
        drop(request);
        ready(Ok(Response::new(Empty::new())))
    }
}

#[test]
fn a_message_allocates_the_same_whatever_its_length() {
    let resource = ProtectedResource::new("https://api.example.com/mcp").unwrap();
    let layer = McpLayer::new(&resource).tool("deploy", "agents:deploy");
    let mut service = layer.layer(Judged);
    for length in [1, 1_000, 100_000] {
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"deploy","arguments":{{"x":"{}"}}}}}}"#,
            "y".repeat(length)
        );
        let body = Bytes::from(body);
        let request = || {
            let mut request = Request::post("/mcp")
                .header("content-type", "application/json")
                .header("mcp-protocol-version", "2026-07-28")
                .header("mcp-method", "tools/call")
                .header("mcp-name", "deploy")
                .body(Full::new(body.clone()))
                .unwrap();
            let caller = AuthContext::new("ada").with_scopes(["agents:deploy"]);
            request.extensions_mut().insert(caller);
            request
        };
        let mut call = |request| {
            let mut cx = Context::from_waker(Waker::noop());
            let mut response = pin!(service.call(request));
            let Poll::Ready(Ok(response)) = response.as_mut().poll(&mut cx) else {
                panic!("the body is there");
            };
            assert_eq!(response.status(), 200);
        };
        call(request());
        let request = request();
        let allocated = allocation_counter::measure(|| call(request)).count_total;
        assert_eq!(allocated, JUDGED_MESSAGE, "{length}");
    }
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
