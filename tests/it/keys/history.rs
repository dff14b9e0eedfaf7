//! A store whose history ends: a backup was restored, with or without a new epoch.

use std::time::Duration;

use tower_auth::{
    keys::{KeyDigest, KeyId, KeyRequest, KeyStore, KeyUpdate, ManagedKeys, MemoryKeyStore},
    testing::ManualClock,
};

use super::{
    kit::{app, make_named, show_text},
    scripted::{Kind, Scripted},
};

const TEXT: &str = "legacy-key-4711";

/// Imports the key [`TEXT`], so that two histories have a key with one digest.
async fn import(keys: &ManagedKeys) -> KeyId {
    let digest = KeyDigest::of_key(TEXT.as_bytes());
    let admin = keys.as_operator("ada");
    let made = admin.import(digest, KeyRequest::new("ci")).await.unwrap();
    made.record().id().clone()
}

struct Restored {
    keys: ManagedKeys,
    store: Scripted,
    clock: ManualClock,
    /// The key in the first history.
    first: KeyId,
    /// The key in the backup, and those that administer it.
    second: KeyId,
    backup: ManagedKeys,
    backup_store: MemoryKeyStore,
}

/// A process that has read a history with the key and ten changes, and a backup with the key alone.
async fn restored() -> Restored {
    let clock = ManualClock::now();
    let backup_store = MemoryKeyStore::new().unwrap();
    let backup = ManagedKeys::new(backup_store.clone(), "sk").unwrap();
    let second = import(&backup).await;
    let store = Scripted::new(MemoryKeyStore::new().unwrap());
    let keys = ManagedKeys::new(store.clone(), "sk").unwrap();
    let keys = keys.with_clock(clock.clock());
    let first = import(&keys).await;
    for number in 0..10 {
        make_named(&keys, &format!("other {number}")).await;
    }
    keys.open().await.unwrap();
    Restored {
        keys,
        store,
        clock,
        first,
        second,
        backup,
        backup_store,
    }
}

/// A change is carried out, and its answer waits while a backup is restored and read, in which the key
/// is revoked.
#[tokio::test]
async fn an_answer_of_a_history_that_ended_brings_no_key_back() {
    let at = restored().await;
    let admin = at.backup.as_operator("ada");
    admin.revoke(&at.second, "lost").await.unwrap();
    let app = app(at.keys.clone());
    show_text(&app, TEXT).await.accepted_as(at.first.as_str());
    at.store.hold(&[Kind::Write]);
    let renaming = tokio::spawn(async move {
        let renamed = KeyUpdate::new().with_name("renamed");
        at.keys.as_operator("ada").update(&at.first, renamed).await
    });
    let write = at.store.next(Kind::Write).await;
    write.execute().await;
    at.store.restore(at.backup_store);
    at.clock.advance(Duration::from_secs(2));
    let refused = show_text(&app, TEXT).await;
    refused.refused_with(401, "invalid_credential");
    write.answer().await;
    renaming.await.unwrap().unwrap();
    let refused = show_text(&app, TEXT).await;
    refused.refused_with(401, "invalid_credential");
}

/// The backup is being read, with the key in it, when the key is revoked here: by a revision that the
/// first history had passed.
#[tokio::test]
async fn a_revocation_here_while_a_backup_is_read_holds_at_once_and_afterwards() {
    let at = restored().await;
    let app = app(at.keys.clone());
    at.store.restore(at.backup_store);
    at.store.hold(&[Kind::Changes]);
    at.store.hint();
    // The poll that finds another history, and the first page of it.
    at.store.next(Kind::Changes).await.answer().await;
    let page = at.store.next(Kind::Changes).await;
    page.execute().await;
    let admin = at.keys.as_operator("ada");
    admin.revoke(&at.second, "lost").await.unwrap();
    let refused = show_text(&app, TEXT).await;
    refused.refused_with(401, "invalid_credential");
    page.answer().await;
    let refused = show_text(&app, TEXT).await;
    refused.refused_with(401, "invalid_credential");
}

/// The backup cannot be read, again and again, so the keys of the first history count on.
#[tokio::test]
async fn a_revocation_here_holds_while_a_backup_cannot_be_read() {
    let at = restored().await;
    let app = app(at.keys.clone());
    at.store.restore(at.backup_store);
    at.store.fail(&[Kind::Changes]);
    at.clock.advance(Duration::from_secs(2));
    show_text(&app, TEXT).await.accepted_as(at.first.as_str());
    let admin = at.keys.as_operator("ada");
    admin.revoke(&at.second, "lost").await.unwrap();
    let refused = show_text(&app, TEXT).await;
    refused.refused_with(401, "invalid_credential");
}

/// As before, but the process has seen that the history is another one, and failed to read it.
#[tokio::test]
async fn a_revocation_here_holds_after_a_reading_of_the_backup_that_failed() {
    let at = restored().await;
    let app = app(at.keys.clone());
    at.store.restore(at.backup_store);
    at.store.hold(&[Kind::Changes]);
    at.store.hint();
    let poll = at.store.next(Kind::Changes).await;
    at.store.fail(&[Kind::Changes]);
    poll.answer().await;
    at.store.next(Kind::Changes).await.step().await;
    show_text(&app, TEXT).await.accepted_as(at.first.as_str());
    let admin = at.keys.as_operator("ada");
    admin.revoke(&at.second, "lost").await.unwrap();
    let refused = show_text(&app, TEXT).await;
    refused.refused_with(401, "invalid_credential");
}

/// What was revoked here by mistake of histories is right again once the store was read.
#[tokio::test]
async fn a_revocation_that_another_process_took_back_does_not_stay() {
    let at = restored().await;
    let app = app(at.keys.clone());
    at.store.hold(&[Kind::Write]);
    let (keys, id) = (at.keys.clone(), at.first.clone());
    let revoking = tokio::spawn(async move { keys.as_operator("ada").revoke(&id, "").await });
    let write = at.store.next(Kind::Write).await;
    write.execute().await;
    let elsewhere = ManagedKeys::new(at.store.history(), "sk").unwrap();
    let back = KeyUpdate::new().unrevoked();
    let admin = elsewhere.as_operator("bob");
    admin.update(&at.first, back).await.unwrap();
    at.clock.advance(Duration::from_secs(2));
    show_text(&app, TEXT).await.accepted_as(at.first.as_str());
    write.answer().await;
    revoking.await.unwrap().unwrap();
    at.clock.advance(Duration::from_secs(2));
    show_text(&app, TEXT).await.accepted_as(at.first.as_str());
}

/// A new process is reading when one of its own keys is made: it was asked for before.
#[tokio::test]
async fn a_key_that_is_made_here_while_everything_is_read_first_is_accepted_at_once() {
    let store = Scripted::new(MemoryKeyStore::new().unwrap());
    let keys = ManagedKeys::new(store.clone(), "sk").unwrap();
    store.hold(&[Kind::Write, Kind::Changes]);
    let making = tokio::spawn({
        let keys = keys.clone();
        async move { make_named(&keys, "ci").await }
    });
    let write = store.next(Kind::Write).await;
    let opening = tokio::spawn({
        let keys = keys.clone();
        async move { keys.open().await }
    });
    store.next(Kind::Changes).await.answer().await;
    let page = store.next(Kind::Changes).await;
    page.execute().await;
    write.answer().await;
    store.hold(&[]);
    page.answer().await;
    opening.await.unwrap().unwrap();
    let made = making.await.unwrap();
    let answer = super::kit::show(&app(keys), &made).await;
    answer.accepted_as(super::kit::id(&made).as_str());
}

#[tokio::test]
async fn a_store_whose_clock_is_set_back_lets_no_expired_key_count_again() {
    let (set, clock) = (ManualClock::at_unix(1_800_000_100), ManualClock::now());
    let store = Scripted::new(MemoryKeyStore::new().unwrap().with_clock(set.clock()));
    let keys = ManagedKeys::new(store.clone(), "sk").unwrap();
    let keys = keys.with_clock(clock.clock());
    let end = std::time::UNIX_EPOCH + Duration::from_secs(1_800_000_050);
    let request = KeyRequest::new("ci").with_expires_at(end);
    let made = super::kit::make(&keys, request).await;
    let app = app(keys);
    let refused = super::kit::show(&app, &made).await;
    refused.refused_with(401, "invalid_credential");
    set.set_unix(1_800_000_000);
    clock.advance(Duration::from_secs(2));
    let refused = super::kit::show(&app, &made).await;
    refused.refused_with(401, "invalid_credential");
    // A new epoch is another history, with times of its own.
    store.renew_epoch().await.unwrap();
    clock.advance(Duration::from_secs(2));
    let answer = super::kit::show(&app, &made).await;
    answer.accepted_as(super::kit::id(&made).as_str());
}
