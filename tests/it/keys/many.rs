//! Reading many keys beside other work [12.3].

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tower_auth::{
    keys::{ManagedKeys, MemoryKeyStore},
    testing::ManualClock,
};

use super::kit::{Stopped, app, id, make_named, show};

/// Counts the turns that a task of the same thread has.
fn turns() -> Arc<AtomicUsize> {
    let turns = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&turns);
    tokio::spawn(async move {
        loop {
            count.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
        }
    });
    turns
}

/// The store answers at once, so that nothing else makes the reading task wait.
#[tokio::test]
async fn others_have_their_turn_while_many_keys_are_read() {
    let inner = MemoryKeyStore::new().unwrap();
    let elsewhere = ManagedKeys::new(inner.clone(), "sk").unwrap();
    for number in 0..1_500 {
        make_named(&elsewhere, &format!("key {number}")).await;
    }
    let clock = ManualClock::now();
    let keys = ManagedKeys::new(Stopped::of(inner), "sk").unwrap();
    let keys = keys.with_clock(clock.clock()).with_max_known(700);
    let turns = turns();
    keys.open().await.unwrap();
    let while_opened = turns.swap(0, Ordering::Relaxed);
    assert!(while_opened >= 15, "{while_opened}");
    assert_eq!(keys.known(), 700);

    for number in 0..1_500 {
        make_named(&elsewhere, &format!("new {number}")).await;
    }
    let last = make_named(&elsewhere, "last").await;
    clock.advance(Duration::from_secs(2));
    turns.store(0, Ordering::Relaxed);
    let answer = show(&app(keys.clone()), &last).await;
    answer.accepted_as(id(&last).as_str());
    let while_polled = turns.load(Ordering::Relaxed);
    assert!(while_polled >= 15, "{while_polled}");
}
