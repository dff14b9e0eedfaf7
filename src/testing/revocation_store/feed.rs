//! The feed: what a replica lives on.

use std::sync::Arc;

use super::kit::{Stores, token, write};
use crate::{keys::Revision, revocations::RevocationStore, testing::claims::claims};

claims!(RevocationStore:
    an_empty_store_has_no_entries,
    each_entry_has_a_greater_revision,
    a_feed_after_a_revision_has_only_what_is_later,
    pages_lead_through_the_whole_feed,
    a_complete_page_leads_to_the_last_revision,
    a_follower_misses_no_entry_that_is_committed_while_it_reads,
    both_handles_are_in_one_epoch,
);

async fn an_empty_store_has_no_entries(stores: Stores) {
    let page = stores.page(Revision::ZERO, 10).await;
    stores.holds(page.changes.is_empty() && page.is_complete, page);
}

async fn each_entry_has_a_greater_revision(stores: Stores) {
    let mut last = Revision::ZERO;
    for number in 1..=3 {
        let added = stores.add(token(number)).await.value;
        stores.holds(added.revision > last, added);
        last = added.revision;
    }
    stores.equal(stores.page(Revision::ZERO, 10).await.latest, last);
}

async fn a_feed_after_a_revision_has_only_what_is_later(stores: Stores) {
    let mut all = Vec::new();
    for number in 1..=4 {
        all.push(stores.add(token(number)).await.value);
    }
    for (place, stored) in all.iter().enumerate() {
        let later = all.get(place + 1..).unwrap_or_default().to_vec();
        stores.equal(stores.feed(stored.revision, 10).await, later);
    }
}

async fn pages_lead_through_the_whole_feed(stores: Stores) {
    for number in 1..=7 {
        stores.add(token(number)).await;
    }
    let whole = stores.feed(Revision::ZERO, 100).await;
    stores.equal(whole.len(), 7);
    for size in 1..=8 {
        stores.equal(stores.feed(Revision::ZERO, size).await, whole.clone());
    }
}

async fn a_complete_page_leads_to_the_last_revision(stores: Stores) {
    stores.add(token(1)).await;
    let last = stores.add(token(2)).await.value.revision;
    let part = stores.page(Revision::ZERO, 1).await;
    stores.holds(!part.is_complete && part.latest == last, part);
    let whole = stores.page(Revision::ZERO, 2).await;
    stores.holds(whole.is_complete && whole.latest == last, whole);
}

/// Writers on both handles, and a follower that reads from where it stands: what it gathered in the
/// end is the feed. A revision that is given before its commit, and seen after a later one, fails.
async fn a_follower_misses_no_entry_that_is_committed_while_it_reads(stores: Stores) {
    const EACH: u32 = 40;
    let write = |store: &Arc<dyn RevocationStore>, first: u32| {
        let store = Arc::clone(store);
        tokio::spawn(async move {
            for number in first..first + EACH {
                let added = store.add(write(token(number), 1_000)).await;
                added.expect("a store lets one change wait for the other");
                tokio::task::yield_now().await;
            }
        })
    };
    let writers = [write(&stores.one, 1), write(&stores.other, 1_001)];
    let mut at = Revision::ZERO;
    let mut seen = Vec::new();
    loop {
        let is_last = writers.iter().all(tokio::task::JoinHandle::is_finished);
        let page = stores.page(at, 7).await;
        for stored in &page.changes {
            stores.holds(stored.revision > at, "a page is in the order of revisions");
            at = stored.revision;
            seen.push(*stored);
        }
        if is_last && page.is_complete {
            break;
        }
        tokio::task::yield_now().await;
    }
    stores.equal(seen.len(), 2 * EACH as usize);
    stores.equal(seen, stores.feed(Revision::ZERO, 1_000).await);
}

async fn both_handles_are_in_one_epoch(stores: Stores) {
    let one = stores.ok(stores.one.changes(Revision::ZERO, 1).await).value;
    stores.equal(one.epoch, stores.page(Revision::ZERO, 1).await.epoch);
}
