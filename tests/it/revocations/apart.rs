//! Managed keys whose store does not keep the revocations.

use std::time::Duration;

use serde_json::json;
use tower_auth::{
    AuthContext,
    keys::{
        KeyAdminError, KeyDigest, KeyRequest, KeyUpdate, ManagedKey, ManagedKeys, MemoryKeyStore,
        Revocation,
    },
    testing::ManualClock,
};

use super::kit::{Mood, NOW, Process, World, ada, of_token, token};
use crate::{
    common::answer::run,
    keys::kit::{self, Stopped, id, make},
};

/// Two processes on one list, and keys beside them.
struct Apart {
    world: World,
    one: Process,
    other: Process,
    store: Stopped,
    keys: ManagedKeys,
}

impl Apart {
    fn new() -> Self {
        let world = World::new();
        let store = Stopped::of(
            MemoryKeyStore::new()
                .unwrap()
                .with_clock(world.clock.clock()),
        );
        Self {
            one: world.process(),
            other: world.process(),
            keys: ManagedKeys::new(store.clone(), "sk").unwrap(),
            store,
            world,
        }
    }

    /// The token of ada, as the second process lets it in.
    async fn stolen(&self) -> AuthContext {
        let token = token(json!({"scope": "keys:read keys:write keys:admin"}));
        let bearer = format!("Bearer {token}");
        let answer = run(&self.other.app, &[("authorization", bearer.as_bytes())]).await;
        answer.seen().context.clone().expect("it is accepted")
    }

    async fn made(&self) -> Vec<ManagedKey> {
        self.store.is(kit::Mood::Well);
        let listed = self.keys.as_operator("root").list(None, 100).await;
        listed.unwrap().items
    }
}

fn known() -> KeyDigest {
    KeyDigest::of_key(b"a key that the thief knows")
}

fn is_revoked(key: &ManagedKey) -> bool {
    key.record().revoked().is_some()
}

#[tokio::test(start_paused = true)]
async fn the_list_is_read_before_a_change() {
    let apart = Apart::new();
    let stolen = apart.stolen().await;
    apart.one.revoke(of_token("t-1")).await;
    assert_eq!(apart.other.revocations.known(), 0);
    let admin = apart.keys.as_caller(&stolen);
    let made = admin.create(KeyRequest::new("mine")).await;
    assert!(matches!(made, Err(KeyAdminError::Forbidden(_))));
    assert!(apart.made().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn nothing_is_changed_while_the_list_cannot_be_read() {
    for mood in [Mood::Failing, Mood::Hanging, Mood::Panicking] {
        let apart = Apart::new();
        let stolen = apart.stolen().await;
        apart.world.store.is(mood);
        let admin = apart.keys.as_caller(&stolen);
        let made = admin.create(KeyRequest::new("mine")).await;
        assert!(matches!(made, Err(KeyAdminError::Unavailable(_))));
        assert!(apart.made().await.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn the_list_is_read_before_somebody_else_is_revoked() {
    let apart = Apart::new();
    let stolen = apart.stolen().await;
    apart.one.revoke(of_token("t-1")).await;
    let admin = apart.other.revocations.as_caller(&stolen);
    let revoked = admin.revoke(of_token("t-2")).await;
    assert!(
        matches!(revoked, Err(KeyAdminError::Forbidden(_))),
        "{revoked:?}"
    );
    admin.revoke(Revocation::principal(ada())).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_counts_changes_keys() {
    let apart = Apart::new();
    let caller = apart.stolen().await;
    let admin = apart.keys.as_caller(&caller);
    let key = admin.create(KeyRequest::new("mine")).await.unwrap();
    let renamed = KeyUpdate::new().with_name("renamed");
    admin.update(id(&key), renamed).await.unwrap();
    admin.rotate(id(&key), Duration::ZERO).await.unwrap();
    admin.revoke(id(&key), "").await.unwrap();
    admin.delete(id(&key)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_key_whose_maker_is_revoked_meanwhile_is_taken_back() {
    let apart = Apart::new();
    let stolen = apart.stolen().await;
    apart.store.is(kit::Mood::HoldingWrites);
    let admin = apart.keys.as_caller(&stolen);
    let import = tokio::spawn(async move { admin.import(known(), KeyRequest::new("mine")).await });
    apart.store.read.acquire().await.unwrap().forget();
    apart.one.revoke(of_token("t-1")).await;
    apart.store.permits.add_permits(9);
    let imported = import.await.unwrap();
    assert!(matches!(imported, Err(KeyAdminError::Forbidden(_))));
    assert!(apart.made().await.iter().all(is_revoked));
}

#[tokio::test(start_paused = true)]
async fn a_key_whose_maker_goes_away_and_is_revoked_meanwhile_is_taken_back() {
    let apart = Apart::new();
    let stolen = apart.stolen().await;
    apart.store.is(kit::Mood::HoldingWrites);
    let admin = apart.keys.as_caller(&stolen);
    let import = tokio::spawn(async move { admin.import(known(), KeyRequest::new("mine")).await });
    apart.store.read.acquire().await.unwrap().forget();
    import.abort();
    apart.one.revoke(of_token("t-1")).await;
    apart.store.permits.add_permits(9);
    tokio::time::sleep(Duration::from_secs(10)).await;
    let made = apart.made().await;
    assert_eq!(made.len(), 1);
    assert!(is_revoked(&made[0]));
}

#[tokio::test(start_paused = true)]
async fn a_key_is_taken_back_where_nobody_can_tell_whether_its_maker_counts() {
    let apart = Apart::new();
    let stolen = apart.stolen().await;
    let dead = make(&apart.keys, KeyRequest::new("ci")).await;
    let operator = apart.keys.as_operator("root");
    operator.revoke(id(&dead), "lost").await.unwrap();
    apart.store.is(kit::Mood::HoldingWrites);
    let admin = apart.keys.as_caller(&stolen);
    let which = id(&dead).clone();
    let unrevoke =
        tokio::spawn(async move { admin.update(&which, KeyUpdate::new().unrevoked()).await });
    apart.store.read.acquire().await.unwrap().forget();
    apart.world.store.is(Mood::Failing);
    apart.store.permits.add_permits(9);
    let unrevoked = unrevoke.await.unwrap();
    assert!(matches!(unrevoked, Err(KeyAdminError::Unavailable(_))));
    assert!(apart.made().await.iter().all(is_revoked));
}

#[tokio::test(start_paused = true)]
async fn a_change_stands_where_the_list_could_not_be_read_for_a_few_seconds() {
    let apart = Apart::new();
    let stolen = apart.stolen().await;
    apart.store.is(kit::Mood::HoldingWrites);
    let admin = apart.keys.as_caller(&stolen);
    let import = tokio::spawn(async move { admin.import(known(), KeyRequest::new("mine")).await });
    apart.store.read.acquire().await.unwrap().forget();
    apart.world.store.is(Mood::Failing);
    apart.store.permits.add_permits(9);
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(!import.is_finished());
    apart.world.store.is(Mood::Well);
    import.await.unwrap().unwrap();
    assert!(!apart.made().await.iter().any(is_revoked));
}

#[tokio::test(start_paused = true)]
async fn another_name_is_not_taken_back() {
    let apart = Apart::new();
    let stolen = apart.stolen().await;
    let key = make(&apart.keys, KeyRequest::new("ci")).await;
    apart.store.is(kit::Mood::HoldingWrites);
    let admin = apart.keys.as_caller(&stolen);
    let which = id(&key).clone();
    let rename =
        tokio::spawn(async move { admin.update(&which, KeyUpdate::new().with_name("cd")).await });
    apart.store.read.acquire().await.unwrap().forget();
    apart.one.revoke(of_token("t-1")).await;
    apart.store.permits.add_permits(9);
    rename.await.unwrap().unwrap();
    assert!(!apart.made().await.iter().any(is_revoked));
}

#[tokio::test(start_paused = true)]
async fn added_keys_end_with_their_principal_and_for_good() {
    let apart = Apart::new();
    let of_ada = KeyRequest::new("ci").with_owner(ada());
    let (one, of_tenant) = (
        make(&apart.keys, of_ada.clone()).await,
        make(&apart.keys, of_ada.with_tenant("acme")).await,
    );
    let of_bob = make(&apart.keys, KeyRequest::new("ci").with_owner("bob")).await;
    let revocations = apart.world.revocations().add_keys(&apart.keys);
    let operator = revocations.as_operator("root");
    let everything = Revocation::principal(ada());
    let of_acme = everything.clone().in_tenant(Some("acme"));
    assert_eq!(operator.revoke(of_acme).await.unwrap().keys().len(), 1);
    assert_eq!(operator.revoke(everything).await.unwrap().keys().len(), 1);
    assert_eq!(
        operator.revoke(of_token("t-1")).await.unwrap().keys().len(),
        0
    );
    for key in apart.made().await {
        let ends = [id(&one), id(&of_tenant)].contains(&key.record().id());
        assert_eq!(is_revoked(&key), ends);
    }
    let live = apart.keys.as_operator("root").get(id(&of_bob)).await;
    assert!(!is_revoked(&live.unwrap()));
}

#[tokio::test(start_paused = true)]
async fn a_caller_ends_their_own_added_keys_and_nobody_elses() {
    let apart = Apart::new();
    let of_ada = KeyRequest::new("ci").with_owner(ada());
    make(&apart.keys, of_ada).await;
    make(&apart.keys, KeyRequest::new("ci").with_owner("bob")).await;
    let caller = apart.stolen().await.with_scopes(["keys:write"]);
    let revocations = apart.world.revocations().add_keys(&apart.keys);
    let admin = revocations.as_caller(&caller);
    let bob = tower_auth::Principal::new("api_key", None, "bob");
    assert!(admin.revoke(Revocation::principal(bob)).await.is_err());
    let revoked = admin.revoke(Revocation::principal(ada())).await.unwrap();
    assert_eq!(revoked.keys().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_key_of_a_clock_that_is_ahead_is_before_the_instant_all_the_same() {
    for (ahead, expected) in [(29, 401), (31, 200)] {
        let world = World::new();
        let clock = ManualClock::at_unix(NOW + ahead);
        let store = MemoryKeyStore::new().unwrap().with_clock(clock.clock());
        let keys = ManagedKeys::new(store, "sk").unwrap();
        let key = make(&keys, KeyRequest::new("ci").with_owner("ada")).await;
        let process = Process::of(world.revocations(), keys.clone());
        assert_eq!(kit::show(&process.app, &key).await.status, 200);
        let who = tower_auth::Principal::new("api_key", None, "ada");
        process.revoke(Revocation::principal(who)).await;
        let status = kit::show(&process.app, &key).await.status;
        assert_eq!(status, expected, "{ahead}");
    }
}
