//! A store that is away.

use std::time::Duration;

use tower_auth::{
    keys::{KeyFormat, KeyRequest, KeyStoreError, ManagedKeys, MemoryKeyStore},
    testing::ManualClock,
};

use super::kit::{Mood, Stopped, app, id, make, make_named, opened, show, show_text};

fn unknown() -> String {
    let key = KeyFormat::new("sk").unwrap().generate().unwrap();
    key.expose().to_owned()
}

async fn is_away(mood: Mood) {
    let (store, clock) = (Stopped::new(), ManualClock::now());
    let keys = opened(&store, &clock).await;
    let made = make_named(&keys, "ci").await;
    let app = app(keys);
    store.is(mood);
    clock.advance(Duration::from_secs(2));
    show(&app, &made).await.accepted_as(id(&made).as_str());
    show_text(&app, &unknown())
        .await
        .refused_with(503, "unavailable");
    clock.advance(Duration::from_secs(57));
    show(&app, &made).await.accepted_as(id(&made).as_str());
    clock.advance(Duration::from_secs(2));
    show(&app, &made).await.refused_with(503, "unavailable");
    store.is(Mood::Well);
    for _ in 0..300 {
        if show(&app, &made).await.status == 200 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    show(&app, &made).await.accepted_as(id(&made).as_str());
    show_text(&app, &unknown())
        .await
        .refused_with(401, "invalid_credential");
}

#[tokio::test]
async fn known_keys_count_for_a_minute_while_the_store_fails_and_others_are_503() {
    is_away(Mood::Failing).await;
}

#[tokio::test]
async fn known_keys_count_for_a_minute_while_the_store_hangs_and_others_are_503() {
    is_away(Mood::Hanging).await;
}

#[tokio::test]
async fn known_keys_count_for_a_minute_while_the_store_panics_and_others_are_503() {
    is_away(Mood::Panicking).await;
}

#[tokio::test]
async fn unknown_keys_are_503_from_the_first_poll_that_failed() {
    let (store, clock) = (Stopped::new(), ManualClock::now());
    let keys = opened(&store, &clock).await;
    let made = make_named(&keys, "ci").await;
    let app = app(keys);
    store.is(Mood::Failing);
    // The clock stands still: the last answer is no second old.
    let mut polls = 0;
    while show_text(&app, &unknown()).await.status != 503 {
        assert!(polls < 300, "no poll failed, or it changed nothing");
        polls += 1;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    show(&app, &made).await.accepted_as(id(&made).as_str());
}

#[tokio::test]
async fn a_key_revoked_before_the_outage_stays_refused() {
    let (store, clock) = (Stopped::new(), ManualClock::now());
    let keys = opened(&store, &clock).await;
    let made = make_named(&keys, "ci").await;
    keys.as_operator("ada").revoke(id(&made), "").await.unwrap();
    store.is(Mood::Failing);
    clock.advance(Duration::from_secs(2));
    show(&app(keys), &made)
        .await
        .refused_with(401, "invalid_credential");
}

#[tokio::test]
async fn with_a_stale_limit_of_zero_an_outage_is_503_for_all() {
    let (store, clock) = (Stopped::new(), ManualClock::now());
    let keys = ManagedKeys::new(store.clone(), "sk").unwrap();
    let keys = keys
        .with_clock(clock.clock())
        .with_stale_limit(Duration::ZERO);
    let made = make_named(&keys, "ci").await;
    let app = app(keys);
    show(&app, &made).await.accepted_as(id(&made).as_str());
    store.is(Mood::Failing);
    clock.advance(Duration::from_secs(2));
    show(&app, &made).await.refused_with(503, "unavailable");
}

#[tokio::test]
async fn keys_that_were_never_read_are_503_and_never_401() {
    let store = Stopped::new();
    let made = make_named(&ManagedKeys::new(store.inner.clone(), "sk").unwrap(), "ci").await;
    store.is(Mood::Failing);
    let app = app(ManagedKeys::new(store, "sk").unwrap());
    show(&app, &made).await.refused_with(503, "unavailable");
    show_text(&app, &unknown())
        .await
        .refused_with(503, "unavailable");
}

#[tokio::test]
async fn opening_tells_why_the_store_cannot_be_asked() {
    let store = Stopped::new();
    store.is(Mood::Failing);
    let keys = ManagedKeys::new(store, "sk").unwrap();
    let refused = keys.open().await.unwrap_err();
    assert!(
        matches!(refused, KeyStoreError::Unavailable(_)),
        "{refused}"
    );
}

#[tokio::test]
async fn a_process_that_slept_asks_before_it_answers() {
    let (store, clock) = (Stopped::new(), ManualClock::now());
    let keys = opened(&store, &clock).await;
    let elsewhere = ManagedKeys::new(store.inner.clone(), "sk").unwrap();
    let made = make_named(&elsewhere, "ci").await;
    clock.advance(Duration::from_secs(10));
    let app = app(keys);
    show(&app, &made).await.accepted_as(id(&made).as_str());
    elsewhere
        .as_operator("ada")
        .revoke(id(&made), "")
        .await
        .unwrap();
    clock.advance(Duration::from_secs(10));
    show(&app, &made)
        .await
        .refused_with(401, "invalid_credential");
}

/// A poll waits for the store, and a request for the poll; then the process is stopped for ten
/// seconds, and another one revokes the key.
#[tokio::test(start_paused = true)]
async fn a_process_that_was_stopped_while_it_waited_asks_before_it_answers() {
    let (store, clock) = (Stopped::new(), ManualClock::now());
    let keys = opened(&store, &clock).await;
    let made = make_named(&keys, "ci").await;
    let app = app(keys);
    store.is(Mood::HoldingBack);
    store.read.acquire().await.unwrap().forget();
    clock.advance(Duration::from_millis(2_000));
    let secret = made.secret().unwrap().clone();
    let asking = tokio::spawn({
        let app = app.clone();
        async move { super::kit::show_secret(&app, &secret).await }
    });
    tokio::task::yield_now().await;
    let elsewhere = ManagedKeys::new(store.inner.clone(), "sk").unwrap();
    let operator = elsewhere.as_operator("ada");
    operator.revoke(id(&made), "").await.unwrap();
    store.is(Mood::Well);
    clock.advance(Duration::from_secs(10));
    tokio::time::advance(Duration::from_secs(10)).await;
    let waited = asking.await.unwrap();
    waited.refused_with(401, "invalid_credential");
    let later = show(&app, &made).await;
    later.refused_with(401, "invalid_credential");
}

/// While the store cannot be asked, its time goes on here; then its clock is found to be behind.
#[tokio::test]
async fn a_key_that_expired_here_does_not_count_again_when_the_stores_clock_was_set_back() {
    let (clock, store_clock) = (ManualClock::now(), ManualClock::now());
    let store = Stopped::of(
        MemoryKeyStore::new()
            .unwrap()
            .with_clock(store_clock.clock()),
    );
    let keys = opened(&store, &clock).await;
    let end = std::time::UNIX_EPOCH + Duration::from_secs(store_clock.unix() + 5);
    let key = make(&keys, KeyRequest::new("ci").with_expires_at(end)).await;
    let app = app(keys.clone());
    show(&app, &key).await.accepted_as(id(&key).as_str());
    store.is(Mood::Failing);
    clock.advance(Duration::from_secs(6));
    let refused = show(&app, &key).await;
    refused.refused_with(401, "invalid_credential");
    store_clock.advance(Duration::from_secs(1));
    store.is(Mood::Well);
    // An unknown key is 503 until a poll is answered.
    let mut unknown_is = 503;
    for _ in 0..300 {
        unknown_is = show_text(&app, &unknown()).await.status.as_u16();
        if unknown_is == 401 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(unknown_is, 401);
    for _ in 0..3 {
        let refused = show(&app, &key).await;
        refused.refused_with(401, "invalid_credential");
        store_clock.advance(Duration::from_secs(1));
        clock.advance(Duration::from_secs(2));
    }
}
