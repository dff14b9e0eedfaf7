//! Revocations of tokens in Redis alone, which is killed and comes back empty.

use std::time::Duration;

use tower_auth::revocations::Revocations;
use tower_auth_redis::RedisRevocationStore;
use tower_auth_servers::Redis;

use crate::{
    STALE_LIMIT, Size,
    cluster::Cluster,
    process::now,
    report::{Report, millis},
    revoked::{self, in_time, since},
    token::token,
};

pub(crate) async fn measure(redis: &mut Redis, keys: &str, size: Size, report: &mut Report) {
    let cluster = Cluster::start(keys, &begun(redis).await).await;
    revoked::measure("tokens' revocations in Redis", &cluster, size, report).await;
    let (good, bad) = (token("good"), token("bad"));
    cluster.assert(&good, 200).await;
    assert_eq!(cluster.one(0, "revoke token bad").await, "");
    cluster.all(&format!("until 401 {bad}")).await;
    let key = cluster.key("redis-away").await;

    redis.kill();
    let at = now();
    cluster.assert(&good, 200).await;
    cluster.assert(&bad, 401).await;
    assert_ne!(
        cluster.one(0, "revoke token good").await,
        "",
        "nobody can know of it"
    );
    cluster.all(&format!("until 503 {good}")).await;
    let served = now().saturating_sub(at);
    assert!(
        served >= STALE_LIMIT - Duration::from_millis(500),
        "{served:?}"
    );
    report.add(
        "Redis killed: tokens are accepted for",
        millis(served),
        "ms",
    );
    for status in cluster.all(&format!("status {bad}")).await {
        assert!(
            ["401", "503"].contains(&&*status),
            "a revoked token: {status}"
        );
    }

    // It kept nothing.
    redis.start_again();
    let at = now();
    let seen = cluster.all(&format!("until 200 {good}")).await;
    let back = seen.iter().map(|seen| since(at, seen)).max().unwrap();
    report.add(
        "Redis back and empty: tokens are accepted after",
        millis(back),
        "ms",
    );
    in_time(back, size);
    cluster.assert(&bad, 401).await;
    assert_eq!(cluster.one(1, &format!("revoke key {}", key.id)).await, "");
    cluster.all(&format!("until 401 {}", key.secret)).await;
    assert_eq!(cluster.one(2, "revoke token good").await, "");
    let at = now();
    let seen = cluster.all(&format!("until 401 {good}")).await;
    let gone = seen.iter().map(|seen| since(at, seen)).max().unwrap();
    report.add(
        "Redis back and empty: a revoked token is refused after",
        millis(gone),
        "ms",
    );
    in_time(gone, size);
    cluster.stop();
}

/// The URL of a namespace in which a list of revocations was begun.
pub(crate) async fn begun(redis: &Redis) -> String {
    let url = redis.url();
    let store = RedisRevocationStore::open(&url).await.unwrap();
    Revocations::new(store).begin().await.unwrap();
    url
}
