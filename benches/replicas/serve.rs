//! One of the processes.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Body,
    routing::{get, post},
};
use futures_util::{StreamExt, stream};
use http::Request;
use http_body_util::BodyExt;
use tower::ServiceExt;
use tower_auth::{
    AuthLayer,
    keys::{KeyId, KeyRequest, ManagedKeys, Revocation},
    provider::{CompositeAuth, JwtAuth},
    revocations::Revocations,
    shared::SharedCounts,
    throttle::{Limit, Requests},
};
use tower_auth_postgres::PostgresKeyStore;
use tower_auth_redis::{RedisRevocationStore, RedisSharedState};

use crate::{
    STALE_LIMIT,
    process::{now, obey},
    report::quantile,
    token::{ISSUER, SECRET},
};

#[derive(Clone)]
struct Replica {
    keys: ManagedKeys,
    revocations: Revocations,
    server: Router,
    /// The same with a limit, where there is a shared state.
    limited: Option<(Router, SharedCounts)>,
    streams: Arc<Mutex<Streams>>,
}

/// What became of the streams that were opened.
#[derive(Default)]
struct Streams {
    open: usize,
    /// As an error, in microseconds since 1970.
    ended: Vec<u128>,
    ended_as_if_complete: usize,
}

pub(crate) async fn serve(keys: &str, state: &str) {
    let store = PostgresKeyStore::open_or_create(keys).await.unwrap();
    let keys = ManagedKeys::new(store, "sk_bench")
        .unwrap()
        .with_stale_limit(STALE_LIMIT);
    keys.open().await.unwrap();
    let revocations = match state {
        "-" => Revocations::of_keys(&keys),
        url => Revocations::new(RedisRevocationStore::open(url).await.unwrap()),
    };
    let revocations = revocations.with_stale_limit(STALE_LIMIT);
    revocations.open().await.unwrap();
    let limited = match state {
        "-" => None,
        url => Some(limited(RedisSharedState::open(url).await.unwrap())),
    };
    let tokens = JwtAuth::hs256(SECRET).unwrap().with_issuer(ISSUER);
    let layer = AuthLayer::new(CompositeAuth::new(keys.clone()).or(tokens));
    let server = Router::new()
        .route("/run", post(async || "ran"))
        .route("/events", get(events))
        .layer(layer.revocations(&revocations).end_streams(true));
    let replica = Replica {
        keys,
        revocations,
        server,
        limited,
        streams: Arc::default(),
    };
    obey(move |order| replica.clone().carry_out(order)).await;
}

/// `/run` for callers who are held to a limit.
fn limited(state: RedisSharedState) -> (Router, SharedCounts) {
    let counts = SharedCounts::new(Arc::new(state));
    let limit = Limit::by_caller("200 per second".parse().unwrap());
    let requests = Requests::new([limit]).unwrap().with_shared(counts.clone());
    let tokens = JwtAuth::hs256(SECRET).unwrap().with_issuer(ISSUER);
    let layer = AuthLayer::new(tokens).throttle_requests(requests);
    let server = Router::new()
        .route("/run", post(async || "ran"))
        .layer(layer);
    (server, counts)
}

/// One event, and no end.
async fn events() -> Body {
    let first = stream::iter([Ok::<_, Infallible>(": hello\n\n")]);
    Body::from_stream(first.chain(stream::pending()))
}

impl Replica {
    async fn carry_out(self, order: String) -> String {
        let words: Vec<&str> = order.split(' ').collect();
        match words.as_slice() {
            ["ready"] => String::new(),
            ["create", name] => self.create(name, KeyRequest::new(*name)).await,
            ["create", name, millis] => {
                let lifetime = Duration::from_millis(millis.parse().unwrap());
                self.create(name, KeyRequest::new(*name).with_lifetime(lifetime))
                    .await
            }
            ["revoke", "key", id] => {
                let admin = self.keys.as_operator("bench");
                let revoked = admin.revoke(&KeyId::new(*id), "bench").await;
                revoked.map_or_else(|error| error.to_string(), |_| String::new())
            }
            ["revoke", "token", jti] => {
                let admin = self.revocations.as_operator("bench");
                let revoked = admin.revoke(Revocation::token(ISSUER, *jti)).await;
                revoked.map_or_else(|error| error.to_string(), |_| String::new())
            }
            ["status", credential] => self.status(credential).await.to_string(),
            ["until", status, credential] => {
                let status: u16 = status.parse().unwrap();
                while self.status(credential).await != status {
                    tokio::time::sleep(LOOK).await;
                }
                now().as_micros().to_string()
            }
            ["load", credential, seconds, each_second] => {
                let seconds = Duration::from_secs(seconds.parse().unwrap());
                self.load(credential, seconds, each_second.parse().unwrap())
                    .await
            }
            ["spend", credential, seconds, each_second] => {
                let seconds = Duration::from_secs(seconds.parse().unwrap());
                self.spend(credential, seconds, each_second.parse().unwrap())
                    .await
            }
            ["shared", what @ ("away" | "there"), credential] => {
                let (_, counts) = self.limited.as_ref().unwrap();
                while counts.is_away() != (*what == "away") {
                    // It is asked where requests are there to be counted.
                    self.spend(credential, Duration::from_millis(1), 100).await;
                    tokio::time::sleep(LOOK).await;
                }
                String::new()
            }
            ["open", count, credential] => {
                self.open(credential, count.parse().unwrap()).await;
                String::new()
            }
            ["streams"] => {
                let streams = self.streams.lock().unwrap();
                let last = streams.ended.iter().max().copied().unwrap_or_default();
                let Streams {
                    open,
                    ended,
                    ended_as_if_complete,
                } = &*streams;
                format!("{open} {} {ended_as_if_complete} {last}", ended.len())
            }
            other => panic!("no such order: {other:?}"),
        }
    }

    async fn create(&self, _: &str, request: KeyRequest) -> String {
        let made = self
            .keys
            .as_operator("bench")
            .create(request)
            .await
            .unwrap();
        let id = made.key().record().id().as_str();
        format!("{id} {}", made.secret().unwrap().expose())
    }

    async fn status(&self, credential: &str) -> u16 {
        let request = request("POST", "/run", credential);
        let response = self.server.clone().oneshot(request).await.unwrap();
        response.status().as_u16()
    }

    /// How many requests were made, how many were not accepted, and the time of the slowest.
    async fn load(&self, credential: &str, seconds: Duration, each_second: u32) -> String {
        let begun = Instant::now();
        let mut tick = tokio::time::interval(Duration::from_millis(10));
        let (mut made, mut refused, mut slowest) = (0_u64, 0_u64, Duration::ZERO);
        while begun.elapsed() < seconds {
            tick.tick().await;
            for _ in 0..each_second / 100 {
                let before = Instant::now();
                made += 1;
                refused += u64::from(self.status(credential).await != 200);
                slowest = slowest.max(before.elapsed());
            }
        }
        format!("{made} {refused} {}", slowest.as_micros())
    }

    /// How many requests were admitted, and the time in which all but one of a thousand were answered.
    async fn spend(&self, credential: &str, seconds: Duration, each_second: u32) -> String {
        let (server, _) = self.limited.as_ref().unwrap();
        let begun = Instant::now();
        let mut tick = tokio::time::interval(Duration::from_millis(10));
        let (mut admitted, mut times) = (0_u64, Vec::new());
        while begun.elapsed() < seconds {
            tick.tick().await;
            for _ in 0..each_second / 100 {
                let before = Instant::now();
                let request = request("POST", "/run", credential);
                let response = server.clone().oneshot(request).await.unwrap();
                admitted += u64::from(response.status() == 200);
                times.push(before.elapsed());
            }
        }
        format!("{admitted} {}", quantile(&mut times, 0.999).as_micros())
    }

    /// Opens streams, and returns when each has sent its first event.
    async fn open(&self, credential: &str, count: usize) {
        let mut bodies = stream::FuturesUnordered::new();
        for _ in 0..count {
            let request = request("GET", "/events", credential);
            let response = self.server.clone().oneshot(request).await.unwrap();
            assert_eq!(response.status(), 200);
            let mut body = response.into_body();
            assert!(body.frame().await.unwrap().is_ok());
            bodies.push(async move { body.frame().await });
        }
        self.streams.lock().unwrap().open += count;
        let streams = Arc::clone(&self.streams);
        let watch: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(async move {
            while let Some(frame) = bodies.next().await {
                let mut streams = streams.lock().unwrap();
                streams.open -= 1;
                match frame {
                    Some(Err(_)) => streams.ended.push(now().as_micros()),
                    Some(Ok(_)) | None => streams.ended_as_if_complete += 1,
                }
            }
        });
        tokio::spawn(watch);
    }
}

fn request(method: &str, path: &str, credential: &str) -> Request<Body> {
    let authorization = format!("Bearer {credential}");
    let request = Request::builder().method(method).uri(path);
    let request = request.header("authorization", authorization);
    request.body(Body::empty()).unwrap()
}

/// How often it looks what a credential is answered.
const LOOK: Duration = Duration::from_millis(20);
