//! What another process changes: every order in which its change and a poll may come.

use std::time::Duration;

use tower_auth::{
    keys::{KeyRequest, KeyStore, KeyUpdate, ManagedKeys, MemoryKeyStore},
    testing::ManualClock,
};

use super::{
    kit::{Mood, Stopped, app, id, make_named, opened, show},
    scripted::Scripted,
};

/// Two processes on one store; the second one's clock stands still.
struct Two {
    one: ManagedKeys,
    other: ManagedKeys,
    store: Stopped,
    clock: ManualClock,
}

async fn two() -> Two {
    let inner = MemoryKeyStore::new().unwrap();
    let (store, clock) = (Stopped::of(inner.clone()), ManualClock::now());
    let other = opened(&store, &clock).await;
    let one = ManagedKeys::new(inner, "sk").unwrap();
    Two {
        one,
        other,
        store,
        clock,
    }
}

impl Two {
    /// More than a second passes, so that the next request of the second process asks first.
    fn a_while_later(&self) {
        self.clock.advance(Duration::from_secs(2));
    }
}

#[tokio::test]
async fn another_processs_key_is_accepted_within_a_second() {
    let two = two().await;
    let made = make_named(&two.one, "ci").await;
    two.a_while_later();
    show(&app(two.other), &made)
        .await
        .accepted_as(id(&made).as_str());
}

#[tokio::test]
async fn a_key_that_another_process_revoked_is_refused_within_a_second() {
    let two = two().await;
    let made = make_named(&two.one, "ci").await;
    let app = app(two.other.clone());
    two.a_while_later();
    show(&app, &made).await.accepted_as(id(&made).as_str());
    two.one
        .as_operator("ada")
        .revoke(id(&made), "lost")
        .await
        .unwrap();
    two.a_while_later();
    show(&app, &made)
        .await
        .refused_with(401, "invalid_credential");
}

#[tokio::test]
async fn a_key_that_another_process_deleted_is_refused_within_a_second() {
    let two = two().await;
    let made = make_named(&two.one, "ci").await;
    let app = app(two.other.clone());
    two.a_while_later();
    show(&app, &made).await.accepted_as(id(&made).as_str());
    two.one.as_operator("ada").delete(id(&made)).await.unwrap();
    two.a_while_later();
    show(&app, &made)
        .await
        .refused_with(401, "invalid_credential");
}

#[tokio::test]
async fn without_a_request_a_change_comes_by_itself() {
    let two = two().await;
    make_named(&two.one, "ci").await;
    let mut polls = 0;
    while two.other.known() == 0 {
        assert!(polls < 100, "a second and a half are over");
        polls += 1;
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
}

/// The ways in which a key may end.
#[derive(Clone, Copy, Debug)]
enum End {
    Revoked,
    Deleted,
    Expired,
}

/// A page of the feed is read; then the key is ended, here or elsewhere; then the page arrives.
#[tokio::test]
async fn a_page_read_before_a_key_ended_does_not_bring_it_back() {
    for end in [End::Revoked, End::Deleted, End::Expired] {
        for is_here in [true, false] {
            let two = two().await;
            let made = make_named(&two.one, "ci").await;
            two.store.is(Mood::HoldingBack);
            // The next poll has read the live key, and waits.
            two.store.read.acquire().await.unwrap().forget();
            let ending = if is_here { &two.other } else { &two.one };
            let admin = ending.as_operator("ada");
            match end {
                End::Revoked => drop(admin.revoke(id(&made), "").await.unwrap()),
                End::Deleted => admin.delete(id(&made)).await.unwrap(),
                End::Expired => {
                    let past = KeyUpdate::new().with_expires_at(Some(std::time::UNIX_EPOCH));
                    drop(admin.update(id(&made), past).await.unwrap());
                }
            }
            let app = app(two.other.clone());
            if is_here {
                show(&app, &made)
                    .await
                    .refused_with(401, "invalid_credential");
            }
            two.store.permits.add_permits(1);
            // The page that was held back has come, and the next one was read.
            two.store.read.acquire().await.unwrap().forget();
            if is_here {
                show(&app, &made)
                    .await
                    .refused_with(401, "invalid_credential");
            }
            two.store.is(Mood::Well);
            two.store.permits.add_permits(1_000);
            two.a_while_later();
            let answer = show(&app, &made).await;
            assert_eq!(answer.status, 401, "{end:?} here: {is_here}");
        }
    }
}

/// Everything is being read anew when a key is made, and another is revoked, here.
#[tokio::test]
async fn what_is_changed_here_while_everything_is_read_anew_holds() {
    let two = two().await;
    let old = make_named(&two.one, "old").await;
    two.a_while_later();
    let app = app(two.other.clone());
    show(&app, &old).await.accepted_as(id(&old).as_str());
    two.store.is(Mood::HoldingBack);
    two.store.inner.renew_epoch().await.unwrap();
    // The poll that finds the new epoch, and the first page of what is read anew.
    two.store.permits.add_permits(1);
    for _ in 0..2 {
        two.store.read.acquire().await.unwrap().forget();
    }
    let new = make_named(&two.other, "new").await;
    two.other
        .as_operator("ada")
        .revoke(id(&old), "")
        .await
        .unwrap();
    show(&app, &new).await.accepted_as(id(&new).as_str());
    two.store.permits.add_permits(1);
    two.store.read.acquire().await.unwrap().forget();
    show(&app, &new).await.accepted_as(id(&new).as_str());
    show(&app, &old)
        .await
        .refused_with(401, "invalid_credential");
}

/// A store whose tables were put back: its revisions and keys are those of the backup.
#[tokio::test]
async fn a_restored_backup_is_read_anew() {
    let clock = ManualClock::now();
    let restored = MemoryKeyStore::new().unwrap();
    let backup = ManagedKeys::new(restored.clone(), "sk").unwrap();
    let kept = make_named(&backup, "kept").await;
    let store = Scripted::new(MemoryKeyStore::new().unwrap());
    let keys = ManagedKeys::new(store.clone(), "sk")
        .unwrap()
        .with_clock(clock.clock());
    let lost = make_named(&keys, "lost").await;
    make_named(&keys, "lost too").await;
    let app = app(keys.clone());
    show(&app, &lost).await.accepted_as(id(&lost).as_str());
    show(&app, &kept)
        .await
        .refused_with(401, "invalid_credential");
    store.restore(restored);
    clock.advance(Duration::from_secs(2));
    show(&app, &kept).await.accepted_as(id(&kept).as_str());
    show(&app, &lost)
        .await
        .refused_with(401, "invalid_credential");
    assert_eq!(keys.known(), 1);
}

/// The first page of everything is read; then a key of it is deleted; then the other pages come.
#[tokio::test]
async fn a_key_deleted_between_two_pages_of_everything_is_refused() {
    let inner = MemoryKeyStore::new().unwrap();
    let one = ManagedKeys::new(inner.clone(), "sk").unwrap();
    let made = make_named(&one, "ci").await;
    for number in 0..1_500 {
        let request = KeyRequest::new(format!("key {number}"));
        one.as_operator("ada").create(request).await.unwrap();
    }
    let store = Stopped::of(inner);
    store.is(Mood::HoldingBack);
    let other = ManagedKeys::new(store.clone(), "sk").unwrap();
    let opening = tokio::spawn({
        let other = other.clone();
        async move { other.open().await }
    });
    // The poll that finds that nothing was read yet, and the first page of everything.
    store.permits.add_permits(1);
    for _ in 0..2 {
        store.read.acquire().await.unwrap().forget();
    }
    one.as_operator("ada").delete(id(&made)).await.unwrap();
    store.is(Mood::Well);
    store.permits.add_permits(1_000);
    opening.await.unwrap().unwrap();
    show(&app(other.clone()), &made)
        .await
        .refused_with(401, "invalid_credential");
    assert_eq!(other.known(), 1_500);
}

#[tokio::test]
async fn a_thousand_keys_come_in_several_pages() {
    let two = two().await;
    for number in 0..2_500 {
        let request = KeyRequest::new(format!("key {number}"));
        two.one.as_operator("ada").create(request).await.unwrap();
    }
    two.a_while_later();
    let last = make_named(&two.one, "last").await;
    show(&app(two.other.clone()), &last)
        .await
        .accepted_as(id(&last).as_str());
    assert_eq!(two.other.known(), 2_501);
}
