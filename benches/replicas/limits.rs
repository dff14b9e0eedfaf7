//! A limit that the processes share by Redis, which is killed and comes back.

use std::time::Duration;

use tower_auth_servers::Redis;

use crate::{
    Size,
    cluster::Cluster,
    process::now,
    report::{Report, millis},
    revoked::in_time,
    state::begun,
    token::token,
};

pub(crate) async fn measure(redis: &mut Redis, keys: &str, size: Size, report: &mut Report) {
    let cluster = Cluster::start(keys, &begun(redis).await).await;
    let token = token("limited");
    let seconds = size.of(10, 1);
    let order = format!("spend {token} {seconds} 1000");
    let shared = spend(&cluster, &order).await;
    let limit = EACH_SECOND * (seconds + 1);
    let share = shared.admitted as f64 / limit as f64;
    report.add(
        "one limit in Redis: share of it that all admit",
        format!("{share:.4}"),
        "x",
    );
    report.add(
        "one limit in Redis: p99.9 of a request",
        millis(shared.slow),
        "ms",
    );
    // Where a machine is so busy that Redis is late, each counts alone.
    assert!(
        size.is_test || share <= 1.01,
        "{} of {limit} were admitted",
        shared.admitted
    );

    redis.kill();
    cluster.all(&format!("shared away {token}")).await;
    let alone = spend(&cluster, &order).await;
    let share = alone.admitted as f64 / limit as f64;
    let what = "one limit with Redis killed: share of it that three admit";
    report.add(what, format!("{share:.4}"), "x");
    report.add(
        "one limit with Redis killed: p99.9 of a request",
        millis(alone.slow),
        "ms",
    );
    assert!(
        size.is_test || share <= 3.03,
        "{} of {limit} were admitted",
        alone.admitted
    );
    let slower = alone.slow.saturating_sub(shared.slow);
    assert!(
        size.is_test || slower <= Duration::from_millis(5),
        "{slower:?} more"
    );

    redis.start_again();
    let at = now();
    cluster.all(&format!("shared there {token}")).await;
    let back = now().saturating_sub(at);
    report.add(
        "one limit with Redis back: shared again after",
        millis(back),
        "ms",
    );
    in_time(back, size);
    cluster.stop();
}

struct Spent {
    admitted: u64,
    slow: Duration,
}

/// Has all of them spend at the same time.
async fn spend(cluster: &Cluster, order: &str) -> Spent {
    let spent = cluster.all(order).await;
    let spent = spent.iter().map(|spent| {
        let (admitted, slow) = spent.split_once(' ').unwrap();
        (
            admitted.parse::<u64>().unwrap(),
            slow.parse::<u64>().unwrap(),
        )
    });
    let (admitted, slow): (Vec<_>, Vec<_>) = spent.unzip();
    Spent {
        admitted: admitted.iter().sum(),
        slow: Duration::from_micros(slow.into_iter().max().unwrap()),
    }
}

/// What a caller may do in a second, and at once.
const EACH_SECOND: u64 = 200;
