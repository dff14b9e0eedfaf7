//! Everything of a user ends, whatever provider accepts it and whatever claim the user id is from.

use serde_json::json;
use tower_auth::{
    AuthContext, AuthLayer, Principal,
    keys::{KeyAdminError, KeyRequest, ManagedKeys, MemoryKeyStore, Revocation},
    revocations::{MemoryRevocationStore, Revocations},
};

use super::kit::{ISSUER, Process, World, token, unissued};
use crate::{
    common::answer::guarded,
    keys::kit::{id, make, show},
};

/// A caller of a provider of one's own.
fn session(method: &'static str, source: &str) -> AuthContext {
    let caller = AuthContext::new("ada").with_method(method);
    caller.with_source(source).with_token_id("t-1")
}

fn revocations() -> Revocations {
    Revocations::new(MemoryRevocationStore::new().unwrap())
}

async fn has_ended(revocations: &Revocations, caller: &AuthContext) -> bool {
    revocations.check(caller).await.is_err()
}

#[tokio::test(start_paused = true)]
async fn a_user_ends_whatever_claim_the_user_id_is_from() {
    for (claims, issuer) in [
        (json!({}), ISSUER),
        (json!({"sub": null, "user_id": "ada"}), ISSUER),
        (json!({"sub": null, "id": "ada"}), ISSUER),
    ] {
        let process = World::new().process();
        let one = token(claims);
        assert_eq!(process.status(&one).await, 200);
        process.revoke(Revocation::user(issuer, "bob")).await;
        process.revoke(Revocation::user("", "ada")).await;
        assert_eq!(process.status(&one).await, 200);
        process.revoke(Revocation::user(issuer, "ada")).await;
        assert_eq!(process.status(&one).await, 401);
    }
}

#[tokio::test(start_paused = true)]
async fn a_user_of_a_provider_without_an_issuer_ends_by_its_label_or_an_empty_text() {
    let labelled = || unissued().with_source("partners").unwrap();
    for (provider, issuer) in [(unissued(), ""), (labelled(), "partners")] {
        let process = Process::of(World::new().revocations(), provider);
        let ones = [json!({}), json!({"sub": null, "id": "ada"})].map(token);
        process.revoke(Revocation::user(ISSUER, "ada")).await;
        for one in &ones {
            assert_eq!(process.status(one).await, 200);
        }
        process.revoke(Revocation::user(issuer, "ada")).await;
        for one in &ones {
            assert_eq!(process.status(one).await, 401);
        }
    }
}

#[tokio::test]
async fn a_user_ends_for_every_method_and_in_the_tenant_that_is_named() {
    let revocations = revocations();
    let operator = revocations.as_operator("root");
    let of = |method, tenant: &str| {
        let caller = AuthContext::new("ada").with_method(method);
        caller.with_issuer(ISSUER).with_claim("tenant", tenant)
    };
    let everything = Revocation::user(ISSUER, "ada").in_tenant(Some("acme"));
    operator.revoke(everything).await.unwrap();
    for method in ["jwt", "oauth2", "introspection_client", "sessions"] {
        assert!(has_ended(&revocations, &of(method, "acme")).await);
        assert!(!has_ended(&revocations, &of(method, "other")).await);
    }
}

#[tokio::test]
async fn the_keys_of_a_user_end_whatever_principal_owns_them() {
    let keys = ManagedKeys::new(MemoryKeyStore::new().unwrap(), "sk").unwrap();
    let revocations = Revocations::of_keys(&keys);
    let app = guarded(AuthLayer::new(keys.clone()).revocations(&revocations));
    let owned = async |method, source: &str, user| {
        let owner = Principal::new(method, Some(source), user);
        make(&keys, KeyRequest::new("ci").with_owner(owner)).await
    };
    let by_claim = format!("{ISSUER}#user_id");
    let theirs = [
        owned("jwt", ISSUER, "ada").await,
        owned("oauth2", ISSUER, "ada").await,
        owned("jwt", &by_claim, "ada").await,
    ];
    let others = [
        owned("jwt", ISSUER, "bob").await,
        owned("jwt", "https://other.example", "ada").await,
        make(&keys, KeyRequest::new("ci").with_owner("ada")).await,
    ];
    let operator = revocations.as_operator("root");
    let revoked = operator.revoke(Revocation::user(ISSUER, "ada")).await;
    let mut revoked = revoked.unwrap().keys().to_vec();
    let mut expected = theirs.each_ref().map(|key| id(key).clone()).to_vec();
    revoked.sort();
    expected.sort();
    assert_eq!(revoked, expected);
    for key in &theirs {
        assert_eq!(show(&app, key).await.status, 401);
    }
    for key in &others {
        assert_eq!(show(&app, key).await.status, 200);
    }
}

#[tokio::test]
async fn the_stores_own_users_end_by_its_label_and_by_an_empty_text_without_one() {
    for label in [None, Some("robots")] {
        let mut keys = ManagedKeys::new(MemoryKeyStore::new().unwrap(), "sk").unwrap();
        if let Some(label) = label {
            keys = keys.with_source(label).unwrap();
        }
        let revocations = Revocations::of_keys(&keys);
        let operator = revocations.as_operator("root");
        make(&keys, KeyRequest::new("ci").with_owner("ada")).await;
        let wrong = if label.is_some() { "" } else { "robots" };
        let revoked = operator.revoke(Revocation::user(wrong, "ada")).await;
        assert!(revoked.unwrap().keys().is_empty());
        let issuer = label.unwrap_or_default();
        let revoked = operator.revoke(Revocation::user(issuer, "ada")).await;
        assert_eq!(revoked.unwrap().keys().len(), 1);
    }
}

#[tokio::test]
async fn a_key_of_a_user_is_refused_by_a_list_of_its_own_too() {
    let keys = ManagedKeys::new(MemoryKeyStore::new().unwrap(), "sk").unwrap();
    let revocations = revocations();
    let app = guarded(AuthLayer::new(keys.clone()).revocations(&revocations));
    let by_claim = format!("{ISSUER}#id");
    let owner = Principal::new("jwt", Some(&by_claim), "ada");
    let key = make(&keys, KeyRequest::new("ci").with_owner(owner)).await;
    assert_eq!(show(&app, &key).await.status, 200);
    let operator = revocations.as_operator("root");
    operator
        .revoke(Revocation::user(ISSUER, "ada"))
        .await
        .unwrap();
    assert_eq!(show(&app, &key).await.status, 401);
}

#[tokio::test]
async fn only_an_administrator_ends_a_user_of_several_providers() {
    let revocations = revocations();
    let ada = session("sessions", "sessions");
    let everything = Revocation::user("sessions", "ada");
    let caller = ada.clone().with_scopes(["keys:write"]);
    let own = revocations.as_caller(&caller);
    let refused = own.revoke(everything.clone()).await;
    assert!(matches!(refused, Err(KeyAdminError::Forbidden(_))));
    let admin = ada.clone().with_scopes(["keys:write", "keys:admin"]);
    revocations
        .as_caller(&admin)
        .revoke(everything)
        .await
        .unwrap();
    assert!(has_ended(&revocations, &ada).await);
}

#[tokio::test]
async fn who_ends_their_own_token_does_not_end_that_id_of_another_provider() {
    let revocations = revocations();
    let (ours, theirs) = (session("sessions", ""), session("tickets", ""));
    let caller = ours.clone().with_scopes(["keys:write"]);
    let own = Revocation::token("", "t-1");
    revocations.as_caller(&caller).revoke(own).await.unwrap();
    assert!(has_ended(&revocations, &ours).await);
    assert!(!has_ended(&revocations, &theirs).await);
}

#[tokio::test]
async fn a_token_ends_for_one_method_or_for_all() {
    let revocations = revocations();
    let operator = revocations.as_operator("root");
    let (ours, theirs) = (session("sessions", "a"), session("tickets", "a"));
    let token = Revocation::token("a", "t-1");
    operator
        .revoke(token.clone().of_method("tickets"))
        .await
        .unwrap();
    assert!(!has_ended(&revocations, &ours).await);
    assert!(has_ended(&revocations, &theirs).await);
    operator.revoke(token).await.unwrap();
    assert!(has_ended(&revocations, &ours).await);
}

#[tokio::test]
async fn a_hash_in_a_source_of_ones_own_is_a_part_of_its_name() {
    let revocations = revocations();
    let operator = revocations.as_operator("root");
    let [one, other] = ["eu#1", "eu#2"].map(|source| session("sessions", source));
    operator
        .revoke(Revocation::token("eu", "t-1"))
        .await
        .unwrap();
    operator
        .revoke(Revocation::user("eu", "ada"))
        .await
        .unwrap();
    assert!(!has_ended(&revocations, &one).await);
    operator
        .revoke(Revocation::token("eu#1", "t-1"))
        .await
        .unwrap();
    assert!(has_ended(&revocations, &one).await);
    assert!(!has_ended(&revocations, &other).await);
}
