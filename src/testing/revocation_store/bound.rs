//! The bound: a new entry is refused, and none that is not over is dropped.

use super::kit::{Stores, held, token, write};
use crate::{keys::Timestamp, revocations::RevocationStore, testing::claims::claims};

claims!(RevocationStore:
    a_new_entry_beyond_the_bound_is_refused_and_nothing_is_dropped,
    an_entry_that_is_there_is_added_again_at_the_bound,
    an_entry_that_is_over_makes_room,
);

async fn a_new_entry_beyond_the_bound_is_refused_and_nothing_is_dropped(stores: Stores) {
    for number in 1..=3 {
        stores.add(token(number)).await;
    }
    stores.is_full(token(4), 3).await;
    stores.is_full(token(4), 0).await;
    stores.ok(stores.one.add(write(token(4), 4)).await);
    stores.equal(stores.entries().await.len(), 4);
}

async fn an_entry_that_is_there_is_added_again_at_the_bound(stores: Stores) {
    stores.add(token(1)).await;
    stores.ok(stores.one.add(write(token(1), 1)).await);
    stores.equal(stores.entries().await.len(), 1);
}

async fn an_entry_that_is_over_makes_room(stores: Stores) {
    let long_ago = Timestamp::from_unix_millis(1_000);
    stores.ok(stores.one.restore(vec![held(1, long_ago)]).await);
    stores.ok(stores.one.add(write(token(2), 1)).await);
    stores.is_full(token(3), 1).await;
}
