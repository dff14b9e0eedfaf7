//! Administrative acts.

use std::time::Duration;

use tower_auth::{
    AuthContext,
    audit::AuditSettings,
    keys::{KeyRequest, KeyUpdate, ManagedKeys, MemoryKeyStore, Revocation},
    revocations::Revocations,
};

use super::{Disk, flushed};
use crate::common::log::Log;

fn keys() -> ManagedKeys {
    ManagedKeys::new(MemoryKeyStore::new().unwrap(), "sk_live").unwrap()
}

#[tokio::test]
async fn every_change_of_a_key_is_a_line_that_says_whose_it_was() {
    let disk = Disk::default();
    let sink = disk.start(AuditSettings::new());
    let keys = keys().with_audit(&sink);
    let ada = keys.as_operator("ada\n");
    let request = KeyRequest::new("ci").with_scopes(["agents:run", "keys:write", "keys:read"]);
    let made = ada.create(request).await.unwrap();
    let id = made.key().record().id().clone();
    let update = KeyUpdate::new().with_scopes(["agents:run"]);
    ada.update(&id, update).await.unwrap();
    ada.rotate(&id, Duration::ZERO).await.unwrap();
    ada.revoke(&id, "lost").await.unwrap();
    ada.delete(&id).await.unwrap();
    let caller = AuthContext::new("bob")
        .with_method("sessions")
        .with_scopes(["*"]);
    let refused = keys.as_caller(&caller).delete(&id).await;
    assert!(refused.is_err());
    flushed(&sink);
    let lines = disk.lines();
    let actions: Vec<_> = lines
        .iter()
        .map(|line| line["action"].as_str().unwrap())
        .collect();
    assert_eq!(actions[..3], ["create", "update", "rotate"], "{actions:?}");
    assert_eq!(
        actions.last(),
        Some(&"delete"),
        "what was refused is no change"
    );
    assert_eq!(lines[0]["event"], "change");
    assert_eq!(lines[0]["by_operator"], "ada\n");
    assert_eq!(lines[0]["key"], id.as_str());
    assert_eq!(lines[0]["scopes"], "agents:run keys:write keys:read");
    assert_eq!(lines[1]["scopes"], "agents:run");
    assert!(!disk.text().contains(made.secret().unwrap().expose()));
}

#[tokio::test]
async fn revoked_tokens_are_a_line_too() {
    let disk = Disk::default();
    let sink = disk.start(AuditSettings::new());
    let keys = keys().with_audit(&sink);
    let who = AuthContext::new("eve").with_method("jwt");
    let revocation = Revocation::principal(who.principal());
    let revocations = Revocations::of_keys(&keys);
    revocations
        .as_operator("ada")
        .revoke(revocation)
        .await
        .unwrap();
    flushed(&sink);
    assert_eq!(disk.lines()[0]["action"], "revoke_tokens");
}

#[tokio::test]
async fn a_panic_of_who_is_told_undoes_no_change() {
    let log = Log::start();
    let keys = keys().on_change(|_| panic!("a closure of one's own"));
    keys.as_operator("ada")
        .create(KeyRequest::new("ci"))
        .await
        .unwrap();
    assert_eq!(
        keys.as_operator("ada")
            .list(None, 10)
            .await
            .unwrap()
            .items
            .len(),
        1
    );
    assert!(log.text().contains("a closure of `on_change` panicked"));
}
