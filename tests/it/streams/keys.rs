//! Managed keys that end: by this process or another, and where nobody can tell.

use std::time::{Duration, UNIX_EPOCH};

use tower_auth::{
    AuthLayer, Secret,
    keys::{KeyRequest, KeyStore, KeyUpdate, MadeKey, ManagedKeys, MemoryKeyStore},
    testing::ManualClock,
};

use crate::{
    keys::{
        kit::{Mood, Stopped, id, make, make_named, opened},
        scripted::Scripted,
    },
    streams::{Stream, open},
};

fn layer(keys: &ManagedKeys) -> AuthLayer {
    AuthLayer::new(keys.clone()).end_streams(true)
}

async fn stream(layer: &AuthLayer, key: &MadeKey) -> Stream {
    let secret: &Secret = key.secret().unwrap();
    open(layer, ("x-api-key", secret.expose())).await
}

/// Two processes with one store.
async fn two() -> (ManagedKeys, ManagedKeys) {
    let store = MemoryKeyStore::new().unwrap();
    let here = ManagedKeys::new(store.clone(), "sk").unwrap();
    let there = ManagedKeys::new(store, "sk").unwrap();
    here.open().await.unwrap();
    there.open().await.unwrap();
    (here, there)
}

#[tokio::test]
async fn a_revocation_ends_the_streams_of_its_key_and_no_other() {
    let (keys, _) = two().await;
    let (ci, other) = (
        make_named(&keys, "ci").await,
        make_named(&keys, "other").await,
    );
    let layer = layer(&keys);
    let mut streams = [stream(&layer, &ci).await, stream(&layer, &ci).await];
    let mut goes_on = stream(&layer, &other).await;
    for stream in &mut streams {
        assert!(stream.goes_on().await);
    }
    assert!(goes_on.goes_on().await);
    keys.as_operator("ada")
        .revoke(id(&ci), "leaked")
        .await
        .unwrap();
    for stream in &mut streams {
        stream.ends().await;
    }
    assert!(goes_on.goes_on().await);
    goes_on.send("still here");
    assert_eq!(goes_on.data().await, "still here");
}

#[tokio::test]
async fn a_revocation_by_another_process_ends_streams_here() {
    let (here, there) = two().await;
    let ci = make_named(&here, "ci").await;
    let mut stream = stream(&layer(&here), &ci).await;
    assert!(stream.goes_on().await);
    there
        .as_operator("ada")
        .revoke(id(&ci), "leaked")
        .await
        .unwrap();
    stream.ends().await;
}

#[tokio::test]
async fn a_deletion_by_another_process_ends_streams_here() {
    let (here, there) = two().await;
    let ci = make_named(&here, "ci").await;
    let mut stream = stream(&layer(&here), &ci).await;
    assert!(stream.goes_on().await);
    there.as_operator("ada").delete(id(&ci)).await.unwrap();
    stream.ends().await;
}

#[tokio::test]
async fn a_key_that_ends_between_its_acceptance_and_the_first_frame_has_no_stream() {
    let (keys, _) = two().await;
    for by_deletion in [false, true] {
        let ci = make_named(&keys, "ci").await;
        let mut stream = stream(&layer(&keys), &ci).await;
        end(&keys, &ci, by_deletion).await;
        stream.send("late");
        stream.ends().await;
    }
}

#[tokio::test]
async fn a_handler_is_told_of_a_revocation() {
    let (here, there) = two().await;
    let ci = make_named(&here, "ci").await;
    let stream = stream(&layer(&here), &ci).await;
    let ended = tokio::spawn(stream.caller.as_ref().unwrap().ended());
    there
        .as_operator("ada")
        .revoke(id(&ci), "leaked")
        .await
        .unwrap();
    tokio::time::timeout(Duration::from_secs(5), ended)
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn where_the_keys_are_gone_a_handler_is_told_that_it_has_ended() {
    let (keys, _) = two().await;
    let ci = make_named(&keys, "ci").await;
    let caller = stream(&layer(&keys), &ci).await.caller.unwrap();
    drop(keys);
    caller.ended().await;
}

#[tokio::test]
async fn a_stream_outlives_the_service_that_opened_it() {
    let (keys, there) = two().await;
    let ci = make_named(&keys, "ci").await;
    let mut stream = stream(&layer(&keys), &ci).await;
    drop(keys);
    assert!(stream.goes_on().await);
    there
        .as_operator("ada")
        .revoke(id(&ci), "leaked")
        .await
        .unwrap();
    stream.ends().await;
}

/// A store and a replica of it, by one clock.
async fn clocked() -> (ManualClock, Stopped, ManagedKeys) {
    let clock = ManualClock::at_unix(1_800_000_000);
    let store = MemoryKeyStore::new().unwrap().with_clock(clock.clock());
    let store = Stopped::of(store);
    let keys = opened(&store, &clock).await;
    (clock, store, keys)
}

#[tokio::test]
async fn a_key_that_expires_ends_its_streams_by_the_stores_clock() {
    let (clock, _, keys) = clocked().await;
    let at = UNIX_EPOCH + Duration::from_secs(clock.unix() + 60);
    let ci = make(&keys, KeyRequest::new("ci").with_expires_at(at)).await;
    let mut stream = stream(&layer(&keys), &ci).await;
    assert!(stream.goes_on().await);
    clock.advance(Duration::from_secs(59));
    assert!(stream.goes_on().await);
    clock.advance(Duration::from_secs(1));
    stream.ends().await;
}

#[tokio::test]
async fn a_key_that_expires_ends_its_streams_though_the_clock_here_was_set_back() {
    let (here, there) = (
        ManualClock::at_unix(1_800_000_000),
        ManualClock::at_unix(1_800_000_000),
    );
    let store = MemoryKeyStore::new().unwrap().with_clock(there.clock());
    let keys = opened(&Stopped::of(store), &here).await;
    let at = UNIX_EPOCH + Duration::from_secs(there.unix() + 60);
    let ci = make(&keys, KeyRequest::new("ci").with_expires_at(at)).await;
    let mut stream = stream(&layer(&keys), &ci).await;
    assert!(stream.goes_on().await);
    here.set_unix(here.unix() - 3_600);
    there.advance(Duration::from_secs(59));
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert!(stream.goes_on().await);
    there.advance(Duration::from_secs(1));
    stream.ends().await;
}

#[tokio::test]
async fn a_stream_that_never_waits_ends_though_its_key_has_no_place_among_the_known_ones() {
    for by_deletion in [false, true] {
        let (here, there, keys) = bounded().await;
        let layer = layer(&here);
        let mut stream = stream(&layer, &keys[0]).await;
        for other in &keys[1..] {
            drop(crate::streams::keys::stream(&layer, other).await);
        }
        stream.send("one");
        assert_eq!(stream.data().await, "one");
        end(&there, &keys[0], by_deletion).await;
        tokio::time::sleep(Duration::from_millis(700)).await;
        stream.send("late");
        stream.ends().await;
    }
}

#[tokio::test]
async fn whoever_waits_is_told_though_the_provider_was_dropped_meanwhile() {
    let (keys, there) = two().await;
    let ci = make_named(&keys, "ci").await;
    let caller = stream(&layer(&keys), &ci).await.caller.unwrap();
    let ended = tokio::spawn(caller.ended());
    tokio::task::yield_now().await;
    drop((keys, caller));
    end(&there, &ci, false).await;
    tokio::time::timeout(Duration::from_secs(5), ended)
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn an_expiry_that_comes_sooner_ends_streams_sooner() {
    let (clock, _, keys) = clocked().await;
    let ci = make_named(&keys, "ci").await;
    let mut stream = stream(&layer(&keys), &ci).await;
    assert!(stream.goes_on().await);
    let at = UNIX_EPOCH + Duration::from_secs(clock.unix() + 60);
    let update = KeyUpdate::new().with_expires_at(Some(at));
    keys.as_operator("ada")
        .update(id(&ci), update)
        .await
        .unwrap();
    assert!(stream.goes_on().await);
    clock.advance(Duration::from_secs(60));
    stream.ends().await;
}

#[tokio::test]
async fn streams_of_a_rotated_key_end_with_the_overlap_and_those_of_its_successor_go_on() {
    let (clock, _, keys) = clocked().await;
    let ci = make_named(&keys, "ci").await;
    let layer = layer(&keys);
    let mut old = stream(&layer, &ci).await;
    assert!(old.goes_on().await);
    let overlap = Duration::from_secs(60);
    let next = keys
        .as_operator("ada")
        .rotate(id(&ci), overlap)
        .await
        .unwrap();
    let mut new = stream(&layer, &next).await;
    clock.advance(Duration::from_secs(59));
    assert!(old.goes_on().await && new.goes_on().await);
    clock.advance(Duration::from_secs(1));
    old.ends().await;
    assert!(new.goes_on().await);
}

#[tokio::test]
async fn streams_end_when_nobody_could_tell_of_a_revocation_for_too_long() {
    let (clock, store, keys) = clocked().await;
    let ci = make_named(&keys, "ci").await;
    let mut stream = stream(&layer(&keys), &ci).await;
    assert!(stream.goes_on().await);
    store.is(Mood::Failing);
    clock.advance(Duration::from_secs(59));
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert!(stream.goes_on().await, "the limit is a minute");
    clock.advance(Duration::from_secs(2));
    stream.ends().await;
}

#[tokio::test]
async fn a_store_with_another_history_ends_the_streams_of_keys_that_it_does_not_have() {
    let store = Scripted::new(MemoryKeyStore::new().unwrap());
    let keys = ManagedKeys::new(store.clone(), "sk").unwrap();
    keys.open().await.unwrap();
    let ci = make_named(&keys, "ci").await;
    let mut stream = stream(&layer(&keys), &ci).await;
    assert!(stream.goes_on().await);
    store.restore(MemoryKeyStore::new().unwrap());
    stream.ends().await;
}

#[tokio::test]
async fn a_store_that_is_read_anew_leaves_the_streams_of_its_keys_alone() {
    let (_, store, keys) = clocked().await;
    let ci = make_named(&keys, "ci").await;
    let mut stream = stream(&layer(&keys), &ci).await;
    assert!(stream.goes_on().await);
    store.renew_epoch().await.unwrap();
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert!(stream.goes_on().await);
    keys.as_operator("ada")
        .revoke(id(&ci), "leaked")
        .await
        .unwrap();
    stream.ends().await;
}

/// A process that knows two keys of ten at a time, another one that knows all, and the keys.
async fn bounded() -> (ManagedKeys, ManagedKeys, Vec<MadeKey>) {
    let store = MemoryKeyStore::new().unwrap();
    let here = ManagedKeys::new(store.clone(), "sk").unwrap();
    let here = here.with_max_known(2);
    let there = ManagedKeys::new(store, "sk").unwrap();
    let mut keys = Vec::new();
    for number in 0..10 {
        keys.push(make_named(&there, &format!("key {number}")).await);
    }
    here.open().await.unwrap();
    (here, there, keys)
}

async fn end(keys: &ManagedKeys, key: &MadeKey, by_deletion: bool) {
    let admin = keys.as_operator("ada");
    if by_deletion {
        admin.delete(id(key)).await.unwrap();
    } else {
        admin.revoke(id(key), "leaked").await.unwrap();
    }
}

#[tokio::test]
async fn a_key_without_a_place_among_the_known_ones_ends_its_streams_too() {
    for by_deletion in [false, true] {
        let (here, there, keys) = bounded().await;
        let layer = layer(&here);
        let mut first = stream(&layer, &keys[0]).await;
        assert!(first.goes_on().await);
        for other in &keys[1..] {
            drop(stream(&layer, other).await);
        }
        assert!(first.goes_on().await);
        end(&there, &keys[0], by_deletion).await;
        first.ends().await;
    }
}

#[tokio::test]
async fn a_key_that_is_not_known_any_more_is_asked_for_before_it_counts_as_ended() {
    for by_deletion in [false, true] {
        let (here, there, keys) = bounded().await;
        let layer = layer(&here);
        let mut goes = stream(&layer, &keys[0]).await;
        let mut stays = stream(&layer, &keys[1]).await;
        // Others take the places of these two, for whose end nobody has waited yet.
        for other in &keys[2..] {
            drop(stream(&layer, other).await);
        }
        end(&there, &keys[0], by_deletion).await;
        tokio::time::sleep(Duration::from_millis(600)).await;
        goes.ends().await;
        assert!(stays.goes_on().await);
        tokio::time::sleep(Duration::from_millis(600)).await;
        assert!(stays.goes_on().await);
    }
}

#[tokio::test]
async fn an_end_is_for_ever_and_a_key_that_counts_again_has_new_streams() {
    let (keys, _) = two().await;
    let ci = make_named(&keys, "ci").await;
    let layer = layer(&keys);
    let mut first = stream(&layer, &ci).await;
    assert!(first.goes_on().await);
    let ended = first.caller.as_ref().unwrap().ended();
    let admin = keys.as_operator("ada");
    admin.revoke(id(&ci), "leaked").await.unwrap();
    admin
        .update(id(&ci), KeyUpdate::new().unrevoked())
        .await
        .unwrap();
    first.ends().await;
    let mut second = stream(&layer, &ci).await;
    assert!(second.goes_on().await);
    drop(ended);
    admin.revoke(id(&ci), "again").await.unwrap();
    second.ends().await;
}
