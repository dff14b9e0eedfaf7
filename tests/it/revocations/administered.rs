//! Whoever has ended administers no keys, also through a process that has not read it yet.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use tower_auth::{
    AuthContext, AuthRequest, Principal,
    keys::{
        KeyAdmin, KeyAdminError, KeyDigest, KeyId, KeyRequest, KeyStore, KeyUpdate, ManagedKeys,
        MemoryKeyStore, Revision, Revocation,
    },
    revocations::{KeyStoreRevocations, MemoryRevocationStore, RevocationStore, Revocations},
    testing::ManualClock,
};

use super::kit::{ISSUER, NOW, ada, of_token};
use crate::keys::kit::{caller, id, make};

/// Two processes on one store. The second has read nothing of it.
struct Processes {
    store: Arc<dyn KeyStore>,
    one: ManagedKeys,
    other: ManagedKeys,
}

impl Processes {
    fn new() -> Self {
        Self::on(MemoryKeyStore::new().unwrap())
    }

    fn on(store: MemoryKeyStore) -> Self {
        let store: Arc<dyn KeyStore> = Arc::new(store);
        let open = || ManagedKeys::of(Arc::clone(&store), "sk").unwrap();
        Self {
            one: open(),
            other: open(),
            store: Arc::clone(&store),
        }
    }

    async fn revoke(&self, revocation: Revocation) {
        let operator = Revocations::of_keys(&self.one).as_operator("root");
        operator.revoke(revocation).await.unwrap();
    }

    /// The number of keys, and the last revision of the store.
    async fn state(&self) -> (usize, Revision) {
        let keys = self.one.as_operator("root").list(None, 100).await.unwrap();
        let feed = self.store.changes(Revision::ZERO, 100).await.unwrap();
        (keys.items.len(), feed.value.latest)
    }
}

/// The token of ada, as the second process lets it in.
fn stolen() -> AuthContext {
    AuthContext::new("ada")
        .with_method("jwt")
        .with_issuer(ISSUER)
        .with_token_id("t-1")
        .with_issued_at(SystemTime::now() - Duration::from_secs(60))
        .with_claim("tenant", "acme")
        .with_scopes(["keys:read", "keys:write", "keys:admin"])
}

/// Every change that gives something, and those that take something away.
async fn every_change(admin: &KeyAdmin, live: &KeyId, dead: &KeyId) -> [(&'static str, bool); 7] {
    let is_refused = |answer: Option<KeyAdminError>| match answer {
        Some(KeyAdminError::Forbidden(_)) => true,
        None => false,
        Some(other) => panic!("{other:?}"),
    };
    let mine = KeyRequest::new("mine");
    let digest = KeyDigest::of_key(b"a key that the thief knows");
    let hour = Duration::from_secs(3_600);
    let renamed = KeyUpdate::new().with_name("mine");
    [
        ("create", is_refused(admin.create(mine.clone()).await.err())),
        ("import", is_refused(admin.import(digest, mine).await.err())),
        (
            "update",
            is_refused(admin.update(live, renamed).await.err()),
        ),
        (
            "unrevoke",
            is_refused(admin.update(dead, KeyUpdate::new().unrevoked()).await.err()),
        ),
        ("rotate", is_refused(admin.rotate(live, hour).await.err())),
        ("revoke", is_refused(admin.revoke(live, "").await.err())),
        ("delete", is_refused(admin.delete(dead).await.err())),
    ]
}

#[tokio::test]
async fn a_revoked_token_changes_no_key_through_a_process_that_has_not_read_it() {
    for revocation in [
        of_token("t-1"),
        Revocation::principal(ada()),
        Revocation::principal(ada()).in_tenant(Some("acme")),
    ] {
        let world = Processes::new();
        let live = make(&world.one, KeyRequest::new("ci").with_owner("bob")).await;
        let dead = make(&world.one, KeyRequest::new("ci").with_owner("bob")).await;
        let operator = world.one.as_operator("root");
        operator.revoke(id(&dead), "lost").await.unwrap();
        world.revoke(revocation.clone()).await;
        let before = world.state().await;
        let admin = world.other.as_caller(&stolen());
        for (change, is_refused) in every_change(&admin, id(&live), id(&dead)).await {
            assert!(is_refused, "{change} after {revocation:?}");
        }
        assert_eq!(world.state().await, before);
    }
}

#[tokio::test]
async fn a_token_that_no_revocation_ends_changes_keys() {
    for revocation in [
        of_token("t-2"),
        Revocation::principal(ada()).in_tenant(Some("other")),
        Revocation::principal(ada()).before(SystemTime::now() - Duration::from_secs(100)),
    ] {
        let world = Processes::new();
        let live = make(&world.one, KeyRequest::new("ci").with_owner("bob")).await;
        let dead = make(&world.one, KeyRequest::new("ci").with_owner("bob")).await;
        let operator = world.one.as_operator("root");
        operator.revoke(id(&dead), "lost").await.unwrap();
        world.revoke(revocation.clone()).await;
        let admin = world.other.as_caller(&stolen());
        for (change, is_refused) in every_change(&admin, id(&live), id(&dead)).await {
            assert!(!is_refused, "{change} after {revocation:?}");
        }
    }
}

#[tokio::test]
async fn a_caller_whom_a_check_put_in_the_place_of_a_revoked_one_makes_no_key() {
    use tower_auth::provider::{AuthProvider, provider_fn};
    let world = Processes::new();
    let provider = provider_fn(|_: &AuthRequest<'_>| Ok(Some(stolen())))
        .and_then(async |_, _| Ok(AuthContext::new("robot").with_scopes(["keys:write"])));
    let app = crate::keys::kit::app(provider);
    let answer = crate::keys::kit::show_text(&app, "anything").await;
    let robot = answer.seen().context.clone().unwrap();
    assert_eq!(robot.user_id(), "robot");
    world.revoke(of_token("t-1")).await;
    let admin = world.other.as_caller(&robot);
    let made = admin.create(KeyRequest::new("mine")).await;
    assert!(matches!(made, Err(KeyAdminError::Forbidden(_))));
}

/// The entry of a revocation without what else it does: a process that was killed after it.
async fn entry_alone(world: &Processes, revocation: Revocation) {
    let memory = MemoryRevocationStore::new().unwrap();
    let operator = Revocations::new(memory.clone()).as_operator("root");
    operator.revoke(revocation).await.unwrap();
    let page = memory.changes(Revision::ZERO, 10).await.unwrap().value;
    let entries = page.changes.iter().map(|stored| stored.entry).collect();
    let list = KeyStoreRevocations::new(Arc::clone(&world.store));
    list.restore(entries).await.unwrap();
}

#[tokio::test]
async fn a_key_of_a_revoked_principal_makes_no_other_before_it_is_revoked_itself() {
    let world = Processes::new();
    let request = KeyRequest::new("ci")
        .with_owner(ada())
        .with_scopes(["keys:write"]);
    let key = make(&world.one, request).await;
    let caller = caller(&world.other, &key).await;
    let admin = world.other.as_caller(&caller);
    admin.create(KeyRequest::new("one")).await.unwrap();
    entry_alone(&world, Revocation::principal(ada())).await;
    let made = admin.create(KeyRequest::new("two")).await;
    assert!(matches!(made, Err(KeyAdminError::Forbidden(_))), "{made:?}");
}

#[tokio::test]
async fn a_revocation_that_is_over_hinders_nobody() {
    let clock = ManualClock::at_unix(NOW);
    let world = Processes::on(MemoryKeyStore::new().unwrap().with_clock(clock.clock()));
    let who = tower_auth::Principal::new("jwt", None, "ci");
    world.revoke(Revocation::principal(who)).await;
    let static_key = AuthContext::new("ci")
        .with_method("jwt")
        .with_scopes(["keys:write"]);
    let admin = world.other.as_caller(&static_key);
    assert!(admin.create(KeyRequest::new("one")).await.is_err());
    clock.advance(Duration::from_secs(86_400 + 600));
    admin.create(KeyRequest::new("two")).await.unwrap();
}

#[tokio::test]
async fn a_revoked_token_ends_nobody_else_through_a_process_that_has_not_read_it() {
    let world = Processes::new();
    let theirs = make(&world.one, KeyRequest::new("ci").with_owner("bob")).await;
    world.revoke(of_token("t-1")).await;
    let admin = Revocations::of_keys(&world.other).as_caller(&stolen());
    let bob = Principal::new("api_key", None, "bob");
    for revocation in [
        Revocation::principal(bob),
        Revocation::user("", "bob"),
        of_token("t-2"),
    ] {
        let revoked = admin.revoke(revocation).await;
        assert!(
            matches!(revoked, Err(KeyAdminError::Forbidden(_))),
            "{revoked:?}"
        );
    }
    let theirs = world
        .one
        .as_operator("root")
        .get(id(&theirs))
        .await
        .unwrap();
    assert!(theirs.record().revoked().is_none());
}

#[tokio::test]
async fn whoever_revoked_their_own_token_may_still_log_out_everywhere() {
    let world = Processes::new();
    let admin = Revocations::of_keys(&world.one).as_caller(&stolen());
    admin.revoke(of_token("t-1")).await.unwrap();
    admin.revoke(Revocation::principal(ada())).await.unwrap();
}
