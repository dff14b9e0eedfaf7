//! Deliveries that two replicas remember in one server [11.1] [11.2].

use std::{
    convert::Infallible,
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::Full;
use tower::{Layer, ServiceExt, service_fn};
use tower_auth::webhook::{SharedReplayStore, WebhookLayer, WebhookSigner};
use tower_auth_servers::Redis;

use crate::common::{PATIENCE, state, until_it_answers};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const BODY: &[u8] = br#"{"type":"invoice.paid"}"#;

fn signed(id: &str) -> HeaderMap {
    let signer = WebhookSigner::standard(SECRET).unwrap();
    signer.sign(id, BODY).unwrap()
}

/// A replica whose handler answers so, or never, and counts its runs.
async fn replica(url: &str, answer: Option<u16>) -> (WebhookLayer, Handler) {
    let store = SharedReplayStore::new(Arc::new(state(url).await));
    let layer = WebhookLayer::standard(SECRET).unwrap();
    let runs = Arc::default();
    (layer.with_replay_store(store), Handler { answer, runs })
}

#[derive(Clone)]
struct Handler {
    answer: Option<u16>,
    runs: Arc<AtomicUsize>,
}

impl Handler {
    fn runs(&self) -> usize {
        self.runs.load(Ordering::SeqCst)
    }
}

async fn send((layer, handler): &(WebhookLayer, Handler), id: &str) -> u16 {
    let handler = handler.clone();
    let service = layer.layer(service_fn(move |_: Request<_>| {
        let handler = handler.clone();
        async move {
            handler.runs.fetch_add(1, Ordering::SeqCst);
            let Some(answer) = handler.answer else {
                return pending().await;
            };
            let mut response = Response::new(Full::<Bytes>::default());
            *response.status_mut() = StatusCode::from_u16(answer).unwrap();
            Ok::<_, Infallible>(response)
        }
    }));
    let mut request = Request::post("/")
        .body(Full::new(Bytes::from_static(BODY)))
        .unwrap();
    *request.headers_mut() = signed(id);
    service.oneshot(request).await.unwrap().status().as_u16()
}

/// The answer to a delivery once no replica is at it: what is written down when a handler has ended is under
/// way for a while.
async fn settled(replica: &(WebhookLayer, Handler), id: &str) -> u16 {
    let before = Instant::now();
    loop {
        match send(replica, id).await {
            409 => tokio::time::sleep(Duration::from_millis(10)).await,
            answer => return answer,
        }
        assert!(before.elapsed() < PATIENCE, "somebody stays at it");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_replicas_one_handles_a_delivery_once() {
    let Some(server) = Redis::shared() else {
        return;
    };
    let url = server.url();
    let (one, other) = (
        replica(&url, Some(200)).await,
        replica(&url, Some(200)).await,
    );
    for number in 0..20 {
        let id = format!("msg_{number}");
        let answers = tokio::join!(send(&one, &id), send(&other, &id));
        // Whoever comes second is told that it is handled, or that it was.
        let (first, second) = answers;
        assert!([200, 409].contains(&first) && [200, 409].contains(&second));
        assert!(first == 200 || second == 200);
        assert_eq!(settled(&one, &id).await, 200);
        assert_eq!(send(&other, &id).await, 200);
        assert_eq!(one.1.runs() + other.1.runs(), number + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_at_one_replica_is_handled_by_the_other() {
    let Some(server) = Redis::shared() else {
        return;
    };
    let url = server.url();
    let (failing, other) = (
        replica(&url, Some(500)).await,
        replica(&url, Some(200)).await,
    );
    assert_eq!(send(&failing, "msg_1").await, 500);
    assert_eq!(settled(&other, "msg_1").await, 200);
    assert_eq!(settled(&failing, "msg_1").await, 200);
    assert_eq!((failing.1.runs(), other.1.runs()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_leaves_nothing_reserved() {
    let Some(server) = Redis::shared() else {
        return;
    };
    let url = server.url();
    let (busy, other) = (replica(&url, None).await, replica(&url, Some(200)).await);
    let waiting = tokio::spawn({
        let busy = busy.clone();
        async move { send(&busy, "msg_1").await }
    });
    while busy.1.runs() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(send(&other, "msg_1").await, 409);
    waiting.abort();
    waiting.await.unwrap_err();
    assert_eq!(settled(&other, "msg_1").await, 200);
    assert_eq!(other.1.runs(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_cannot_be_asked_is_a_503_and_what_was_handled_meanwhile_is_remembered() {
    let Some(mut server) = Redis::start(&["--appendonly", "yes", "--appendfsync", "always"]) else {
        return;
    };
    let url = server.url();
    let one = replica(&url, Some(200)).await;
    assert_eq!(send(&one, "msg_1").await, 200);
    // It is known.
    assert_eq!(settled(&one, "msg_1").await, 200);
    server.kill();
    assert_eq!(send(&one, "msg_1").await, 503);
    assert_eq!(send(&one, "msg_2").await, 503);
    assert_eq!(one.1.runs(), 1);
    server.start_again();
    let other = replica(&url, Some(200)).await;
    until_it_answers(&state(&url).await).await;
    assert_eq!(send(&other, "msg_1").await, 200);
    assert_eq!(other.1.runs(), 0);
    assert_eq!(send(&other, "msg_2").await, 200);
    assert_eq!(other.1.runs(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_outlasts_the_run_limit_is_joined_by_no_other_of_its_process() {
    let Some(server) = Redis::shared() else {
        return;
    };
    let store = SharedReplayStore::new(Arc::new(state(&server.url()).await))
        .with_run_limit(Duration::from_secs(1));
    let with = |answer| {
        let layer = WebhookLayer::standard(SECRET).unwrap();
        let runs = Arc::default();
        (
            layer.with_replay_store(store.clone()),
            Handler { answer, runs },
        )
    };
    let (slow, other) = (with(None), with(Some(200)));
    let waiting = tokio::spawn({
        let slow = slow.clone();
        async move { send(&slow, "msg_1").await }
    });
    while slow.1.runs() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        assert_eq!(send(&other, "msg_1").await, 409);
    }
    assert_eq!(other.1.runs(), 0);
    // It ends, and so does what it holds.
    waiting.abort();
    waiting.await.unwrap_err();
    assert_eq!(settled(&other, "msg_1").await, 200);
    assert_eq!(other.1.runs(), 1);
}
