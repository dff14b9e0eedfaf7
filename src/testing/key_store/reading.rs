//! Lists.

use super::kit::{Stores, create, id, record};
use crate::{
    context::Principal,
    keys::{KeyId, KeyOwner, KeyQuery, KeyRecord, KeyStore},
    testing::claims::claims,
};

claims!(KeyStore:
    a_list_is_in_the_order_of_ids,
    a_list_begins_behind_the_id_it_is_given,
    a_list_tells_whether_more_follow,
    a_list_of_an_owner_has_theirs_only,
    a_list_of_a_tenant_has_its_keys_only,
    a_list_of_no_tenant_has_keys_without_one_only,
    times_do_not_run_backwards,
);

async fn ids(stores: &Stores, query: KeyQuery) -> (Vec<KeyId>, bool) {
    let page = stores.ok(stores.other.list(query).await).value;
    let ids = page.items.iter().map(|key| key.record().id().clone());
    (ids.collect(), page.has_more)
}

fn first(limit: usize) -> KeyQuery {
    KeyQuery {
        limit,
        ..KeyQuery::default()
    }
}

async fn a_list_is_in_the_order_of_ids(stores: Stores) {
    for number in [3, 1, 2] {
        stores.make(number).await;
    }
    // Upper case is before lower case in bytes, and beside it in many a language's order.
    let upper = KeyRecord {
        id: KeyId::new("key_Z"),
        ..record(4)
    };
    stores.write(create(upper, 4)).await;
    let lower = KeyRecord {
        id: KeyId::new("key_a"),
        ..record(5)
    };
    stores.write(create(lower, 5)).await;
    let expected = vec![
        id(1),
        id(2),
        id(3),
        KeyId::new("key_Z"),
        KeyId::new("key_a"),
    ];
    stores.equal(ids(&stores, first(10)).await, (expected, false));
}

async fn a_list_begins_behind_the_id_it_is_given(stores: Stores) {
    for number in 1..=5 {
        stores.make(number).await;
    }
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let query = KeyQuery {
            after: after.clone(),
            ..first(2)
        };
        let (page, has_more) = ids(&stores, query).await;
        after = page.last().cloned().or(after);
        all.extend(page);
        if !has_more {
            break;
        }
    }
    stores.equal(all, (1..=5).map(id).collect());
}

async fn a_list_tells_whether_more_follow(stores: Stores) {
    stores.equal(ids(&stores, first(2)).await, (vec![], false));
    for number in 1..=2 {
        stores.make(number).await;
    }
    stores.equal(ids(&stores, first(1)).await, (vec![id(1)], true));
    stores.equal(ids(&stores, first(2)).await, (vec![id(1), id(2)], false));
}

async fn a_list_of_an_owner_has_theirs_only(stores: Stores) {
    let ada = KeyOwner::from(Principal::new("oauth2", Some("https://id.example"), "ada"));
    let elsewhere = KeyOwner::from(Principal::new("oauth2", Some("https://id.other"), "ada"));
    let nowhere = KeyOwner::from(Principal::new("oauth2", None, "ada"));
    let owners = [
        Some(&ada),
        Some(&elsewhere),
        Some(&nowhere),
        Some(&"ada".into()),
        None,
    ]
    .map(|owner: Option<&KeyOwner>| owner.cloned());
    for (number, owner) in (1..).zip(&owners) {
        let record = KeyRecord {
            owner: owner.clone(),
            ..record(number)
        };
        stores.write(create(record, number)).await;
    }
    for (number, owner) in (1..).zip(owners.into_iter().flatten()) {
        let query = KeyQuery {
            owner: Some(owner),
            ..first(10)
        };
        stores.equal(ids(&stores, query).await, (vec![id(number)], false));
    }
}

async fn tenants(stores: &Stores) {
    for (number, tenant) in [
        (1, Some("acme")),
        (2, Some("Acme")),
        (3, None),
        (4, Some("")),
    ] {
        let record = KeyRecord {
            tenant: tenant.map(Into::into),
            ..record(number)
        };
        stores.write(create(record, number)).await;
    }
}

async fn a_list_of_a_tenant_has_its_keys_only(stores: Stores) {
    tenants(&stores).await;
    let query = KeyQuery {
        tenant: Some(Some("acme".into())),
        ..first(10)
    };
    stores.equal(ids(&stores, query).await, (vec![id(1)], false));
}

async fn a_list_of_no_tenant_has_keys_without_one_only(stores: Stores) {
    tenants(&stores).await;
    let query = KeyQuery {
        tenant: Some(None),
        ..first(10)
    };
    stores.equal(ids(&stores, query).await, (vec![id(3)], false));
}

async fn times_do_not_run_backwards(stores: Stores) {
    let mut last = stores.ok(stores.one.list(first(1)).await).now;
    for number in 1..=5 {
        let now = stores
            .ok(stores.one.write(create(record(number), number)).await)
            .now;
        stores.holds(now >= last, (last, now));
        last = now;
    }
}
