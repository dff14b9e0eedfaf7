//! Adding entries.

use std::time::Duration;

use super::kit::{MAX_LIFETIME, Stores, ada, token, write};
use crate::{
    keys::{AsOf, StoredRevocation, Timestamp},
    revocations::RevocationStore,
    testing::claims::claims,
};

claims!(RevocationStore:
    an_entry_is_seen_through_another_handle,
    an_entry_is_kept_until_the_expiry_that_is_given,
    an_entry_without_expiry_is_kept_as_long_as_a_token_may_live,
    a_principal_ends_at_the_time_of_the_store,
    an_instant_that_is_given_is_kept,
    an_entry_that_is_added_again_stands_once_and_ends_what_both_end,
    a_principal_of_one_tenant_is_another_entry,
    an_id_of_any_length_and_any_text_is_taken,
);

async fn an_entry_is_seen_through_another_handle(stores: Stores) {
    let added = stores.add(token(1)).await.value;
    stores.equal(stores.feed(Default::default(), 10).await, vec![added]);
    stores.equal(
        added.entry.id(),
        write(token(1), 1).entry(Timestamp::default()).id(),
    );
}

async fn an_entry_is_kept_until_the_expiry_that_is_given(stores: Stores) {
    let now = stores.add(token(1)).await.now;
    let exp = now.saturating_add(Duration::from_secs(1_234));
    stores.equal(
        stores.add(token(2).until(exp)).await.value.entry.until(),
        exp,
    );
    let over = stores
        .add(token(3).until(Timestamp::from_unix_millis(1)))
        .await;
    stores.holds(over.value.entry.until() >= now, over);
}

async fn an_entry_without_expiry_is_kept_as_long_as_a_token_may_live(stores: Stores) {
    let AsOf { now, value } = stores.add(token(1)).await;
    stores.equal(value.entry.until(), now.saturating_add(MAX_LIFETIME));
    stores.equal(value.entry.before(), None);
}

async fn a_principal_ends_at_the_time_of_the_store(stores: Stores) {
    let AsOf { now, value } = stores.add(ada()).await;
    stores.equal(value.entry.before(), Some(now));
    stores.equal(value.entry.until(), now.saturating_add(MAX_LIFETIME));
}

async fn an_instant_that_is_given_is_kept(stores: Stores) {
    let long_ago = Timestamp::from_unix_millis(1_000);
    let AsOf { now, value } = stores.add(ada().before(long_ago)).await;
    stores.equal(value.entry.before(), Some(long_ago));
    stores.equal(value.entry.until(), now.saturating_add(MAX_LIFETIME));
}

async fn an_entry_that_is_added_again_stands_once_and_ends_what_both_end(stores: Stores) {
    let [early, late] = [1_000, 2_000].map(Timestamp::from_unix_millis);
    let first = stores.add(ada().before(late)).await;
    let long = first.now.saturating_add(MAX_LIFETIME * 2);
    let second = stores.add(ada().before(early).until(long)).await.value;
    stores.equal(second.entry.before(), Some(late));
    stores.equal(second.entry.until(), long);
    stores.holds(second.revision > first.value.revision, second);
    stores.equal(stores.feed(Default::default(), 10).await, vec![second]);
}

async fn a_principal_of_one_tenant_is_another_entry(stores: Stores) {
    for revocation in [ada(), ada().in_tenant(None), ada().in_tenant(Some("acme"))] {
        stores.add(revocation).await;
    }
    stores.equal(stores.entries().await.len(), 3);
}

async fn an_id_of_any_length_and_any_text_is_taken(stores: Stores) {
    let texts = ["x".repeat(60_000), "\u{0}'\"\\\u{202e}".into(), "".into()];
    let mut kept: Vec<StoredRevocation> = Vec::new();
    for text in texts {
        let revocation = crate::keys::Revocation::token(text.clone(), text).because("\u{1f980}'");
        kept.push(stores.add(revocation).await.value);
    }
    stores.equal(stores.feed(Default::default(), 10).await, kept);
}
