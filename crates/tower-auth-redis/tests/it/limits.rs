//! Limits of requests that count in a server, when it answers and when it does not [14.4].

use std::{
    convert::Infallible,
    future::{Ready, ready},
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_auth::{
    AuthLayer,
    provider::ApiKeyAuth,
    shared::SharedCounts,
    throttle::{Limit, Requests},
};
use tower_auth_redis::RedisSharedState;
use tower_auth_servers::Redis;

use crate::common::PATIENCE;

const KEY: &str = "sk-live-9f03a51d8c70";
/// Far below how long the link waits for its answer, and far above the limit of 5 ms.
const SOON: Duration = Duration::from_secs(1);

fn layer(counts: &SharedCounts, quota: &str) -> AuthLayer {
    let limit = Limit::by_caller(quota.parse().unwrap());
    let requests = Requests::new([limit]).unwrap().with_shared(counts.clone());
    AuthLayer::new(ApiKeyAuth::new([KEY]).unwrap()).throttle_requests(requests)
}

fn ran(_: Request<Full<Bytes>>) -> Ready<Result<Response<Full<Bytes>>, Infallible>> {
    ready(Ok(Response::default()))
}

async fn status(layer: &AuthLayer) -> u16 {
    let request = Request::get("/run").header("x-api-key", KEY);
    let request = request.body(Full::default()).unwrap();
    let mut service = layer.layer(service_fn(ran));
    let ready = service.ready().await.unwrap();
    ready.call(request).await.unwrap().status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_is_waited_for_by_no_request_and_its_limit_holds_all_the_same() {
    let Some(server) = Redis::start(&[]) else {
        return;
    };
    let state = RedisSharedState::open(server.url()).await.unwrap();
    // The link itself would wait for half a minute.
    let state = state.with_wait_limit(PATIENCE / 2);
    let counts = SharedCounts::new(Arc::new(state));
    let before = Instant::now();
    // On a busy machine the first answers may be late.
    while counts.answered() == 0 || counts.is_away() {
        assert_eq!(status(&layer(&counts, "1000000 per second")).await, 200);
        assert!(before.elapsed() < PATIENCE, "it never answers in time");
    }
    server.hang();
    let layer = layer(&counts, "6 per hour");
    let before = Instant::now();
    let mut admitted = 0;
    for _ in 0..12 {
        match status(&layer).await {
            200 => admitted += 1,
            429 => {}
            other => panic!("{other}"),
        }
    }
    assert!(before.elapsed() < SOON, "{:?}", before.elapsed());
    // This process's own bucket, whatever the server knows.
    assert_eq!(admitted, 6);
    assert!(counts.is_away() && counts.failed() >= 3);
    assert!(counts.counted_alone() >= 6);
    server.go_on();
    let before = Instant::now();
    while counts.is_away() {
        assert!(before.elapsed() < PATIENCE, "it is never asked again");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
