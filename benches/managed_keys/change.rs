//! How long it takes until a change is seen: on the process that made it, and on another one that
//! serves 2,000 requests a second.

use std::{sync::Arc, time::Duration};

use tokio::{sync::Mutex, time::sleep};
use tower_auth::keys::{KeyRequest, ManagedKeys};

use crate::{
    Size,
    process::{Process, now},
    report::{Report, millis, quantile},
    router::{router, status},
};

pub(crate) async fn measure(
    keys: &ManagedKeys,
    other: &mut Process,
    size: Size,
    report: &mut Report,
) {
    let admin = keys.as_operator("bench");
    let loaded = admin.create(KeyRequest::new("load")).await.unwrap();
    let loaded = loaded.secret().unwrap().expose().to_owned();
    other.order(&format!("until 200 {loaded}")).await.unwrap();

    let (lanes, rounds) = size.of((10, 50), (2, 2));
    let seconds = size.of(20, 1);
    let load = other.order(&format!("load {loaded} {seconds}"));
    let orders = Arc::new(Mutex::new(other));
    let server = router(keys.clone());
    let lane = async |lane: usize| {
        let mut times = Vec::new();
        for round in 0..rounds {
            // Not in step with the polls of the other process.
            sleep(Duration::from_millis((lane * 71 + round * 37) as u64 % 250)).await;
            let made = admin
                .create(KeyRequest::new(format!("{lane} {round}")))
                .await;
            let (made, at) = (made.unwrap(), now());
            let secret = made.secret().unwrap().expose();
            assert_eq!(status(&server, secret).await, 200, "not at once");
            let seen = orders.lock().await.order(&format!("until 200 {secret}"));
            times.push(since(at, &seen.await.unwrap()));

            admin
                .revoke(made.key().record().id(), "bench")
                .await
                .unwrap();
            let at = now();
            assert_eq!(status(&server, secret).await, 401, "not at once");
            let seen = orders.lock().await.order(&format!("until 401 {secret}"));
            times.push(since(at, &seen.await.unwrap()));
        }
        times
    };
    let lanes = futures_util::future::join_all((0..lanes).map(lane)).await;
    let mut times: Vec<Duration> = lanes.into_iter().flatten().collect();
    let load = load.await.unwrap();
    let (served, refused) = load.split_once(' ').unwrap();
    report.add("changes seen by another process", times.len(), "");
    report.add(
        "a change seen by another process: median",
        millis(quantile(&mut times, 0.5)),
        "ms",
    );
    let largest = quantile(&mut times, 1.0);
    report.add(
        "a change seen by another process: largest",
        millis(largest),
        "ms",
    );
    report.add("requests of the load meanwhile", served, "");
    report.add("requests of the load refused", refused, "");
    assert_eq!(refused, "0", "a valid key was refused");
    assert!(
        size.is_test || largest <= Duration::from_secs(1),
        "{largest:?} is more than a second"
    );
}

fn since(at: Duration, seen: &str) -> Duration {
    Duration::from_micros(seen.parse().unwrap()).saturating_sub(at)
}
