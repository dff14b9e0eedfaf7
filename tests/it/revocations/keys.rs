//! Revocations beside managed keys: in their store, and with the keys of a principal.

use std::{sync::Arc, time::Duration};

use futures_util::FutureExt;
use tower_auth::{
    AuthLayer, Principal,
    keys::{
        AsOf, AuditQuery, AuditRecord, Epoch, KeyAction, KeyChanges, KeyId, KeyLookup, KeyQuery,
        KeyRequest, KeyStore, KeyStoreFuture, KeyUse, KeyWrite, MadeKey, ManagedKeys,
        MemoryKeyStore, Page, Revision, Revocation, Spend, StoredKey, Written,
    },
    revocations::{KeyStoreRevocations, MemoryRevocationStore, Revocations},
};

use super::kit::{ISSUER, ada};
use crate::{
    common::answer::guarded,
    keys::kit::{caller, id, make, show},
};

fn keys() -> ManagedKeys {
    ManagedKeys::new(MemoryKeyStore::new().unwrap(), "sk").unwrap()
}

async fn of_ada(keys: &ManagedKeys, tenant: Option<&str>) -> MadeKey {
    let request = KeyRequest::new("ci")
        .with_owner(ada())
        .with_scopes(["keys:write"]);
    let request = match tenant {
        Some(tenant) => request.with_tenant(tenant),
        None => request,
    };
    make(keys, request).await
}

async fn is_live(keys: &ManagedKeys, key: &MadeKey) -> bool {
    let key = keys.as_operator("ada").get(id(key)).await.unwrap();
    key.record().revoked().is_none()
}

#[tokio::test]
async fn the_keys_of_a_principal_end_with_it_and_for_good() {
    let keys = keys();
    let revocations = Revocations::of_keys(&keys);
    let app = guarded(AuthLayer::new(keys.clone()).revocations(&revocations));
    let (one, other) = (of_ada(&keys, None).await, of_ada(&keys, Some("acme")).await);
    let stranger = make(&keys, KeyRequest::new("ada").with_owner("ada")).await;
    assert_eq!(show(&app, &one).await.status, 200);
    let operator = revocations.as_operator("root");
    let revoked = operator.revoke(Revocation::principal(ada())).await.unwrap();
    assert_eq!(revoked.keys().len(), 2);
    for key in [&one, &other] {
        assert_eq!(show(&app, key).await.status, 401);
        assert!(!is_live(&keys, key).await);
    }
    assert_eq!(show(&app, &stranger).await.status, 200);
    // One that is made afterwards counts at once: both times are of one clock.
    tokio::time::sleep(Duration::from_millis(5)).await;
    let later = of_ada(&keys, None).await;
    assert_eq!(show(&app, &later).await.status, 200);
}

#[tokio::test]
async fn keys_that_stand_for_themselves_end_by_their_id() {
    let keys = keys();
    let revocations = Revocations::of_keys(&keys);
    let itself = make(&keys, KeyRequest::new("ci")).await;
    let who = Principal::new("api_key", None, id(&itself).as_str());
    let operator = revocations.as_operator("root");
    let revoked = operator.revoke(Revocation::principal(who)).await.unwrap();
    assert_eq!(revoked.keys().len(), 1);
    assert!(!is_live(&keys, &itself).await);
}

#[tokio::test]
async fn keys_of_another_tenant_and_keys_made_later_than_the_instant_stay() {
    let keys = keys();
    let revocations = Revocations::of_keys(&keys);
    let (one, other) = (of_ada(&keys, Some("acme")).await, of_ada(&keys, None).await);
    let operator = revocations.as_operator("root");
    let of_tenant = Revocation::principal(ada()).in_tenant(Some("acme"));
    assert_eq!(operator.revoke(of_tenant).await.unwrap().keys().len(), 1);
    assert!(!is_live(&keys, &one).await && is_live(&keys, &other).await);
    let long_ago = std::time::UNIX_EPOCH + Duration::from_secs(1_000);
    let revocation = Revocation::principal(ada()).before(long_ago);
    assert_eq!(operator.revoke(revocation).await.unwrap().keys().len(), 0);
    assert!(is_live(&keys, &other).await);
}

#[tokio::test]
async fn whoever_ends_all_of_their_own_keys_ends_the_one_they_show_too() {
    let keys = keys();
    let revocations = Revocations::of_keys(&keys);
    let mut all = Vec::new();
    for _ in 0..3 {
        all.push(of_ada(&keys, None).await);
    }
    let caller = caller(&keys, &all[1]).await;
    let admin = revocations.as_caller(&caller);
    let revoked = admin.revoke(Revocation::principal(ada())).await.unwrap();
    assert_eq!(revoked.keys().len(), 3);
    for key in &all {
        assert!(!is_live(&keys, key).await);
    }
    // And then it administers nothing any more.
    assert!(admin.revoke(Revocation::principal(ada())).await.is_err());
}

#[tokio::test]
async fn a_caller_revokes_nobody_else_and_leaves_nothing_behind() {
    let keys = keys();
    let revocations = Revocations::of_keys(&keys);
    let key = of_ada(&keys, None).await;
    let caller = caller(&keys, &key).await;
    let admin = revocations.as_caller(&caller);
    let bob = Principal::new("jwt", Some(ISSUER), "bob");
    assert!(admin.revoke(Revocation::principal(bob)).await.is_err());
    let token = Revocation::token(ISSUER, "t-1");
    assert!(admin.revoke(token).await.is_err());
    let audit = keys
        .as_operator("root")
        .audit(None, None, 10)
        .await
        .unwrap();
    assert_eq!(audit.items.len(), 1);
}

#[tokio::test]
async fn a_revocation_is_told_in_the_audit_records() {
    let keys = keys();
    let revocations = Revocations::of_keys(&keys);
    let operator = revocations.as_operator("root");
    let long = "x".repeat(1_000);
    let revocation = Revocation::token(ISSUER, &*long).because("in a log");
    operator.revoke(revocation).await.unwrap();
    let audit = keys
        .as_operator("root")
        .audit(None, None, 10)
        .await
        .unwrap();
    let [record] = &audit.items[..] else {
        panic!("{audit:?}");
    };
    assert_eq!(record.action(), KeyAction::RevokeTokens);
    assert_eq!(record.key().as_str(), "");
    let told = record.revocation().unwrap();
    assert_eq!((told.issuer(), told.reason()), (Some(ISSUER), "in a log"));
    assert_eq!(told.jti().unwrap(), format!("{}…", "x".repeat(256)));
}

#[tokio::test]
async fn another_process_on_the_store_knows_it_within_a_poll() {
    let store: Arc<dyn KeyStore> = Arc::new(MemoryKeyStore::new().unwrap());
    let [one, other] = [&store, &store].map(|store| {
        let keys = ManagedKeys::of(Arc::clone(store), "sk").unwrap();
        Revocations::of_keys(&keys)
    });
    other.open().await.unwrap();
    let token = Revocation::token(ISSUER, "t-1");
    one.as_operator("root").revoke(token).await.unwrap();
    let begun = std::time::Instant::now();
    while other.known() == 0 {
        assert!(begun.elapsed() < Duration::from_secs(30));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn what_was_revoked_costs_no_credit() {
    let keys = keys();
    let revocations = Revocations::new(MemoryRevocationStore::new().unwrap());
    let app = guarded(AuthLayer::new(keys.clone()).revocations(&revocations));
    let request = KeyRequest::new("ci").with_owner("ada").with_credits(5);
    let key = make(&keys, request).await;
    assert_eq!(show(&app, &key).await.status, 200);
    let who = Principal::new("api_key", None, "ada");
    let operator = revocations.as_operator("root");
    operator.revoke(Revocation::principal(who)).await.unwrap();
    assert_eq!(show(&app, &key).await.status, 401);
    let left = keys.as_operator("ada").get(id(&key)).await.unwrap();
    assert_eq!(left.credits(), Some(4));
}

/// A key store that was written before there were revocations.
#[derive(Clone)]
struct Old(MemoryKeyStore);

impl KeyStore for Old {
    fn changes(&self, after: Revision, limit: usize) -> KeyStoreFuture<AsOf<KeyChanges>> {
        self.0.changes(after, limit)
    }

    fn find(&self, lookup: KeyLookup) -> KeyStoreFuture<AsOf<Option<StoredKey>>> {
        self.0.find(lookup)
    }

    fn list(&self, query: KeyQuery) -> KeyStoreFuture<AsOf<Page<StoredKey>>> {
        self.0.list(query)
    }

    fn write(&self, write: KeyWrite) -> KeyStoreFuture<AsOf<Written>> {
        self.0.write(write)
    }

    fn spend(&self, account: KeyId) -> KeyStoreFuture<AsOf<Spend>> {
        self.0.spend(account)
    }

    fn touch(&self, uses: Vec<KeyUse>) -> KeyStoreFuture<()> {
        self.0.touch(uses)
    }

    fn audit(&self, query: AuditQuery) -> KeyStoreFuture<AsOf<Page<AuditRecord>>> {
        self.0.audit(query)
    }

    fn renew_epoch(&self) -> KeyStoreFuture<Epoch> {
        self.0.renew_epoch()
    }
}

#[tokio::test]
async fn a_store_that_knows_no_revocations_takes_none_and_lets_nobody_in() {
    let store = Old(MemoryKeyStore::new().unwrap());
    let keys = ManagedKeys::new(store.clone(), "sk").unwrap();
    let key = of_ada(&keys, None).await;
    let alone = Revocations::new(KeyStoreRevocations::new(Arc::new(store)));
    for revocations in [Revocations::of_keys(&keys), alone] {
        let operator = revocations.as_operator("root");
        let error = operator.revoke(Revocation::principal(ada())).await;
        assert!(error.is_err());
        let app = guarded(AuthLayer::new(keys.clone()).revocations(&revocations));
        assert_eq!(show(&app, &key).await.status, 503);
    }
    assert!(is_live(&keys, &key).await);
    let audit = keys
        .as_operator("root")
        .audit(None, None, 10)
        .await
        .unwrap();
    assert_eq!(audit.items.len(), 1);
}

#[tokio::test]
async fn whoever_goes_away_while_they_revoke_leaves_no_part_undone() {
    let keys = keys();
    let revocations = Revocations::of_keys(&keys);
    let key = of_ada(&keys, None).await;
    let operator = revocations.as_operator("root");
    let revoked = operator.revoke(Revocation::principal(ada()));
    assert!(
        revoked.now_or_never().is_none(),
        "it is dropped before it is done"
    );
    let begun = std::time::Instant::now();
    while is_live(&keys, &key).await {
        assert!(begun.elapsed() < Duration::from_secs(30));
        tokio::task::yield_now().await;
    }
}
