//! The other process over the same store.

use std::time::Duration;

use axum::Router;

use crate::{
    credits, open,
    process::{now, obey},
    rotation, router,
};

pub(crate) async fn serve(url: &str) {
    let keys = open(url).await;
    let server = router::router(keys);
    obey(|order| {
        let server = server.clone();
        async move {
            let words: Vec<&str> = order.split(' ').collect();
            match words.as_slice() {
                ["load", key, count] => load(&server, key, count.parse().unwrap()).await,
                ["until", status, key] => until(&server, status, key).await,
                ["overlap", old, new, end] => {
                    let end = Duration::from_millis(end.parse().unwrap());
                    rotation::watch(&server, old, new, end).await.to_text()
                }
                ["spend", key] => credits::spend(&server, key).await.to_string(),
                other => panic!("no such order: {other:?}"),
            }
        }
    })
    .await;
}

/// Answers with how many requests of 2,000 a second were not accepted.
async fn load(server: &Router, key: &str, seconds: u64) -> String {
    let mut tick = tokio::time::interval(Duration::from_millis(5));
    let (mut served, mut refused) = (0_u64, 0_u64);
    for _ in 0..seconds * 200 {
        tick.tick().await;
        for _ in 0..10 {
            served += 1;
            refused += u64::from(router::status(server, key).await != 200);
        }
    }
    format!("{served} {refused}")
}

/// Answers with the time when a key was first answered so, in microseconds.
async fn until(server: &Router, status: &str, key: &str) -> String {
    let status: u16 = status.parse().unwrap();
    while router::status(server, key).await != status {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    now().as_micros().to_string()
}
