//! Rotations, watched by another process: nothing is refused during the overlap, nothing is accepted
//! after it.

use std::time::{Duration, UNIX_EPOCH};

use axum::Router;
use futures_util::future::join_all;
use tower_auth::keys::{KeyRequest, ManagedKeys};

use crate::{
    Size,
    process::{Process, now},
    report::Report,
    router::status,
};

/// What a watcher saw.
#[derive(Default)]
pub(crate) struct Seen {
    asked: u64,
    refused: u64,
    accepted_after: u64,
}

impl Seen {
    pub(crate) fn to_text(&self) -> String {
        format!("{} {} {}", self.asked, self.refused, self.accepted_after)
    }

    fn add(&mut self, text: &str) {
        let mut numbers = text.split(' ').map(|number| number.parse::<u64>().unwrap());
        self.asked += numbers.next().unwrap();
        self.refused += numbers.next().unwrap();
        self.accepted_after += numbers.next().unwrap();
    }
}

pub(crate) async fn measure(
    keys: &ManagedKeys,
    other: &mut Process,
    size: Size,
    report: &mut Report,
) {
    let admin = keys.as_operator("bench");
    let overlap = Duration::from_secs(size.of(3, 1));
    let mut seen = Seen::default();
    for round in 0..size.of(5, 1) {
        let mut watched = Vec::new();
        for lane in 0..4 {
            let old = admin
                .create(KeyRequest::new(format!("rotated {round} {lane}")))
                .await;
            let old = old.unwrap();
            let secret = old.secret().unwrap().expose();
            other.order(&format!("until 200 {secret}")).await.unwrap();
            let id = old.key().record().id();
            let new = admin.rotate(id, overlap).await.unwrap();
            let new = new.secret().unwrap().expose();
            other.order(&format!("until 200 {new}")).await.unwrap();
            let rotated = admin.get(id).await.unwrap();
            let end = rotated.record().expires_at().unwrap().as_unix_millis();
            watched.push(other.order(&format!("overlap {secret} {new} {end}")));
        }
        for watcher in join_all(watched).await {
            seen.add(&watcher.unwrap());
        }
    }
    report.add("requests with keys in rotation", seen.asked, "");
    report.add("requests refused during the overlap", seen.refused, "");
    report.add(
        "requests accepted after the overlap",
        seen.accepted_after,
        "",
    );
    assert_eq!(
        (seen.refused, seen.accepted_after),
        (0, 0),
        "a rotation was seen"
    );
}

/// Shows both keys every few milliseconds until a second after the old one's end.
pub(crate) async fn watch(server: &Router, old: &str, new: &str, end: Duration) -> Seen {
    assert!(UNIX_EPOCH.checked_add(end).is_some());
    let mut seen = Seen::default();
    let mut tick = tokio::time::interval(Duration::from_millis(4));
    while now() < end + Duration::from_secs(1) {
        tick.tick().await;
        let before = now();
        let old = status(server, old).await;
        let after = now();
        let new = status(server, new).await;
        seen.asked += 2;
        seen.refused += u64::from(new != 200);
        // The end is right to the second: both clocks may be a little apart.
        if after + TOLERANCE < end {
            seen.refused += u64::from(old != 200);
        } else if before > end + TOLERANCE {
            seen.accepted_after += u64::from(old == 200);
        }
    }
    seen
}

const TOLERANCE: Duration = Duration::from_millis(250);
