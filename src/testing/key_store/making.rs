//! Making keys.

use std::sync::Arc;

use super::kit::{
    Stores, both, create, create_of, digest, id, is_held, is_taken, new_key, record, revoke,
};
use crate::{
    context::Principal,
    keys::{
        KeyActor, KeyLimit, KeyLookup, KeyOwner, KeyRecord, KeyStore, NewKey, Timestamp, Written,
    },
    testing::claims::claims,
};

claims!(KeyStore:
    a_key_is_found_by_its_id_and_by_its_digest,
    what_is_not_there_is_not_found,
    a_key_is_made_at_the_stores_time,
    a_record_comes_back_as_it_was,
    a_key_without_scopes_comes_back_without_scopes,
    an_id_is_given_once,
    a_digest_is_given_once,
    a_deleted_keys_digest_may_be_given_again,
    a_scope_that_a_live_key_holds_hinders_a_first_key,
    a_scope_that_only_dead_keys_hold_hinders_nobody,
    of_two_first_keys_at_once_one_is_made,
    an_equal_change_makes_one_key,
    of_two_equal_changes_at_once_one_makes_the_key,
    an_equal_change_after_a_deletion_makes_a_key,
);

async fn a_key_is_found_by_its_id_and_by_its_digest(stores: Stores) {
    let applied = stores.write(create(record(1), 1)).await;
    let made = applied.puts.first().cloned();
    let by_id = stores.other.find(KeyLookup::Id(id(1))).await;
    let by_digest = stores.other.find(KeyLookup::Digest(digest(1))).await;
    stores.equal(&stores.ok(by_id).value, &made);
    stores.equal(&stores.ok(by_digest).value, &made);
}

async fn what_is_not_there_is_not_found(stores: Stores) {
    stores.make(1).await;
    let by_id = stores.other.find(KeyLookup::Id(id(2))).await;
    let by_digest = stores.other.find(KeyLookup::Digest(digest(2))).await;
    stores.equal(stores.ok(by_id).value, None);
    stores.equal(stores.ok(by_digest).value, None);
}

async fn a_key_is_made_at_the_stores_time(stores: Stores) {
    let written = stores.ok(stores.one.write(create(record(1), 1)).await);
    let key = stores.read(1).await;
    stores.holds(
        written.now > Timestamp::from_unix_millis(1_500_000_000_000),
        written.now,
    );
    stores.equal(key.record().created_at(), written.now);
    stores.equal(key.last_used_at(), None);
    stores.equal(key.credits(), None);
}

async fn a_record_comes_back_as_it_was(stores: Stores) {
    let odd = "é\u{1F511} \"quoted\" 'single' \\ \n \u{7f} %s $1 ; --";
    let metadata = serde_json::json!({
        odd: { "nested": [1, -1, 1.5, true, null, u64::MAX, i64::MIN, odd] }, "roles": ["editor"],
    });
    let full = KeyRecord {
        account: id(7),
        start: "sk_live_Ab3d".into(),
        name: odd.into(),
        owner: Some(KeyOwner::Principal(
            Principal::new("oauth2", Some(odd), "ada").into_owned(),
        )),
        tenant: Some(odd.into()),
        scopes: vec!["files:read".into(), "*".into()],
        metadata: metadata.as_object().cloned().unwrap_or_default(),
        limit: Some(KeyLimit::new(u32::MAX, 60)),
        imported: true,
        created_by: KeyActor::Caller {
            principal: Principal::new("api_key", None, odd).into_owned(),
            key: Some(id(9)),
        },
        expires_at: Some(Timestamp::from_unix_millis(253_402_300_799_999)),
        successor: Some(id(8)),
        ..record(1)
    };
    stores.write(create(full.clone(), 1)).await;
    let read = stores.read(1).await;
    let created_at = read.record().created_at();
    stores.equal(read.record(), &KeyRecord { created_at, ..full });
    stores.equal(read.digest(), digest(1));
}

async fn a_key_without_scopes_comes_back_without_scopes(stores: Stores) {
    let none = KeyRecord {
        scopes: Vec::new(),
        ..record(1)
    };
    stores.write(create(none, 1)).await;
    let read = stores.read(1).await;
    stores.equal(read.record().scopes().len(), 0);
    stores.holds(!read.record().grants("files:read"), "it grants something");
}

async fn an_id_is_given_once(stores: Stores) {
    stores.make(1).await;
    stores.refuses(create(record(1), 2), is_taken).await;
}

async fn a_digest_is_given_once(stores: Stores) {
    let key = stores.make(1).await;
    stores.refuses(create(record(2), 1), is_taken).await;
    let mut twin = record(2);
    twin.account = key.record().account().clone();
    stores.refuses(create(twin, 1), is_taken).await;
}

async fn a_deleted_keys_digest_may_be_given_again(stores: Stores) {
    stores.make(1).await;
    stores.delete(1).await;
    stores.write(create(record(2), 1)).await;
    let found = stores.other.find(KeyLookup::Digest(digest(1))).await;
    let found = stores.ok(found).value.map(|key| key.record().id().clone());
    stores.equal(found, Some(id(2)));
}

fn first(number: u32) -> NewKey {
    let record = KeyRecord {
        scopes: vec!["keys:write".into()],
        ..record(number)
    };
    NewKey {
        unless_granted: Some("keys:write".into()),
        ..new_key(record, number)
    }
}

async fn a_scope_that_a_live_key_holds_hinders_a_first_key(stores: Stores) {
    stores.make(1).await;
    stores.write(create_of(first(2))).await;
    stores.refuses(create_of(first(3)), is_held).await;
    stores.write(revoke(2, "")).await;
    let all = KeyRecord {
        scopes: vec!["*".into()],
        ..record(4)
    };
    stores.write(create(all, 4)).await;
    stores.refuses(create_of(first(5)), is_held).await;
}

async fn a_scope_that_only_dead_keys_hold_hinders_nobody(stores: Stores) {
    let expired = KeyRecord {
        expires_at: Some(Timestamp::from_unix_millis(1_000)),
        ..first(1).record
    };
    stores.write(create(expired, 1)).await;
    stores.write(create(first(2).record, 2)).await;
    stores.write(revoke(2, "")).await;
    stores.write(create(first(3).record, 3)).await;
    stores.delete(3).await;
    stores.write(create_of(first(4))).await;
}

async fn of_two_first_keys_at_once_one_is_made(stores: Stores) {
    let write = |store: &Arc<dyn KeyStore>, number| store.write(create_of(first(number)));
    let made = both(write(&stores.one, 1), write(&stores.other, 2)).await;
    let refused = made.iter().filter_map(|one| one.as_ref().err());
    let refused: Vec<_> = refused.collect();
    stores.holds(
        refused.len() == 1 && refused.iter().all(|error| is_held(error)),
        refused,
    );
}

fn equal_change(number: u32) -> NewKey {
    NewKey {
        idempotency: Some("5f".repeat(32).into()),
        ..new_key(record(number), number)
    }
}

async fn an_equal_change_makes_one_key(stores: Stores) {
    stores.write(create_of(equal_change(1))).await;
    let made = stores.read(1).await;
    let again = stores.ok(stores.other.write(create_of(equal_change(2))).await);
    stores.equal(again.value, Written::Repeated(Box::new(made)));
    stores.equal(stores.audit().await.len(), 1);
    let mut other = equal_change(3);
    other.idempotency = Some("60".repeat(32).into());
    stores.write(create_of(other)).await;
}

async fn of_two_equal_changes_at_once_one_makes_the_key(stores: Stores) {
    let write = |store: &Arc<dyn KeyStore>, number| store.write(create_of(equal_change(number)));
    let written = both(write(&stores.one, 1), write(&stores.other, 2)).await;
    let mut ids = Vec::new();
    for one in written {
        ids.push(match stores.ok(one).value {
            Written::Applied(applied) => applied.puts.first().map(|key| key.record().id().clone()),
            Written::Repeated(key) => Some(key.record().id().clone()),
        });
    }
    stores.holds(ids.first() == ids.last(), &ids);
    stores.equal(stores.audit().await.len(), 1);
}

async fn an_equal_change_after_a_deletion_makes_a_key(stores: Stores) {
    stores.write(create_of(equal_change(1))).await;
    stores.delete(1).await;
    stores.write(create_of(equal_change(2))).await;
    let again = stores.ok(stores.other.write(create_of(equal_change(3))).await);
    let made = stores.read(2).await;
    stores.equal(again.value, Written::Repeated(Box::new(made)));
}
