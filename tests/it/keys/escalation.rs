//! Nobody gives more than they have [12.2], by whatever way.

use std::time::{Duration, SystemTime};

use serde_json::json;
use tower_auth::{
    AuthContext, Principal,
    keys::{
        KeyAdminError, KeyDigest, KeyLimit, KeyOwner, KeyRequest, KeyUpdate, MadeKey, ManagedKeys,
    },
};

use super::kit::{JWT_SECRET, Mood, Stopped, app, caller, id, keys, make, show};

/// A caller by a token, of the tenant `acme`.
fn token(scopes: &[&str]) -> AuthContext {
    AuthContext::new("eve")
        .with_method("jwt")
        .with_issuer("https://id.example")
        .with_scopes(scopes)
        .with_claim("tenant", "acme")
}

fn eve() -> AuthContext {
    token(&["keys:write", "keys:read", "a"])
}

fn tenant_admin() -> AuthContext {
    token(&["keys:write", "keys:read", "keys:admin", "a"])
}

#[track_caller]
fn forbidden<T: std::fmt::Debug>(answer: Result<T, KeyAdminError>) {
    let refused = answer.expect_err("it gives more than the caller has");
    assert!(matches!(refused, KeyAdminError::Forbidden(_)), "{refused}");
}

#[track_caller]
fn unseen<T: std::fmt::Debug>(answer: Result<T, KeyAdminError>) {
    let refused = answer.expect_err("it is somebody else's");
    assert!(matches!(refused, KeyAdminError::NotFound), "{refused}");
}

async fn own_key(keys: &ManagedKeys) -> MadeKey {
    let request = KeyRequest::new("own").with_scopes(["a"]);
    keys.as_caller(&eve()).create(request).await.unwrap()
}

#[tokio::test]
async fn a_key_stands_for_the_caller_who_makes_it() {
    let keys = keys();
    let made = own_key(&keys).await;
    let made_for = caller(&keys, &made).await;
    assert_eq!(made_for.principal(), eve().principal());
    assert_eq!(
        made_for.claim::<String>("tenant").unwrap().as_deref(),
        Some("acme")
    );
}

#[tokio::test]
async fn without_keys_write_nobody_changes_a_key() {
    let keys = keys();
    let made = own_key(&keys).await;
    let reader = keys.as_caller(&token(&["keys:read", "keys:admin", "a"]));
    forbidden(reader.create(KeyRequest::new("x")).await);
    forbidden(reader.update(id(&made), KeyUpdate::new()).await);
    forbidden(reader.rotate(id(&made), Duration::ZERO).await);
    forbidden(reader.revoke(id(&made), "").await);
    forbidden(reader.delete(id(&made)).await);
    forbidden(
        reader
            .import(KeyDigest::new([1; 32]), KeyRequest::new("x"))
            .await,
    );
    forbidden(reader.create_first_admin(KeyRequest::new("x")).await);
    assert!(reader.get(id(&made)).await.is_ok());
}

#[tokio::test]
async fn without_keys_read_nobody_sees_a_key() {
    let keys = keys();
    let made = own_key(&keys).await;
    let writer = keys.as_caller(&token(&["keys:write", "a"]));
    forbidden(writer.get(id(&made)).await);
    forbidden(writer.list(None, 10).await);
    forbidden(writer.audit(Some(id(&made)), None, 10).await);
}

#[tokio::test]
async fn nobody_gives_a_scope_that_they_lack_not_even_an_administrator() {
    let keys = keys();
    for who in [eve(), tenant_admin()] {
        let admin = keys.as_caller(&who);
        for scope in ["b", "*", "a:*", "keys:admin:x", "A"] {
            let request = || KeyRequest::new("x").with_scopes([scope]);
            forbidden(admin.create(request()).await);
            forbidden(admin.import(KeyDigest::new([1; 32]), request()).await);
        }
        let made = admin
            .create(KeyRequest::new("x").with_scopes(["a"]))
            .await
            .unwrap();
        forbidden(
            admin
                .update(id(&made), KeyUpdate::new().with_scopes(["a", "b"]))
                .await,
        );
    }
}

#[tokio::test]
async fn a_star_that_a_token_claims_gives_nothing() {
    let keys = keys();
    let verifier = tower_auth::provider::JwtAuth::hs256(JWT_SECRET).unwrap();
    let eve = verifier
        .verify(&super::kit::token("eve", "* keys:write"))
        .unwrap();
    forbidden(
        keys.as_caller(&eve)
            .create(KeyRequest::new("x").with_scopes(["*"]))
            .await,
    );
}

#[tokio::test]
async fn nobody_makes_keys_for_somebody_else() {
    let keys = keys();
    let admin = keys.as_caller(&eve());
    let elsewhere = Principal::new("jwt", Some("https://id.other"), "eve");
    let without = Principal::new("jwt", None, "eve");
    for owner in [
        KeyOwner::from("admin"),
        "eve".into(),
        elsewhere.into(),
        without.into(),
        Principal::new("jwt", Some("https://id.example"), "admin").into(),
    ] {
        forbidden(
            admin
                .create(KeyRequest::new("x").with_owner(owner.clone()))
                .await,
        );
        let made = own_key(&keys).await;
        forbidden(
            admin
                .update(id(&made), KeyUpdate::new().with_owner(owner))
                .await,
        );
    }
}

#[tokio::test]
async fn nobody_makes_keys_for_another_tenant() {
    let keys = keys();
    let admin = keys.as_caller(&eve());
    for tenant in ["other", "Acme", "acme2"] {
        forbidden(admin.create(KeyRequest::new("x").with_tenant(tenant)).await);
    }
    let made = own_key(&keys).await;
    for tenant in [Some("other".to_owned()), None] {
        forbidden(
            admin
                .update(id(&made), KeyUpdate::new().with_tenant(tenant))
                .await,
        );
    }
}

#[tokio::test]
async fn keys_admin_lifts_owner_and_tenant() {
    let keys = keys();
    let admin = keys.as_caller(&tenant_admin());
    let request = KeyRequest::new("x")
        .with_owner("bob")
        .with_tenant("other")
        .with_scopes(["a"]);
    let made = admin.create(request).await.unwrap();
    assert_eq!(caller(&keys, &made).await.user_id(), "bob");
    assert!(admin.rotate(id(&made), Duration::ZERO).await.is_ok());
}

#[tokio::test]
async fn another_owners_key_is_as_unknown_as_none() {
    let keys = keys();
    let other = make(
        &keys,
        KeyRequest::new("other")
            .with_owner("bob")
            .with_tenant("acme"),
    )
    .await;
    let admin = keys.as_caller(&eve());
    unseen(admin.get(id(&other)).await);
    unseen(
        admin
            .update(id(&other), KeyUpdate::new().with_name("mine"))
            .await,
    );
    unseen(admin.rotate(id(&other), Duration::ZERO).await);
    unseen(admin.revoke(id(&other), "").await);
    unseen(admin.delete(id(&other)).await);
    unseen(admin.audit(Some(id(&other)), None, 10).await);
    assert!(admin.list(None, 10).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn a_wider_key_can_be_revoked_and_neither_changed_nor_rotated() {
    let keys = keys();
    let wide = KeyRequest::new("root")
        .with_owner(eve().principal())
        .with_tenant("acme");
    let wide = make(&keys, wide.with_scopes(["*"])).await;
    let admin = keys.as_caller(&eve());
    forbidden(admin.rotate(id(&wide), Duration::ZERO).await);
    forbidden(
        admin
            .update(id(&wide), KeyUpdate::new().with_name("x"))
            .await,
    );
    forbidden(
        admin
            .update(id(&wide), KeyUpdate::new().with_scopes(["a"]))
            .await,
    );
    forbidden(admin.delete(id(&wide)).await);
    assert!(admin.revoke(id(&wide), "lost").await.is_ok());
    forbidden(admin.update(id(&wide), KeyUpdate::new().unrevoked()).await);
    show(&app(keys), &wide)
        .await
        .refused_with(401, "invalid_credential");
}

#[tokio::test]
async fn nobody_gives_roles_that_they_lack() {
    let keys = keys();
    let admin = keys.as_caller(&eve().with_claim("roles", vec!["viewer", "editor"]));
    for roles in [json!(["admin"]), json!("admin"), json!(["viewer", "admin"])] {
        let request = KeyRequest::new("x").with_metadata("roles", roles.clone());
        forbidden(admin.create(request).await);
        let made = own_key(&keys).await;
        let metadata = json!({ "roles": roles }).as_object().unwrap().clone();
        forbidden(
            admin
                .update(id(&made), KeyUpdate::new().with_metadata(metadata))
                .await,
        );
    }
    let request = KeyRequest::new("x").with_metadata("roles", vec!["viewer"]);
    assert!(admin.create(request).await.is_ok());
    let limited = eve()
        .with_claim("roles", vec!["viewer", "admin"])
        .with_granted_roles(["viewer"]);
    let request = KeyRequest::new("x").with_metadata("roles", vec!["admin"]);
    forbidden(keys.as_caller(&limited).create(request).await);
}

#[tokio::test]
async fn metadata_is_given_by_those_who_have_it_or_where_its_name_is_free() {
    let keys = keys().add_free_metadata("note");
    let admin = keys.as_caller(&eve());
    forbidden(
        admin
            .create(KeyRequest::new("x").with_metadata("plan", "gold"))
            .await,
    );
    assert!(
        admin
            .create(KeyRequest::new("x").with_metadata("note", "hello"))
            .await
            .is_ok()
    );
    let gold = keys.as_caller(&eve().with_claim("plan", "gold"));
    assert!(
        gold.create(KeyRequest::new("x").with_metadata("plan", "gold"))
            .await
            .is_ok()
    );
    forbidden(
        gold.create(KeyRequest::new("x").with_metadata("plan", "platinum"))
            .await,
    );
}

#[tokio::test]
async fn with_a_limit_on_roles_no_other_claim_is_given() {
    let keys = keys().add_free_metadata("note");
    let roles = json!({ "roles": ["admin"] });
    let limited = eve()
        .with_claim("realm_access", roles.clone())
        .with_claim("role", "viewer editor")
        .with_granted_roles(["viewer"]);
    let admin = keys.as_caller(&limited);
    for (name, value) in [("realm_access", roles), ("role", json!("viewer editor"))] {
        let request = KeyRequest::new("x").with_metadata(name, value);
        forbidden(admin.create(request).await);
    }
    let free = KeyRequest::new("x").with_metadata("note", "hello");
    assert!(admin.create(free).await.is_ok());
}

#[tokio::test]
async fn a_role_that_other_roles_hide_is_not_given() {
    let keys = keys();
    let hidden = eve()
        .with_claim("roles", vec!["viewer"])
        .with_claim("role", "admin");
    let request = KeyRequest::new("x").with_metadata("role", "admin");
    forbidden(keys.as_caller(&hidden).create(request).await);
    let alone = eve().with_claim("role", "admin");
    let request = KeyRequest::new("x").with_metadata("role", "admin");
    assert!(keys.as_caller(&alone).create(request).await.is_ok());
}

#[tokio::test]
async fn an_idempotency_key_of_another_tenant_is_another() {
    let keys = keys();
    let request = || KeyRequest::new("x").with_idempotency_key("order-1");
    let acme = keys.as_caller(&eve()).create(request()).await.unwrap();
    let other = eve().with_claim("tenant", "other");
    let other = keys.as_caller(&other).create(request()).await.unwrap();
    assert_ne!(id(&acme), id(&other));
}

#[tokio::test]
async fn a_key_that_was_given_away_is_not_shown_to_the_one_who_made_it() {
    let keys = keys();
    let request = || KeyRequest::new("x").with_idempotency_key("order-1");
    let admin = keys.as_caller(&eve());
    let made = admin.create(request()).await.unwrap();
    let moved = KeyUpdate::new().with_owner("bob");
    let operator = keys.as_operator("ada");
    operator.update(id(&made), moved).await.unwrap();
    let refused = admin.create(request()).await.unwrap_err();
    assert!(matches!(refused, KeyAdminError::Conflict(_)), "{refused}");
}

#[tokio::test]
async fn an_import_with_the_idempotency_key_of_a_creation_is_carried_out() {
    let keys = keys();
    let operator = keys.as_operator("ada");
    let request = || KeyRequest::new("x").with_idempotency_key("order-1");
    let made = operator.create(request()).await.unwrap();
    for text in [b"legacy-key-4711", b"legacy-key-4712"] {
        let imported = operator.import(KeyDigest::of_key(text), request()).await;
        assert_ne!(imported.unwrap().record().id(), id(&made));
    }
    assert_eq!(keys.known(), 3);
}

#[tokio::test]
async fn keys_write_alone_imports_nothing() {
    let keys = keys();
    let request = || KeyRequest::new("old").with_scopes(["a"]);
    let digest = KeyDigest::of_key(b"legacy-key-4711");
    forbidden(keys.as_caller(&eve()).import(digest, request()).await);
    let admin = keys.as_caller(&tenant_admin());
    assert!(admin.import(digest, request()).await.is_ok());
}

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

#[tokio::test]
async fn only_an_operator_makes_the_first_administrator() {
    let keys = keys();
    let request = KeyRequest::new("root").with_scopes(["keys:write"]);
    forbidden(
        keys.as_caller(&tenant_admin())
            .create_first_admin(request)
            .await,
    );
}

#[tokio::test]
async fn all_audit_records_need_keys_admin() {
    let keys = keys();
    let made = own_key(&keys).await;
    forbidden(keys.as_caller(&eve()).audit(None, None, 10).await);
    let page = keys
        .as_caller(&eve())
        .audit(Some(id(&made)), None, 10)
        .await
        .unwrap();
    assert_eq!(page.items.len(), 1);
    assert_eq!(
        keys.as_caller(&tenant_admin())
            .audit(None, None, 10)
            .await
            .unwrap()
            .items
            .len(),
        1
    );
}
