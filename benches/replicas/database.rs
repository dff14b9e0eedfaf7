//! A database that is killed, comes back, and forgets.

use std::time::Duration;

use tower_auth::keys::{KeyFormat, KeyStore};
use tower_auth_postgres::PostgresKeyStore;
use tower_auth_servers::{Postgres, connect};

use crate::{
    STALE_LIMIT, Size,
    cluster::Cluster,
    process::now,
    report::{Report, millis},
    revoked::{in_time, since},
};

pub(crate) async fn measure(postgres: &mut Postgres, url: &str, size: Size, report: &mut Report) {
    let cluster = Cluster::start(url, "-").await;
    let (known, revoked) = (cluster.key("known").await, cluster.key("revoked").await);
    assert_eq!(
        cluster.one(0, &format!("revoke key {}", revoked.id)).await,
        ""
    );
    cluster.all(&format!("until 401 {}", revoked.secret)).await;
    let unknown = KeyFormat::new("sk_bench").unwrap().generate().unwrap();
    let unknown = unknown.expose().to_owned();
    cluster.assert(&unknown, 401).await;
    let mut wrong = unknown.clone();
    wrong.replace_range(
        wrong.len() - 1..,
        if wrong.ends_with('0') { "1" } else { "0" },
    );

    postgres.kill();
    let at = now();
    cluster.assert(&known.secret, 200).await;
    // A replica has to find out first: until then it refuses as it knows.
    cluster.all(&format!("until 503 {unknown}")).await;
    cluster.assert(&wrong, 401).await;
    cluster.assert(&revoked.secret, 401).await;
    cluster.all(&format!("until 503 {}", known.secret)).await;
    let served = now().saturating_sub(at);
    assert!(
        served >= STALE_LIMIT - Duration::from_millis(500),
        "{served:?}"
    );
    let what = "database killed: known keys are accepted for";
    report.add(what, millis(served), "ms");

    postgres.start_again();
    let at = now();
    let seen = cluster.all(&format!("until 200 {}", known.secret)).await;
    let back = seen.iter().map(|seen| since(at, seen)).max().unwrap();
    let what = "database back: known keys are accepted by every replica after";
    report.add(what, millis(back), "ms");
    in_time(back, size);
    cluster.assert(&revoked.secret, 401).await;
    cluster.all(&format!("until 401 {unknown}")).await;

    // As after a fail-over to a server that lacks the last second.
    let forgotten = cluster.key("forgotten").await;
    let database = url.rsplit('/').next().unwrap();
    let client = connect(postgres.port(), database).await;
    let sql = "DELETE FROM tower_auth.keys WHERE id = $1";
    assert_eq!(client.execute(sql, &[&forgotten.id]).await.unwrap(), 1);
    PostgresKeyStore::open(url)
        .await
        .unwrap()
        .renew_epoch()
        .await
        .unwrap();
    let at = now();
    let seen = cluster
        .all(&format!("until 401 {}", forgotten.secret))
        .await;
    let gone = seen.iter().map(|seen| since(at, seen)).max().unwrap();
    let what = "another epoch: a forgotten key is refused by every replica after";
    report.add(what, millis(gone), "ms");
    in_time(gone, size);
    cluster.assert(&known.secret, 200).await;
    cluster.stop();
}
