//! What responses cost that end with the credential of their caller [13.2].

use std::{
    convert::Infallible,
    fs,
    future::{Ready, ready},
    pin::Pin,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Full};
use tokio::{runtime::Runtime, task::JoinSet};
use tower::{Layer, Service, ServiceExt};
use tower_auth::{
    AuthLayer, Clock, CredentialEnded,
    keys::{KeyRequest, MadeKey, ManagedKeys, MemoryKeyStore},
    provider::JwtAuth,
    revocations::{MemoryRevocationStore, Revocations},
    testing::ManualClock,
};

use super::{once_of, runtime};

/// A service that answers at once, with a body that is whole.
#[derive(Clone)]
struct Whole;

impl Service<Request<()>> for Whole {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        ready(Ok(Response::new(Full::from("the whole answer"))))
    }
}

/// The allocations of a request and of its body, which is read to its end.
fn of_whole_answer(layer: &AuthLayer, shown: (&'static str, &str)) -> u64 {
    let mut service = layer.layer(Whole);
    let mut ask = || {
        let request = Request::get("/run").header(shown.0, shown.1).body(());
        let request = request.unwrap();
        let counted = allocation_counter::measure(|| {
            let response = once_of(&mut service, request);
            assert_eq!(response.status(), 200);
            let mut body = response.into_body();
            let mut cx = Context::from_waker(Waker::noop());
            while !body.is_end_stream() {
                let frame = Pin::new(&mut body).poll_frame(&mut cx);
                assert!(matches!(frame, Poll::Ready(Some(Ok(_)))));
            }
        });
        counted.count_total
    };
    ask();
    ask();
    ask()
}

#[test]
fn an_answer_that_is_whole_costs_no_more_where_streams_end() {
    let token = token();
    let tokens = || JwtAuth::hs256(SECRET).unwrap();
    // Without a runtime it stays as it was read while the clock stands still.
    let clock = ManualClock::now();
    let (keys, made) = managed_by(clock.clock(), 1);
    let key = made[0].secret().unwrap().expose();
    for (ends, plain, shown) in [
        (
            AuthLayer::new(tokens()).end_streams(true),
            AuthLayer::new(tokens()),
            ("authorization", &*token),
        ),
        (
            AuthLayer::new(keys.clone()).end_streams(true),
            AuthLayer::new(keys.clone()),
            ("x-api-key", key),
        ),
    ] {
        let (ends, plain) = (
            of_whole_answer(&ends, shown),
            of_whole_answer(&plain, shown),
        );
        assert_eq!(ends, plain, "{}", shown.0);
    }
}

/// A body that waits for ever, and counts how often it is asked.
struct Waits;

impl Body for Waits {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        POLLS.fetch_add(1, Ordering::SeqCst);
        Poll::Pending
    }
}

#[derive(Clone)]
struct Streams;

impl Service<Request<()>> for Streams {
    type Response = Response<Waits>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        ready(Ok(Response::new(Waits)))
    }
}

/// Tasks that each wait for a stream, and answer the number of its credential once it ends as an error.
type Open = JoinSet<usize>;

/// Opens 10,000 streams, each with one of these credentials in turn, and the bytes that they take.
fn open(runtime: &Runtime, layer: &AuthLayer, shown: (&'static str, &[String])) -> (Open, i64) {
    let mut open = Open::new();
    open_more(runtime, &mut open, layer, shown, shown.1.len());
    let counted = allocation_counter::measure(|| {
        open_more(runtime, &mut open, layer, shown, STREAMS);
    });
    (open, counted.bytes_current)
}

fn open_more(
    runtime: &Runtime,
    open: &mut Open,
    layer: &AuthLayer,
    (header, credentials): (&'static str, &[String]),
    count: usize,
) {
    let until = POLLS.load(Ordering::SeqCst) + count;
    runtime.block_on(async {
        for number in 0..count {
            let credential = number % credentials.len();
            let request = Request::get("/run").header(header, &credentials[credential]);
            let response = layer
                .layer(Streams)
                .oneshot(request.body(()).unwrap())
                .await;
            let mut body = response.unwrap().into_body();
            open.spawn(async move {
                let error = body.frame().await.unwrap().err().unwrap();
                assert!(error.is::<CredentialEnded>());
                credential
            });
        }
        while POLLS.load(Ordering::SeqCst) < until {
            tokio::task::yield_now().await;
        }
    });
}

/// The bytes of each stream beyond what it takes where streams do not end.
fn bytes_each(
    runtime: &Runtime,
    layer: &AuthLayer,
    shown: (&'static str, &[String]),
) -> (Open, i64) {
    let (mut plain, without) = open(runtime, &layer.clone().end_streams(false), shown);
    runtime.block_on(plain.shutdown());
    drop(plain);
    let (open, with) = open(runtime, &layer.clone().end_streams(true), shown);
    (open, (with - without) / i64::try_from(STREAMS).unwrap())
}

#[test]
fn of_ten_thousand_streams_those_of_one_revoked_key_end_and_no_other_is_woken() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let runtime = runtime();
    let (keys, made) = managed(KEYS);
    runtime.block_on(keys.open()).unwrap();
    let texts: Vec<_> = made.iter().map(text).collect();
    let layer = AuthLayer::new(keys.clone());
    let (mut open, each) = bytes_each(&runtime, &layer, ("x-api-key", &texts));
    println!("{each} bytes a stream");
    assert!((1..=200).contains(&each), "{each} bytes a stream");

    // Nothing happens: the replica asks its store a few times, and no stream hears of it.
    let before = POLLS.load(Ordering::SeqCst);
    idle(&runtime);
    assert_eq!(POLLS.load(Ordering::SeqCst), before);

    let of_key = (STREAMS + KEYS) / KEYS;
    runtime.block_on(async {
        let admin = keys.as_operator("ada");
        admin
            .revoke(made[3].key().record().id(), "leaked")
            .await
            .unwrap();
        for _ in 0..of_key {
            let ended = tokio::time::timeout(SOON, open.join_next()).await;
            assert_eq!(ended.expect("it goes on").unwrap().unwrap(), 3);
        }
        tokio::time::sleep(IDLE).await;
    });
    assert!(open.try_join_next().is_none(), "a stream of another key");
    // A stream that ends is not asked for data again, and no other one is asked at all.
    assert_eq!(POLLS.load(Ordering::SeqCst), before);
    assert_eq!(open.len(), STREAMS + KEYS - of_key);
}

#[test]
fn ten_thousand_streams_of_tokens_wake_nobody_while_they_wait() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let runtime = runtime();
    let plain = AuthLayer::new(JwtAuth::hs256(SECRET).unwrap());
    let revocations = Revocations::new(MemoryRevocationStore::new().unwrap());
    runtime.block_on(revocations.open()).unwrap();
    let texts = [token()];
    for layer in [plain.clone(), plain.revocations(&revocations)] {
        let (mut open, each) = bytes_each(&runtime, &layer, ("authorization", &texts));
        println!("{each} bytes a stream");
        assert!((1..=200).contains(&each), "{each} bytes a stream");

        idle(&runtime);
        let (polls, switches) = (POLLS.load(Ordering::SeqCst), switches());
        idle(&runtime);
        assert_eq!(POLLS.load(Ordering::SeqCst), polls);
        assert_eq!(
            self::switches(),
            switches,
            "the thread that sleeps was woken"
        );
        runtime.block_on(open.shutdown());
    }
}

/// Lets the runtime do what it does by itself.
fn idle(runtime: &Runtime) {
    runtime.block_on(async { tokio::time::sleep(IDLE).await });
}

#[test]
fn streams_that_are_gone_leave_nothing_behind() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (keys, made) = managed(KEYS);
    let keys_layer = AuthLayer::new(keys.clone()).end_streams(true);
    let tokens_layer = AuthLayer::new(JwtAuth::hs256(SECRET).unwrap()).end_streams(true);
    let texts: Vec<_> = made.iter().map(text).collect();
    let runtime = runtime();
    runtime.block_on(keys.open()).unwrap();
    for (layer, shown) in [
        (keys_layer, ("x-api-key", &texts[..])),
        (tokens_layer, ("authorization", &[token()][..])),
    ] {
        let come_and_go = || {
            let mut open = Open::new();
            open_more(&runtime, &mut open, &layer, shown, 1_000);
            runtime.block_on(open.shutdown());
        };
        come_and_go();
        let counted = allocation_counter::measure(|| (0..5).for_each(|_| come_and_go()));
        // What a runtime or a cache keeps for the next time is no more than one crowd would take.
        assert!(
            counted.bytes_current < 50 * 1_000,
            "{} bytes stay: {}",
            shown.0,
            counted.bytes_current
        );
    }
}

/// How often the thread that sleeps to the next expiry has gone to sleep, where the system tells.
fn switches() -> Option<String> {
    let mut tasks = fs::read_dir("/proc/self/task").ok()?.flatten();
    let is_it = |task: &fs::DirEntry| {
        let name = fs::read_to_string(task.path().join("comm"));
        name.is_ok_and(|name| name.trim() == "tower-auth-end")
    };
    let status = fs::read_to_string(tasks.find(is_it)?.path().join("status")).ok()?;
    let line = status
        .lines()
        .find(|line| line.starts_with("voluntary_ctxt_switches"));
    Some(line?.to_owned())
}

fn managed(count: usize) -> (ManagedKeys, Vec<MadeKey>) {
    managed_by(Clock::system(), count)
}

fn managed_by(clock: Clock, count: usize) -> (ManagedKeys, Vec<MadeKey>) {
    let keys = ManagedKeys::new(MemoryKeyStore::new().unwrap(), "sk").unwrap();
    let keys = keys.with_clock(clock);
    let made = runtime().block_on(async {
        keys.open().await.unwrap();
        let mut made = Vec::new();
        for number in 0..count {
            let request = KeyRequest::new(format!("key {number}"));
            made.push(keys.as_operator("ada").create(request).await.unwrap());
        }
        made
    });
    (keys, made)
}

fn text(key: &MadeKey) -> String {
    key.secret().unwrap().expose().to_owned()
}

/// A token that lasts longer than this test.
fn token() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = now.as_secs();
    let claims = serde_json::json!({"sub": "ada", "iat": now, "exp": now + 3_600});
    let key = jsonwebtoken::EncodingKey::from_secret(SECRET.as_bytes());
    let token = jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key);
    format!("Bearer {}", token.unwrap())
}

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const STREAMS: usize = 10_000;
const KEYS: usize = 10;
const IDLE: Duration = Duration::from_millis(700);
/// A second, as the rule has it; the rest is for a machine that has much else to do.
const SOON: Duration = Duration::from_secs(5);
static POLLS: AtomicUsize = AtomicUsize::new(0);
/// These tests count what all of them do.
static ALONE: Mutex<()> = Mutex::new(());
