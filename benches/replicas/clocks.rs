//! A process whose clock is wrong.

use std::{path::Path, time::Duration};

use tower_auth_servers::skip;

use crate::{
    cluster::Cluster,
    process::now,
    report::{Report, millis},
    revoked::since,
};

pub(crate) async fn measure(keys: &str, report: &mut Report) {
    let program = "/usr/bin/faketime";
    if !Path::new(program).exists() {
        return skip("faketime");
    }
    for off in ["-300", "+300"] {
        let cluster = Cluster::start_one_by(program, &["-f", &format!("{off}s")], keys).await;
        // Its clock says another time, and the key ends by the store's.
        let made = cluster.one(1, "create brief 1500").await;
        let (_, secret) = made.split_once(' ').unwrap();
        let at = now();
        cluster.all(&format!("until 200 {secret}")).await;
        // The wrong clock tells no time of an answer: it is asked for one here.
        cluster.one(0, &format!("until 401 {secret}")).await;
        let lived = now().saturating_sub(at);
        assert!(
            lived >= Duration::from_millis(1_300),
            "it ended after {lived:?}"
        );
        report.add(
            format!("clock {off} s off: a key for 1500 ms lived"),
            millis(lived),
            "ms",
        );

        let key = cluster.key("off").await;
        assert_eq!(cluster.one(1, &format!("revoke key {}", key.id)).await, "");
        let at = now();
        cluster.one(0, &format!("until 401 {}", key.secret)).await;
        let seen = now().as_micros().to_string();
        let what = format!("clock {off} s off: a revoked key is refused after");
        report.add(what, millis(since(at, &seen)), "ms");
        cluster.stop();
    }
}
