//! How long a revoked credential lives on the process where that lasts longest.

use std::time::Duration;

use futures_util::future::join_all;

use crate::{
    Size,
    cluster::Cluster,
    process::now,
    report::{Report, millis, quantile},
    token::token,
};

pub(crate) async fn measure(what: &str, cluster: &Cluster, size: Size, report: &mut Report) {
    let loaded = cluster.key("load").await;
    let (lanes, rounds) = size.of((50, 200), (4, 4));
    let (seconds, each_second) = size.of((40, 1_700), (1, 200));
    let order = format!("load {} {seconds} {each_second}", loaded.secret);
    let lane = async |lane: usize| {
        let mut times = Vec::new();
        for round in 0..rounds {
            // Not in step with the polls.
            let pause = (lane * 71 + round * 37) as u64 % 250;
            tokio::time::sleep(Duration::from_millis(pause)).await;
            let name = format!("{}-{lane}-{round}", what.replace(' ', "-"));
            let (credential, order) = match round % 2 {
                0 => {
                    let key = cluster.key(&name).await;
                    (key.secret, format!("revoke key {}", key.id))
                }
                _ => {
                    let token = token(&name);
                    cluster.assert(&token, 200).await;
                    (token, format!("revoke token {name}"))
                }
            };
            assert_eq!(cluster.one(lane + round, &order).await, "");
            let at = now();
            let seen = cluster.all(&format!("until 401 {credential}")).await;
            times.push(seen.iter().map(|seen| since(at, seen)).max().unwrap());
        }
        times
    };
    let (loads, lanes) = tokio::join!(cluster.all(&order), join_all((0..lanes).map(lane)));
    let mut times: Vec<Duration> = lanes.into_iter().flatten().collect();
    let mut made = 0;
    for load in loads {
        let numbers: Vec<u64> = load
            .split(' ')
            .map(|number| number.parse().unwrap())
            .collect();
        assert_eq!(numbers[1], 0, "a valid key was refused: {what}");
        made += numbers[0];
    }
    report.add(format!("{what}: revocations"), times.len(), "");
    report.add(
        format!("{what}: requests of a valid key meanwhile"),
        made,
        "",
    );
    let middle = millis(quantile(&mut times, 0.5));
    report.add(
        format!("{what}: refused by every replica: median"),
        middle,
        "ms",
    );
    let largest = quantile(&mut times, 1.0);
    report.add(
        format!("{what}: refused by every replica: largest"),
        millis(largest),
        "ms",
    );
    in_time(largest, size);
}

/// Asserts that it took no longer than a second; where only that everything works is to be shown, a busy
/// machine may take longer.
#[track_caller]
pub(crate) fn in_time(time: Duration, size: Size) {
    assert!(
        size.is_test || time <= Duration::from_secs(1),
        "{time:?} is more than a second"
    );
}

/// How long after that time something was seen.
pub(crate) fn since(at: Duration, seen: &str) -> Duration {
    Duration::from_micros(seen.parse().unwrap()).saturating_sub(at)
}
