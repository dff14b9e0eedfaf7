//! Three processes spend the credits of one key: exactly so many requests are accepted.

use std::time::Instant;

use axum::Router;
use futures_util::future::join_all;
use tower_auth::keys::{KeyRequest, ManagedKeys};

use crate::{Size, process::Process, report::Report, router::status};

pub(crate) async fn measure(keys: &ManagedKeys, url: &str, size: Size, report: &mut Report) {
    let credits = size.of(100_000, 500);
    let request = KeyRequest::new("credits").with_credits(credits);
    let made = keys.as_operator("bench").create(request).await.unwrap();
    let secret = made.secret().unwrap().expose();
    // Each reads the key before it answers its first order.
    let mut processes: Vec<Process> = (0..3).map(|_| Process::start(&["--serve", url])).collect();
    let begun = Instant::now();
    let spent = processes
        .iter_mut()
        .map(|process| process.order(&format!("spend {secret}")));
    let spent: Vec<u64> = join_all(spent.collect::<Vec<_>>())
        .await
        .into_iter()
        .map(|spent| spent.unwrap().parse().unwrap())
        .collect();
    let rate = (credits as f64 / begun.elapsed().as_secs_f64()).round();
    processes.into_iter().for_each(Process::stop);
    report.add("credits of one key", credits, "");
    report.add(
        "requests accepted for them by three processes",
        spent.iter().sum::<u64>(),
        "",
    );
    report.add(
        "credits spent by three processes together",
        rate,
        "a second",
    );
    assert_eq!(spent.iter().sum::<u64>(), credits, "{spent:?}");
}

/// Sends requests, sixteen at a time, until the credits are used up.
pub(crate) async fn spend(server: &Router, key: &str) -> u64 {
    let spenders = (0..16).map(|_| {
        let (server, key) = (server.clone(), key.to_owned());
        tokio::spawn(async move {
            let mut accepted = 0;
            loop {
                match status(&server, &key).await.as_u16() {
                    200 => accepted += 1,
                    429 => return accepted,
                    // A store that is busy for too long accepts nothing.
                    503 => {}
                    other => panic!("{other}"),
                }
            }
        })
    });
    let spent = join_all(spenders.collect::<Vec<_>>()).await;
    spent.into_iter().map(|spent| spent.unwrap()).sum()
}
