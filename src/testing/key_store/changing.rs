//! Changing, rotating, revoking and deleting.

use std::sync::Arc;

use super::kit::{
    Stores, both, create, delete, digest, id, is_changed, is_not_found, is_taken, record, revoke,
    rotate, update,
};
use crate::{
    keys::{KeyLookup, KeyStore, Revision, Timestamp},
    testing::claims::claims,
};

claims!(KeyStore:
    a_change_decided_on_an_older_revision_is_refused,
    a_deletion_decided_on_an_older_revision_is_refused,
    a_change_on_behalf_of_a_key_that_changed_is_refused,
    a_change_on_behalf_of_a_key_that_ended_is_refused,
    of_two_changes_at_once_one_is_refused,
    what_is_not_there_cannot_be_changed,
    of_two_rotations_at_once_one_is_refused,
    a_rotation_onto_a_digest_that_is_there_is_refused,
    a_revocation_holds_whatever_the_revision,
    the_first_revocation_stays,
    a_revocation_is_of_the_stores_time,
    a_deleted_key_is_gone,
    a_key_made_after_a_deletion_inherits_nothing,
);

async fn a_change_decided_on_an_older_revision_is_refused(stores: Stores) {
    let key = stores.make(1).await;
    let mut renamed = key.record().clone();
    renamed.name = "renamed".into();
    stores
        .write(update(key.revision(), renamed.clone(), None))
        .await;
    stores.equal(stores.read(1).await.record().name(), "renamed");
    for stale in [key.revision(), Revision::ZERO, Revision::new(99)] {
        let write = update(stale, renamed.clone(), None);
        stores.refuses(write, is_changed).await;
    }
    stores.refuses(rotate(&key, 2), is_changed).await;
}

async fn a_deletion_decided_on_an_older_revision_is_refused(stores: Stores) {
    let key = stores.make(1).await;
    let widened = key.record().clone();
    stores.write(update(key.revision(), widened, None)).await;
    stores.refuses(delete(1, key.revision()), is_changed).await;
}

async fn a_change_on_behalf_of_a_key_that_changed_is_refused(stores: Stores) {
    let own = stores.make(1).await;
    let other = stores.make(2).await;
    let first = revoke(2, "").on_behalf_of(Some(&own));
    stores.write(first).await;
    stores.write(revoke(1, "lost")).await;
    for write in [
        create(record(3), 3),
        update(other.revision(), other.record().clone(), None),
        rotate(&other, 3),
        revoke(2, ""),
        delete(2, other.revision()),
    ] {
        stores
            .refuses(write.on_behalf_of(Some(&own)), is_changed)
            .await;
    }
    let gone = stores.read(1).await;
    stores.delete(1).await;
    stores
        .refuses(revoke(2, "").on_behalf_of(Some(&gone)), is_changed)
        .await;
}

async fn a_change_on_behalf_of_a_key_that_ended_is_refused(stores: Stores) {
    let mut ended = record(1);
    ended.expires_at = Some(Timestamp::from_unix_millis(1));
    stores.write(create(ended, 1)).await;
    stores.make(2).await;
    let own = stores.read(1).await;
    stores
        .refuses(revoke(2, "").on_behalf_of(Some(&own)), is_changed)
        .await;
}

async fn of_two_changes_at_once_one_is_refused(stores: Stores) {
    let key = stores.make(1).await;
    let write = |store: &Arc<dyn KeyStore>, name: &str| {
        let mut record = key.record().clone();
        record.name = name.into();
        store.write(update(key.revision(), record, None))
    };
    let written = both(write(&stores.one, "one"), write(&stores.other, "other")).await;
    let refused: Vec<_> = written
        .iter()
        .filter_map(|one| one.as_ref().err())
        .collect();
    stores.holds(
        refused.len() == 1 && refused.iter().all(|error| is_changed(error)),
        refused,
    );
    stores.equal(stores.audit().await.len(), 2);
}

async fn what_is_not_there_cannot_be_changed(stores: Stores) {
    let key = stores.make(1).await;
    stores.delete(1).await;
    let change = update(key.revision(), key.record().clone(), None);
    stores.refuses(change, is_not_found).await;
    stores.refuses(rotate(&key, 2), is_not_found).await;
    stores.refuses(revoke(1, ""), is_not_found).await;
    stores
        .refuses(delete(1, key.revision()), is_not_found)
        .await;
    stores
        .refuses(delete(3, Revision::ZERO), is_not_found)
        .await;
}

async fn of_two_rotations_at_once_one_is_refused(stores: Stores) {
    let key = stores.make(1).await;
    let write = |store: &Arc<dyn KeyStore>, number| store.write(rotate(&key, number));
    let written = both(write(&stores.one, 2), write(&stores.other, 3)).await;
    let refused: Vec<_> = written
        .iter()
        .filter_map(|one| one.as_ref().err())
        .collect();
    stores.holds(
        refused.len() == 1 && refused.iter().all(|error| is_changed(error)),
        refused,
    );
    let two = stores.ok(stores.one.find(KeyLookup::Id(id(2))).await).value;
    let three = stores.ok(stores.one.find(KeyLookup::Id(id(3))).await).value;
    stores.holds(two.is_some() != three.is_some(), "one successor");
}

async fn a_rotation_onto_a_digest_that_is_there_is_refused(stores: Stores) {
    let key = stores.make(1).await;
    stores.write(create(record(3), 2)).await;
    stores.refuses(rotate(&key, 2), is_taken).await;
    stores.equal(stores.read(1).await.record().successor(), None);
}

async fn a_revocation_holds_whatever_the_revision(stores: Stores) {
    let key = stores.make(1).await;
    let changed = update(key.revision(), key.record().clone(), None);
    let [_, revoked] = both(
        stores.one.write(changed),
        stores.other.write(revoke(1, "lost")),
    )
    .await;
    stores.ok(revoked);
    let read = stores.read(1).await;
    // Where the change came last it was decided on the older revision, and refused.
    stores.equal(
        read.record().revoked().map(|one| one.reason()),
        Some("lost"),
    );
}

async fn the_first_revocation_stays(stores: Stores) {
    stores.make(1).await;
    stores.write(revoke(1, "lost")).await;
    let first = stores.read(1).await;
    stores.write(revoke(1, "again")).await;
    let second = stores.read(1).await;
    stores.equal(second.record().revoked(), first.record().revoked());
}

async fn a_revocation_is_of_the_stores_time(stores: Stores) {
    stores.make(1).await;
    let written = stores.ok(stores.one.write(revoke(1, "lost")).await);
    let read = stores.read(1).await;
    stores.equal(
        read.record().revoked().map(|one| one.at()),
        Some(written.now),
    );
    stores.holds(!read.record().is_live(written.now), "it is live");
}

async fn a_deleted_key_is_gone(stores: Stores) {
    stores.make(1).await;
    stores.delete(1).await;
    let by_id = stores
        .ok(stores.other.find(KeyLookup::Id(id(1))).await)
        .value;
    let by_digest = stores.other.find(KeyLookup::Digest(digest(1))).await;
    stores.equal(by_id, None);
    stores.equal(stores.ok(by_digest).value, None);
}

async fn a_key_made_after_a_deletion_inherits_nothing(stores: Stores) {
    let mut metered = record(1);
    metered.metered = true;
    let mut new = super::kit::new_key(metered.clone(), 1);
    new.credits = Some(5);
    stores.write(super::kit::create_of(new)).await;
    let used = crate::keys::KeyUse {
        key: id(1),
        at: crate::keys::Timestamp::from_unix_millis(1_000),
    };
    stores.ok(stores.one.touch(vec![used]).await);
    stores.delete(1).await;
    let mut same_name = record(2);
    same_name.name = metered.name;
    stores.write(create(same_name, 2)).await;
    let read = stores.read(2).await;
    stores.equal((read.credits(), read.last_used_at()), (None, None));
    stores.equal(read.record().revoked(), None);
}
