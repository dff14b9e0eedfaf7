//! A process that is stopped, as a machine that sleeps is.

use std::time::Duration;

use futures_util::future::join_all;

use crate::{
    Size,
    cluster::{Cluster, signal},
    process::now,
    report::{Report, millis},
    revoked::{in_time, since},
    token::token,
};

pub(crate) async fn measure(cluster: &Cluster, size: Size, report: &mut Report) {
    let seconds = size.of(10, 2);
    let key = cluster.key("stopped").await;
    let token = token("stopped");
    cluster.assert(&token, 200).await;
    let process = cluster.id(2);
    signal("-STOP", &process);
    assert_eq!(cluster.one(0, &format!("revoke key {}", key.id)).await, "");
    assert_eq!(cluster.one(1, "revoke token stopped").await, "");
    // They wait in its pipe: nothing is answered before them when it goes on.
    let orders = [&key.secret, &token].map(|credential| format!("status {credential}"));
    let first = join_all((0..20).map(|number| cluster.one(2, &orders[number % 2])));
    let (first, at) = tokio::join!(first, async {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        let at = now();
        signal("-CONT", &process);
        at
    });
    for answer in &first {
        assert!(
            ["401", "503"].contains(&&**answer),
            "a revoked credential: {answer}"
        );
    }
    let right = first.iter().filter(|answer| **answer == "401").count();
    let seen = cluster.one(2, &format!("until 401 {}", key.secret)).await;
    let what = "first answers of a replica that was stopped";
    report.add(what, first.len(), "");
    report.add(format!("{what}: refused as revoked"), right, "");
    report.add(
        "it knows everything again after",
        millis(since(at, &seen)),
        "ms",
    );
    in_time(since(at, &seen), size);
}
