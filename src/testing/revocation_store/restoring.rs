//! Entries that a process holds and the store lost.

use std::time::Duration;

use super::kit::{Stores, held, token, write};
use crate::{keys::Revision, revocations::RevocationStore, testing::claims::claims};

claims!(RevocationStore:
    what_is_missing_is_there_afterwards,
    entries_that_are_restored_are_in_the_feed_one_by_one,
    restoring_takes_nothing_away,
    restoring_goes_beyond_the_bound,
    restoring_nothing_keeps_the_history,
);

async fn what_is_missing_is_there_afterwards(stores: Stores) {
    let added = stores.add(token(1)).await;
    let until = added.now.saturating_add(Duration::from_secs(60));
    let lost = vec![added.value.entry, held(2, until), held(3, until)];
    stores.ok(stores.one.restore(lost.clone()).await);
    let mut entries = stores.entries().await;
    entries.sort_by_key(|entry| lost.iter().position(|lost| lost == entry));
    stores.equal(entries, lost);
}

async fn entries_that_are_restored_are_in_the_feed_one_by_one(stores: Stores) {
    let first = stores.add(token(1)).await;
    let until = first.now.saturating_add(Duration::from_secs(60));
    let lost = (2..=6).map(|number| held(number, until)).collect();
    stores.ok(stores.one.restore(lost).await);
    stores.equal(stores.feed(first.value.revision, 2).await.len(), 5);
}

async fn restoring_takes_nothing_away(stores: Stores) {
    let added = stores.add(token(1)).await;
    let earlier = added.now.saturating_add(Duration::from_secs(1));
    stores.ok(stores.one.restore(vec![held(1, earlier)]).await);
    stores.equal(stores.entries().await, vec![added.value.entry]);
}

async fn restoring_goes_beyond_the_bound(stores: Stores) {
    let added = stores.ok(stores.one.add(write(token(1), 1)).await);
    let until = added.now.saturating_add(Duration::from_secs(60));
    stores.ok(stores
        .one
        .restore(vec![held(2, until), held(3, until)])
        .await);
    stores.equal(stores.entries().await.len(), 3);
    stores.is_full(token(4), 3).await;
}

async fn restoring_nothing_keeps_the_history(stores: Stores) {
    let before = stores.page(Revision::ZERO, 10).await;
    stores.ok(stores.one.restore(Vec::new()).await);
    stores.equal(stores.page(Revision::ZERO, 10).await.epoch, before.epoch);
}
