//! Audit records.

use super::kit::{Stores, ada, create, id, record, revoke, rotate, update};
use crate::{
    keys::{AuditQuery, KeyAction, KeyStore, Revision},
    testing::claims::claims,
};

claims!(KeyStore:
    every_change_leaves_its_records_newest_first,
    a_record_tells_who_changed_what_and_when,
    records_of_a_deleted_key_stay,
    records_are_read_by_key_and_in_pages,
);

async fn every_change_leaves_its_records_newest_first(stores: Stores) {
    let key = stores.make(1).await;
    stores
        .write(update(key.revision(), key.record().clone(), None))
        .await;
    let key = stores.read(1).await;
    stores.write(rotate(&key, 2)).await;
    stores.write(revoke(1, "lost")).await;
    stores.delete(1).await;
    let audit = stores.audit().await;
    let told = audit
        .iter()
        .map(|one| (one.revision().as_u64(), one.action(), one.key().clone()));
    let told: Vec<_> = told.collect();
    stores.equal(
        told,
        vec![
            (6, KeyAction::Delete, id(1)),
            (5, KeyAction::Revoke, id(1)),
            (4, KeyAction::Create, id(2)),
            (3, KeyAction::Rotate, id(1)),
            (2, KeyAction::Update, id(1)),
            (1, KeyAction::Create, id(1)),
        ],
    );
}

async fn a_record_tells_who_changed_what_and_when(stores: Stores) {
    let key = stores.make(1).await;
    let mut renamed = key.record().clone();
    renamed.name = "renamed".into();
    let written = stores
        .one
        .write(update(key.revision(), renamed.clone(), None))
        .await;
    let now = stores.ok(written).now;
    let audit = stores.audit().await;
    let Some(last) = audit.first() else {
        unreachable!("{}: no record", stores.claim());
    };
    stores.equal(last.by(), &ada());
    stores.equal(last.at(), now);
    stores.equal(last.before(), Some(key.record()));
    stores.equal(last.after(), Some(&renamed));
}

async fn records_of_a_deleted_key_stay(stores: Stores) {
    stores.make(1).await;
    stores.delete(1).await;
    let audit = stores.audit().await;
    stores.equal(audit.len(), 2);
    let last = audit
        .first()
        .and_then(|one| one.before())
        .map(|old| old.id().clone());
    stores.equal(last, Some(id(1)));
}

async fn records_are_read_by_key_and_in_pages(stores: Stores) {
    for number in 1..=3 {
        stores.write(create(record(number), number)).await;
    }
    stores.write(revoke(2, "")).await;
    let read = async |query: AuditQuery| {
        let page = stores.ok(stores.other.audit(query).await).value;
        let revisions = page.items.iter().map(|one| one.revision().as_u64());
        (revisions.collect::<Vec<_>>(), page.has_more)
    };
    let of = |limit| AuditQuery {
        limit,
        ..AuditQuery::default()
    };
    stores.equal(read(of(2)).await, (vec![4, 3], true));
    let before = Some(Revision::new(3));
    stores.equal(
        read(AuditQuery { before, ..of(2) }).await,
        (vec![2, 1], false),
    );
    let key = Some(id(2));
    stores.equal(read(AuditQuery { key, ..of(9) }).await, (vec![4, 2], false));
}
