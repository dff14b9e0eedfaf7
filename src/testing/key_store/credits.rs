//! Credits and uses.

use std::sync::Arc;

use super::kit::{Stores, both, create_of, id, new_key, record, rotate, update};
use crate::{
    keys::{KeyRecord, KeyStore, KeyUse, Spend, StoredKey, Timestamp},
    testing::claims::claims,
};

claims!(KeyStore:
    credits_are_spent_one_by_one_and_end,
    never_one_credit_too_many_is_spent_at_once,
    an_account_without_credits_spends_none,
    a_rotated_key_shares_its_accounts_credits,
    a_balance_that_is_set_is_there,
    a_change_that_sets_no_balance_leaves_it,
    a_use_is_noted,
    an_earlier_use_does_not_undo_a_later_one,
    a_use_of_an_unknown_key_is_passed_over,
);

async fn metered(stores: &Stores, credits: u64) -> StoredKey {
    let record = KeyRecord {
        metered: true,
        ..record(1)
    };
    let mut new = new_key(record, 1);
    new.credits = Some(credits);
    stores.write(create_of(new)).await;
    stores.read(1).await
}

async fn credits_are_spent_one_by_one_and_end(stores: Stores) {
    stores.equal(metered(&stores, 2).await.credits(), Some(2));
    for left in [1, 0] {
        let spent = stores.ok(stores.one.spend(id(1)).await).value;
        stores.equal(spent, Spend::Spent { left });
        stores.equal(stores.read(1).await.credits(), Some(left));
    }
    for _ in 0..2 {
        let spent = stores.ok(stores.other.spend(id(1)).await).value;
        stores.equal(spent, Spend::Exhausted);
    }
    stores.equal(stores.read(1).await.credits(), Some(0));
}

async fn never_one_credit_too_many_is_spent_at_once(stores: Stores) {
    metered(&stores, 30).await;
    let spend = |store: &Arc<dyn KeyStore>| {
        let store = Arc::clone(store);
        async move {
            let mut spent = 0;
            for _ in 0..25 {
                let spend = store.spend(id(1)).await.expect("a store can be asked");
                spent += usize::from(matches!(spend.value, Spend::Spent { .. }));
                tokio::task::yield_now().await;
            }
            spent
        }
    };
    let [one, other] = both(spend(&stores.one), spend(&stores.other)).await;
    stores.equal(one + other, 30);
}

async fn an_account_without_credits_spends_none(stores: Stores) {
    stores.make(1).await;
    for account in [id(1), id(2)] {
        let spent = stores.ok(stores.one.spend(account).await).value;
        stores.equal(spent, Spend::NoAccount);
    }
}

async fn a_rotated_key_shares_its_accounts_credits(stores: Stores) {
    let key = metered(&stores, 3).await;
    stores.ok(stores.one.spend(id(1)).await);
    stores.write(rotate(&key, 2)).await;
    let (old, new) = (stores.read(1).await, stores.read(2).await);
    stores.equal((old.credits(), new.credits()), (Some(2), Some(2)));
    stores.ok(stores.one.spend(new.record().account().clone()).await);
    stores.ok(stores.one.spend(old.record().account().clone()).await);
    let spent = stores.ok(stores.other.spend(id(1)).await).value;
    stores.equal(spent, Spend::Exhausted);
}

async fn a_balance_that_is_set_is_there(stores: Stores) {
    let key = metered(&stores, 1).await;
    let write = update(key.revision(), key.record().clone(), Some(7));
    let applied = stores.write(write).await;
    stores.equal(applied.puts.first().and_then(StoredKey::credits), Some(7));
    stores.equal(stores.read(1).await.credits(), Some(7));
}

async fn a_change_that_sets_no_balance_leaves_it(stores: Stores) {
    let key = metered(&stores, 5).await;
    stores.ok(stores.one.spend(id(1)).await);
    stores
        .write(update(key.revision(), key.record().clone(), None))
        .await;
    stores.equal(stores.read(1).await.credits(), Some(4));
}

fn used(number: u32, millis: u64) -> KeyUse {
    KeyUse {
        key: id(number),
        at: Timestamp::from_unix_millis(millis),
    }
}

async fn a_use_is_noted(stores: Stores) {
    stores.make(1).await;
    stores.make(2).await;
    stores.ok(stores
        .one
        .touch(vec![used(1, 60_000), used(2, 61_000)])
        .await);
    let read = stores.read(1).await.last_used_at();
    stores.equal(read, Some(used(1, 60_000).at));
    let read = stores.read(2).await.last_used_at();
    stores.equal(read, Some(used(2, 61_000).at));
}

async fn an_earlier_use_does_not_undo_a_later_one(stores: Stores) {
    stores.make(1).await;
    stores.ok(stores.one.touch(vec![used(1, 120_000)]).await);
    stores.ok(stores.other.touch(vec![used(1, 60_000)]).await);
    let read = stores.read(1).await.last_used_at();
    stores.equal(read, Some(used(1, 120_000).at));
}

async fn a_use_of_an_unknown_key_is_passed_over(stores: Stores) {
    stores.make(1).await;
    stores.ok(stores
        .one
        .touch(vec![used(9, 60_000), used(1, 60_000)])
        .await);
    stores.ok(stores.one.touch(Vec::new()).await);
    let read = stores.read(1).await.last_used_at();
    stores.equal(read, Some(used(1, 60_000).at));
}
