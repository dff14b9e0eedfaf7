//! Keys that outlive a runtime, or one that nobody drives.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::runtime::{Builder, Runtime};
use tower_auth::{
    keys::{KeyStore, ManagedKeys, MemoryKeyStore},
    testing::ManualClock,
};

use super::kit::{Mood, Stopped, app, id, make_named, opened, show, show_text};

fn on_this_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn a_runtime_that_ended_takes_no_keys_with_it() {
    let keys = super::kit::keys();
    let made = on_this_thread().block_on(async {
        keys.open().await.unwrap();
        make_named(&keys, "ci").await
    });
    std::thread::sleep(Duration::from_millis(1_100));
    let answer = on_this_thread().block_on(show(&app(keys), &made));
    answer.accepted_as(id(&made).as_str());
}

/// The runtime is there, and nobody drives it: its task is neither finished nor alive.
#[test]
fn a_runtime_that_is_not_driven_any_more_keeps_no_poll_from_starting() {
    let (store, clock) = (Stopped::new(), ManualClock::now());
    let idle = on_this_thread();
    let keys = idle.block_on(opened(&store, &clock));
    let elsewhere = ManagedKeys::new(store.inner.clone(), "sk").unwrap();
    let driven = on_this_thread();
    let made = driven.block_on(make_named(&elsewhere, "ci"));
    clock.advance(Duration::from_secs(4));
    let app = app(keys.clone());
    let answer = driven.block_on(show(&app, &made));
    answer.accepted_as(id(&made).as_str());
    // And where the first runtime is driven again, one task polls, not two.
    let calls = || store.calls.load(Ordering::Relaxed);
    let before = calls();
    let wait = || async { tokio::time::sleep(Duration::from_millis(600)).await };
    idle.block_on(wait());
    assert_eq!(calls(), before, "the first task has ended");
    drop(idle);
}

/// The runtime of the task ends while a request of another runtime waits for that task.
#[test]
fn a_request_that_waits_polls_itself_where_the_runtime_that_polled_ends() {
    let (store, clock) = (Stopped::new(), ManualClock::now());
    let polling = on_this_thread();
    let keys = ManagedKeys::new(store.clone(), "sk").unwrap();
    let keys = keys.with_clock(clock.clock());
    let keys = keys.with_stale_limit(Duration::ZERO);
    let made = polling.block_on(async {
        keys.open().await.unwrap();
        make_named(&keys, "ci").await
    });
    clock.advance(Duration::from_secs(2));
    let answer = on_this_thread().block_on(async {
        let (app, shown) = (
            app(keys.clone()),
            made.secret().unwrap().expose().to_owned(),
        );
        let asking = tokio::spawn(async move { show_text(&app, &shown).await });
        tokio::task::yield_now().await;
        polling.shutdown_background();
        asking.await.unwrap()
    });
    answer.accepted_as(id(&made).as_str());
}

#[test]
fn opening_waits_for_no_runtime_that_is_not_driven_any_more() {
    let store = Stopped::new();
    let keys = ManagedKeys::new(store.clone(), "sk").unwrap();
    let idle = on_this_thread();
    store.is(Mood::Hanging);
    let limit = Duration::from_millis(50);
    let opening = idle.block_on(async { tokio::time::timeout(limit, keys.open()).await });
    assert!(opening.is_err(), "the store hangs");
    store.is(Mood::Well);
    let limit = Duration::from_secs(6);
    let opened = on_this_thread()
        .block_on(async { tokio::time::timeout(limit, keys.open()).await })
        .expect("another task reads");
    opened.unwrap();
    drop(idle);
}

/// A runtime ends while uses are being written.
#[test]
fn uses_are_written_after_a_runtime_that_ended_while_it_wrote_them() {
    let store = Stopped::new();
    let keys = ManagedKeys::new(store.clone(), "sk").unwrap();
    let made = on_this_thread().block_on(async {
        keys.open().await.unwrap();
        let made = make_named(&keys, "ci").await;
        store.is(Mood::HangingTouches);
        let answer = show(&app(keys.clone()), &made).await;
        answer.accepted_as(id(&made).as_str());
        store.read.acquire().await.unwrap().forget();
        made
    });
    store.is(Mood::Well);
    store.touched.lock().unwrap().clear();
    std::thread::sleep(Duration::from_millis(1_100));
    on_this_thread().block_on(async {
        let answer = show(&app(keys.clone()), &made).await;
        answer.accepted_as(id(&made).as_str());
        for _ in 0..200 {
            if !store.touched.lock().unwrap().is_empty() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the use was never written");
    });
}

/// Uses are being written to a store that hangs when the last handle goes.
#[tokio::test]
async fn no_poll_follows_the_last_handle_while_uses_are_written() {
    let store = Stopped::new();
    let keys = ManagedKeys::new(store.clone(), "sk").unwrap();
    keys.open().await.unwrap();
    let made = make_named(&keys, "ci").await;
    store.is(Mood::HangingTouches);
    let answer = show(&app(keys.clone()), &made).await;
    answer.accepted_as(id(&made).as_str());
    store.read.acquire().await.unwrap().forget();
    drop(keys);
    let before = store.calls.load(Ordering::Relaxed);
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(store.calls.load(Ordering::Relaxed), before);
}

#[tokio::test]
async fn the_task_ends_with_the_last_handle() {
    let store = Arc::new(MemoryKeyStore::new().unwrap());
    let watched = Arc::downgrade(&store);
    let keys = ManagedKeys::of(store as Arc<dyn KeyStore>, "sk").unwrap();
    keys.open().await.unwrap();
    drop(keys.clone());
    assert!(watched.upgrade().is_some());
    drop(keys);
    for _ in 0..200 {
        if watched.upgrade().is_none() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the task holds the store");
}
