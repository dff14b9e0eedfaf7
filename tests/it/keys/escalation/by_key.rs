//! Administrators who show a managed key.

use std::time::{Duration, SystemTime};

use serde_json::json;
use tower_auth::{
    AuthContext,
    keys::{KeyAdminError, KeyLimit, KeyRequest, KeyUpdate, MadeKey, ManagedKeys},
};

use super::{
    forbidden,
    kit::{Mood, Stopped, app, caller, id, keys, make, show},
};

/// A managed key that may administer, and its caller.
async fn managed(keys: &ManagedKeys, request: KeyRequest) -> (MadeKey, AuthContext) {
    let made = make(keys, request.with_scopes(["keys:write", "keys:read", "a"])).await;
    let caller = caller(keys, &made).await;
    (made, caller)
}

#[tokio::test]
async fn a_managed_key_makes_none_that_outlives_it() {
    let keys = keys();
    let soon = SystemTime::now() + Duration::from_secs(3_600);
    let late = soon + Duration::from_secs(1);
    let (own, caller) = managed(&keys, KeyRequest::new("own").with_expires_at(soon)).await;
    let admin = keys.as_caller(&caller);
    forbidden(
        admin
            .create(KeyRequest::new("x").with_expires_at(late))
            .await,
    );
    let made = admin.create(KeyRequest::new("x")).await.unwrap();
    assert_eq!(
        made.key().record().expires_at(),
        own.key().record().expires_at()
    );
    for never in [None, Some(late)] {
        let answer = admin
            .update(id(&made), KeyUpdate::new().with_expires_at(never))
            .await;
        match never {
            Some(_) => forbidden(answer),
            None => assert_eq!(
                answer.unwrap().record().expires_at(),
                own.key().record().expires_at()
            ),
        }
    }
    // One that stands for the caller and never ends: rotated, it would not end either.
    let lasting = KeyRequest::new("lasting")
        .with_owner(id(&own).as_str())
        .with_scopes(["a"]);
    let lasting = make(&keys, lasting).await;
    let rotated = admin.rotate(id(&lasting), Duration::ZERO).await.unwrap();
    assert_eq!(
        rotated.key().record().expires_at(),
        own.key().record().expires_at()
    );
}

#[tokio::test]
async fn a_managed_key_moves_nothing_to_one_that_outlives_it() {
    let keys = keys();
    let soon = SystemTime::now() + Duration::from_secs(3_600);
    let request = KeyRequest::new("own").with_expires_at(soon);
    let (own, caller) = managed(&keys, request.with_metadata("plan", "gold")).await;
    let lasting = KeyRequest::new("lasting").with_owner(id(&own).as_str());
    let lasting = make(&keys, lasting).await;
    let admin = keys.as_caller(&caller);
    let plan = json!({ "plan": "gold" }).as_object().unwrap().clone();
    for update in [
        KeyUpdate::new().with_scopes(["a"]),
        KeyUpdate::new().with_metadata(plan),
        KeyUpdate::new().with_limit(Some(KeyLimit::new(1, 1))),
        KeyUpdate::new().with_owner(id(&own).as_str()),
        KeyUpdate::new().with_tenant(None),
    ] {
        forbidden(admin.update(id(&lasting), update).await);
    }
    let renamed = KeyUpdate::new().with_name("renamed");
    assert!(admin.update(id(&lasting), renamed).await.is_ok());
    let ending = KeyUpdate::new().with_scopes(["a"]).with_expires_at(None);
    let ended = admin.update(id(&lasting), ending).await.unwrap();
    let end = own.key().record().expires_at();
    assert_eq!(ended.record().expires_at(), end);
}

#[tokio::test]
async fn a_limited_key_makes_none_with_credits() {
    let keys = keys();
    let request = KeyRequest::new("own").with_limit(KeyLimit::new(10, 60));
    let (_, caller) = managed(&keys, request).await;
    let admin = keys.as_caller(&caller);
    forbidden(admin.create(KeyRequest::new("x").with_credits(10)).await);
}

#[tokio::test]
async fn keys_of_a_limited_key_share_its_limit() {
    let keys = keys();
    let limit = KeyLimit::new(10, 60);
    let (own, caller) = managed(&keys, KeyRequest::new("own").with_limit(limit)).await;
    let admin = keys.as_caller(&caller);
    let made = admin.create(KeyRequest::new("x")).await.unwrap();
    assert_eq!(made.key().record().account(), id(&own));
    assert_eq!(made.key().record().limit(), Some(limit));
    forbidden(
        admin
            .create(KeyRequest::new("x").with_limit(KeyLimit::new(11, 60)))
            .await,
    );
    forbidden(
        admin
            .update(id(&made), KeyUpdate::new().with_limit(None))
            .await,
    );
    forbidden(
        admin
            .update(
                id(&made),
                KeyUpdate::new().with_limit(Some(KeyLimit::new(10, 1))),
            )
            .await,
    );
    forbidden(
        admin
            .update(id(&own), KeyUpdate::new().with_limit(None))
            .await,
    );
}

#[tokio::test]
async fn keys_of_a_metered_key_share_its_credits() {
    let keys = keys();
    // One is spent to learn who the caller is.
    let (own, caller) = managed(&keys, KeyRequest::new("own").with_credits(3)).await;
    let admin = keys.as_caller(&caller);
    forbidden(admin.create(KeyRequest::new("x").with_credits(1)).await);
    let made = admin.create(KeyRequest::new("x")).await.unwrap();
    forbidden(
        admin
            .update(id(&made), KeyUpdate::new().with_credits(1_000))
            .await,
    );
    forbidden(
        admin
            .update(id(&own), KeyUpdate::new().with_credits(1_000))
            .await,
    );
    let app = app(keys);
    show(&app, &made).await.accepted_as(id(&own).as_str());
    show(&app, &own).await.accepted_as(id(&own).as_str());
    show(&app, &made).await.refused_with(429, "quota_exhausted");
}

#[tokio::test]
async fn a_key_that_was_revoked_meanwhile_administers_nothing() {
    let keys = keys();
    let (own, caller) = managed(&keys, KeyRequest::new("own")).await;
    let admin = keys.as_caller(&caller);
    assert!(admin.create(KeyRequest::new("x")).await.is_ok());
    keys.as_operator("ada").revoke(id(&own), "").await.unwrap();
    forbidden(admin.create(KeyRequest::new("x")).await);
    forbidden(admin.list(None, 10).await);
}

/// A key was read and found good; it is revoked before its change is carried out.
#[tokio::test]
async fn a_key_that_is_revoked_before_its_change_is_carried_out_changes_nothing() {
    let store = Stopped::new();
    let keys = ManagedKeys::new(store.clone(), "sk").unwrap();
    let (own, caller) = managed(&keys, KeyRequest::new("own")).await;
    let admin = keys.as_caller(&caller);
    let other = admin.create(KeyRequest::new("other")).await.unwrap();
    store.is(Mood::HoldingWrites);
    let other = id(&other).clone();
    let changing = [
        tokio::spawn({
            let admin = admin.clone();
            async move { admin.create(KeyRequest::new("x")).await.map(drop) }
        }),
        tokio::spawn({
            let (admin, other) = (admin.clone(), other.clone());
            async move { admin.revoke(&other, "").await.map(drop) }
        }),
        tokio::spawn({
            let (admin, other) = (admin.clone(), other.clone());
            async move { admin.delete(&other).await }
        }),
    ];
    for _ in &changing {
        store.read.acquire().await.unwrap().forget();
    }
    let elsewhere = ManagedKeys::new(store.inner.clone(), "sk").unwrap();
    let operator = elsewhere.as_operator("ada");
    operator.revoke(id(&own), "stolen").await.unwrap();
    store.permits.add_permits(1_000);
    for change in changing {
        let refused = change.await.unwrap().unwrap_err();
        let is_it = matches!(
            refused,
            KeyAdminError::Forbidden(_) | KeyAdminError::Conflict(_)
        );
        assert!(is_it, "{refused}");
    }
    let other = operator.get(&other).await.unwrap();
    assert!(other.record().revoked().is_none());
    assert_eq!(operator.list(None, 10).await.unwrap().items.len(), 2);
}

#[tokio::test]
async fn a_key_that_was_narrowed_meanwhile_gives_what_it_has_now() {
    let keys = keys();
    let request = KeyRequest::new("own");
    let (own, caller) = managed(&keys, request).await;
    let narrower = KeyUpdate::new().with_scopes(["keys:write"]);
    keys.as_operator("ada")
        .update(id(&own), narrower)
        .await
        .unwrap();
    let admin = keys.as_caller(&caller);
    forbidden(admin.create(KeyRequest::new("x").with_scopes(["a"])).await);
    assert!(admin.create(KeyRequest::new("x")).await.is_ok());
}

#[tokio::test]
async fn a_key_that_was_given_to_another_owner_or_tenant_meanwhile_administers_nothing() {
    for moved in [
        KeyUpdate::new().with_owner("bob"),
        KeyUpdate::new().with_tenant(Some("other".into())),
    ] {
        let keys = keys();
        let (own, caller) = managed(&keys, KeyRequest::new("own")).await;
        let operator = keys.as_operator("ada");
        operator.update(id(&own), moved).await.unwrap();
        let admin = keys.as_caller(&caller);
        forbidden(admin.create(KeyRequest::new("x")).await);
        forbidden(admin.list(None, 10).await);
    }
}

#[tokio::test]
async fn metadata_that_was_taken_from_a_key_meanwhile_is_not_given() {
    let keys = keys();
    let request = KeyRequest::new("own").with_metadata("plan", "gold");
    let (own, caller) = managed(&keys, request).await;
    let taken = KeyUpdate::new().with_metadata(serde_json::Map::new());
    let operator = keys.as_operator("ada");
    operator.update(id(&own), taken).await.unwrap();
    let request = KeyRequest::new("x").with_metadata("plan", "gold");
    forbidden(keys.as_caller(&caller).create(request).await);
}

#[tokio::test]
async fn a_managed_key_of_another_store_administers_nothing() {
    let (one, other) = (keys(), keys());
    let (_, caller) = managed(&one, KeyRequest::new("own")).await;
    forbidden(other.as_caller(&caller).create(KeyRequest::new("x")).await);
}
