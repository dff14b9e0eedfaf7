//! Administrators who show a token, and what the program alone may do.

use std::time::Duration;

use serde_json::json;
use tower_auth::{
    Principal,
    keys::{KeyAdminError, KeyDigest, KeyOwner, KeyRequest, KeyUpdate},
};

use super::{
    eve, forbidden,
    kit::{JWT_SECRET, app, caller, id, keys, make, show},
    own_key, tenant_admin, token, unseen,
};

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

#[tokio::test]
async fn audit_records_from_before_a_key_came_to_a_caller_stay_with_its_former_tenant() {
    let keys = keys();
    let made = own_key(&keys).await;
    let owner = made.key().record().owner().unwrap().clone();
    let operator = keys.as_operator("root");
    for tenant in ["globex", "acme"] {
        let update = KeyUpdate::new().with_tenant(Some(tenant.to_owned()));
        let update = update.with_owner(owner.clone());
        operator.update(id(&made), update).await.unwrap();
    }
    let seen = keys
        .as_caller(&eve())
        .audit(Some(id(&made)), None, 10)
        .await;
    let seen = seen.unwrap();
    assert_eq!((seen.items.len(), seen.has_more), (1, false));
    assert_eq!(seen.items[0].before(), None);
    let of_tenant = seen.items[0].after().unwrap().tenant();
    assert_eq!(of_tenant, Some("acme"));
    let all = keys.as_caller(&tenant_admin());
    let all = all.audit(Some(id(&made)), None, 10).await.unwrap();
    assert_eq!(all.items.len(), 3);
}
