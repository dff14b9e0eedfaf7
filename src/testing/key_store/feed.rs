//! The feed: what a replica lives on.

use std::sync::Arc;

use super::kit::{Stores, both, create, digest, is_changed, record, revoke, rotate, update};
use crate::{
    keys::{KeyChange, KeyStore, KeyUse, Revision, StoredKey, Timestamp},
    testing::claims::claims,
};

claims!(KeyStore:
    an_empty_store_has_no_changes,
    each_change_has_one_revision_more,
    a_key_stands_in_the_feed_once_with_its_last_change,
    a_feed_after_a_revision_has_only_what_is_later,
    pages_lead_through_the_whole_feed,
    a_deleted_key_stays_in_the_feed_as_its_digest,
    both_keys_of_a_rotation_stand_in_the_feed,
    credits_and_uses_are_no_changes_of_the_feed,
    a_follower_misses_no_change_that_is_committed_while_it_reads,
    both_handles_are_in_one_epoch,
    a_renewed_epoch_is_another_and_keeps_the_keys,
    a_refused_change_takes_no_revision,
);

async fn an_empty_store_has_no_changes(stores: Stores) {
    let page = stores
        .ok(stores.one.changes(Revision::ZERO, 10).await)
        .value;
    stores.equal(page.latest, Revision::ZERO);
    stores.holds(page.changes.is_empty() && page.is_complete, page);
}

async fn each_change_has_one_revision_more(stores: Stores) {
    for number in 1..=3 {
        let applied = stores.write(create(record(number), number)).await;
        stores.equal(applied.latest, Revision::new(number.into()));
        let revision = applied.puts.first().map(StoredKey::revision);
        stores.equal(revision, Some(applied.latest));
    }
    let page = stores
        .ok(stores.other.changes(Revision::ZERO, 10).await)
        .value;
    stores.equal(page.latest, Revision::new(3));
}

async fn a_key_stands_in_the_feed_once_with_its_last_change(stores: Stores) {
    let key = stores.make(1).await;
    stores.make(2).await;
    let mut changed = key.record().clone();
    changed.name = "changed".into();
    stores.write(update(key.revision(), changed, None)).await;
    let feed = stores.feed(Revision::ZERO, 10).await;
    stores.equal(feed.len(), 2);
    let last = KeyChange::Put(Box::new(stores.read(1).await));
    stores.equal(feed.last(), Some(&last));
    stores.equal(last.revision(), Revision::new(3));
}

async fn a_feed_after_a_revision_has_only_what_is_later(stores: Stores) {
    for number in 1..=4 {
        stores.make(number).await;
    }
    for after in 0..=5 {
        let feed = stores.feed(Revision::new(after), 10).await;
        let revisions: Vec<u64> = feed.iter().map(|one| one.revision().as_u64()).collect();
        stores.equal(revisions, (after + 1..=4).collect());
    }
}

async fn pages_lead_through_the_whole_feed(stores: Stores) {
    for number in 1..=7 {
        stores.make(number).await;
    }
    let whole = stores.feed(Revision::ZERO, 100).await;
    stores.equal(whole.len(), 7);
    for size in 1..=8 {
        stores.equal(stores.feed(Revision::ZERO, size).await, whole.clone());
    }
}

async fn a_deleted_key_stays_in_the_feed_as_its_digest(stores: Stores) {
    stores.make(1).await;
    stores.make(2).await;
    stores.delete(1).await;
    let feed = stores.feed(Revision::ZERO, 10).await;
    let deleted = KeyChange::Deleted {
        digest: digest(1),
        revision: Revision::new(3),
    };
    stores.equal(feed.len(), 2);
    stores.equal(feed.last(), Some(&deleted));
    stores.equal(stores.feed(Revision::new(2), 10).await, vec![deleted]);
}

async fn both_keys_of_a_rotation_stand_in_the_feed(stores: Stores) {
    let key = stores.make(1).await;
    let applied = stores.write(rotate(&key, 2)).await;
    stores.equal(applied.latest, Revision::new(3));
    let feed = stores.feed(Revision::new(1), 10).await;
    let (old, new) = (stores.read(1).await, stores.read(2).await);
    stores.equal(old.record().successor(), Some(new.record().id()));
    stores.equal(
        feed,
        vec![KeyChange::Put(Box::new(old)), KeyChange::Put(Box::new(new))],
    );
}

async fn credits_and_uses_are_no_changes_of_the_feed(stores: Stores) {
    let mut metered = record(1);
    metered.metered = true;
    let mut new = super::kit::new_key(metered, 1);
    new.credits = Some(5);
    stores.write(super::kit::create_of(new)).await;
    let account = stores.read(1).await.record().account().clone();
    stores.ok(stores.one.spend(account.clone()).await);
    let used = KeyUse {
        key: account,
        at: Timestamp::from_unix_millis(1_000),
    };
    stores.ok(stores.one.touch(vec![used]).await);
    let page = stores
        .ok(stores.other.changes(Revision::new(1), 10).await)
        .value;
    stores.equal(page.latest, Revision::new(1));
    stores.equal(page.changes, vec![]);
}

/// Writers on both handles, and a follower that reads from where it stands: what it gathered in the
/// end is the feed. A revision that is given before its commit, and seen after a later one, fails.
async fn a_follower_misses_no_change_that_is_committed_while_it_reads(stores: Stores) {
    const EACH: u32 = 40;
    let write = |store: &Arc<dyn crate::keys::KeyStore>, first: u32| {
        let store = Arc::clone(store);
        async move {
            for number in first..first + EACH {
                let written = store.write(create(record(number), number)).await;
                written.expect("a store lets one change wait for the other");
                tokio::task::yield_now().await;
            }
        }
    };
    let writers = tokio::spawn(both(write(&stores.one, 1), write(&stores.other, 1_001)));
    let mut at = Revision::ZERO;
    let mut seen = Vec::new();
    loop {
        let is_last = writers.is_finished();
        let page = stores.ok(stores.other.changes(at, 7).await).value;
        for change in &page.changes {
            stores.holds(
                change.revision() > at,
                "a page is in the order of revisions",
            );
            at = change.revision();
            seen.push(at.as_u64());
        }
        if is_last && page.is_complete {
            break;
        }
        tokio::task::yield_now().await;
    }
    stores.equal(seen, (1..=u64::from(2 * EACH)).collect());
}

async fn both_handles_are_in_one_epoch(stores: Stores) {
    let one = stores.ok(stores.one.changes(Revision::ZERO, 1).await).value;
    let other = stores
        .ok(stores.other.changes(Revision::ZERO, 1).await)
        .value;
    stores.equal(one.epoch, other.epoch);
}

async fn a_renewed_epoch_is_another_and_keeps_the_keys(stores: Stores) {
    stores.make(1).await;
    let before = stores
        .ok(stores.one.changes(Revision::ZERO, 10).await)
        .value;
    let renewed = stores.ok(stores.one.renew_epoch().await);
    let after = stores
        .ok(stores.other.changes(Revision::ZERO, 10).await)
        .value;
    stores.holds(before.epoch != after.epoch, "the epoch is the same");
    stores.equal(after.epoch, renewed);
    stores.equal(after.changes, before.changes);
}

async fn a_refused_change_takes_no_revision(stores: Stores) {
    let key = stores.make(1).await;
    stores.write(revoke(1, "")).await;
    let stale = update(key.revision(), key.record().clone(), None);
    stores.refuses(stale, is_changed).await;
    let applied = stores.write(create(record(2), 2)).await;
    stores.equal(applied.latest, Revision::new(3));
}
