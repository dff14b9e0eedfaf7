//! Administrative acts.

use std::time::Duration;

use axum::{Router, body::Body};
use http::Request;
use serde_json::{Value, json};
use tower::ServiceExt;
use tower_auth::{
    AuthContext, AuthError, AuthLayer, Principal,
    audit::{AuditSettings, AuditSink},
    key_api::KeyApi,
    keys::{KeyAdminError, KeyRequest, KeyUpdate, ManagedKeys, MemoryKeyStore, Revocation},
    revocations::{MemoryRevocationStore, Revocations},
};

use super::{Disk, flushed, until};
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

fn list(sink: &AuditSink) -> Revocations {
    Revocations::new(MemoryRevocationStore::new().unwrap()).with_audit(sink)
}

#[tokio::test]
async fn tokens_that_are_revoked_in_a_store_of_their_own_are_a_line_that_says_whose_they_were() {
    let disk = Disk::default();
    let sink = disk.start(AuditSettings::new());
    let revocations = list(&sink);
    let admin = AuthContext::new("ada")
        .with_method("sessions")
        .with_scopes(["keys:write", "keys:admin"]);
    let eve = Principal::new("oauth2", Some("https://issuer.example"), "eve");
    let everything = Revocation::principal(eve).in_tenant(Some("acme"));
    let token = Revocation::token("https://issuer.example", "7f03").because("leaked");
    let nobody = AuthContext::new("eve").with_method("sessions");
    let revoked = revocations.as_caller(&admin).revoke(everything).await;
    revoked.unwrap();
    revocations
        .as_operator("root")
        .revoke(token.clone())
        .await
        .unwrap();
    assert!(revocations.as_caller(&nobody).revoke(token).await.is_err());
    flushed(&sink);
    let lines = disk.lines();
    assert_eq!(lines.len(), 2, "what was refused is no change");
    for (line, expected) in [
        (
            &lines[0],
            &[
                ("by_auth_method", "sessions"),
                ("by_user_id", "ada"),
                ("revoked_method", "oauth2"),
                ("revoked_source", "https://issuer.example"),
                ("revoked_user_id", "eve"),
                ("revoked_tenant", "acme"),
            ][..],
        ),
        (
            &lines[1],
            &[
                ("by_operator", "root"),
                ("revoked_source", "https://issuer.example"),
                ("revoked_token_id", "7f03"),
                ("reason", "leaked"),
            ],
        ),
    ] {
        for (name, value) in [("event", "change"), ("action", "revoke_tokens")] {
            assert_eq!(line[name], value);
        }
        for (name, value) in expected {
            assert_eq!(line[name], *value, "{name}");
        }
    }
}

#[tokio::test]
async fn nothing_is_changed_while_a_change_has_to_be_audited_and_the_disk_is_full() {
    let disk = Disk::default();
    let sink = disk.start(AuditSettings::new().require_written());
    let (keys, revocations) = (keys().with_audit(&sink), list(&sink));
    let (ada, root) = (keys.as_operator("ada"), revocations.as_operator("root"));
    let made = ada.create(KeyRequest::new("ci")).await.unwrap();
    let id = made.key().record().id();
    flushed(&sink);
    disk.set_room(Some(0));
    // The first attempt to write fails, and its line waits.
    ada.update(id, KeyUpdate::new().with_name("robot"))
        .await
        .unwrap();
    until(|| sink.is_failing()).await;
    let token = || Revocation::token("https://issuer.example", "7f03");
    let beside = Revocations::of_keys(&keys).as_operator("ada");
    for refused in [
        ada.create(KeyRequest::new("ci")).await.map(drop),
        ada.update(id, KeyUpdate::new().with_name("none"))
            .await
            .map(drop),
        ada.rotate(id, Duration::ZERO).await.map(drop),
        ada.revoke(id, "lost").await.map(drop),
        root.revoke(token()).await.map(drop),
        beside.revoke(token()).await.map(drop),
    ] {
        let error = refused.unwrap_err();
        assert!(matches!(error, KeyAdminError::NotAudited), "{error:?}");
        let error = AuthError::from(error);
        assert_eq!(
            (error.status().as_u16(), error.reason()),
            (503, "not_audited")
        );
    }
    let listed = ada.list(None, 10).await.unwrap().items;
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (listed[0].record().name(), listed[0].record().revoked()),
        ("robot", None)
    );
    assert_eq!(revocations.known(), 0);
    disk.set_room(None);
    flushed(&sink);
    ada.revoke(id, "lost").await.unwrap();
    root.revoke(token()).await.unwrap();
    flushed(&sink);
    let actions: Vec<_> = disk
        .lines()
        .iter()
        .map(|line| line["action"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(actions, ["create", "update", "revoke", "revoke_tokens"]);
}

#[tokio::test]
async fn no_door_of_the_http_api_changes_a_key_that_cannot_be_audited() {
    let disk = Disk::default();
    let sink = disk.start(AuditSettings::new().require_written());
    let keys = keys().with_audit(&sink);
    let root = KeyRequest::new("root").with_scopes(["*"]);
    let made = keys.as_operator("ada").create(root).await.unwrap();
    let secret = made.secret().unwrap().expose().to_owned();
    let api = KeyApi::new(keys.clone()).with_revocations(&Revocations::of_keys(&keys));
    // Nobody observes the layer, so that the request itself is let in.
    let app = Router::new()
        .nest("/keys", api.into_router())
        .layer(AuthLayer::new(keys.clone()));
    flushed(&sink);
    disk.set_room(Some(0));
    keys.as_operator("ada")
        .create(KeyRequest::new("ci"))
        .await
        .unwrap();
    until(|| sink.is_failing()).await;
    let at = format!("/keys/{}", made.key().record().id().as_str());
    for (method, path, body) in [
        ("POST", "/keys".into(), json!({"name": "x"})),
        (
            "POST",
            "/keys/import".into(),
            json!({"name": "x", "digest": "00".repeat(32)}),
        ),
        ("PATCH", at.clone(), json!({"name": "y"})),
        ("POST", format!("{at}/rotate"), json!({"overlap": "1h"})),
        ("POST", format!("{at}/revoke"), json!({})),
        (
            "POST",
            "/keys/revocations".into(),
            json!({"jti": "7f03", "issuer": "https://issuer.example"}),
        ),
        ("GET", at.clone(), Value::Null),
    ] {
        let request = Request::builder()
            .method(method)
            .uri(&path)
            .header("x-api-key", &secret)
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()))
            .unwrap();
        let answer = app.clone().oneshot(request).await.unwrap();
        let expected = if method == "GET" { 200 } else { 503 };
        assert_eq!(answer.status(), expected, "{method} {path}");
        assert_eq!(
            answer.headers().contains_key("retry-after"),
            expected == 503
        );
    }
    let kept = keys.as_operator("ada").list(None, 10).await.unwrap().items;
    assert_eq!(kept.len(), 2);
    assert!(kept.iter().all(|key| key.record().revoked().is_none()));
}

#[tokio::test]
async fn every_change_has_its_line_where_that_is_required_and_many_wait() {
    let disk = Disk::default();
    let sink = disk.start(AuditSettings::new().require_written().with_max_waiting(0));
    disk.0.lock().unwrap().hangs = true;
    let revocations = list(&sink);
    let changes = (0..1_000).map(|number| {
        let admin = revocations.as_operator("root");
        async move {
            admin
                .revoke(Revocation::token("", number.to_string()))
                .await
        }
    });
    let changes = futures_util::future::join_all(changes).await;
    let changed = changes.iter().filter(|change| change.is_ok()).count();
    assert!(
        changed < 1_000 && revocations.known() == changed,
        "{changed}"
    );
    disk.0.lock().unwrap().hangs = false;
    flushed(&sink);
    assert_eq!(disk.lines().len(), changed);
}

#[tokio::test]
async fn an_audit_file_and_a_closure_are_told_of_a_change_both() {
    let disk = Disk::default();
    let sink = disk.start(AuditSettings::new());
    let (told, changes) = std::sync::mpsc::channel();
    let keys = keys()
        .with_audit(&sink)
        .on_change(move |record| told.send(record.action()).unwrap());
    keys.as_operator("ada")
        .create(KeyRequest::new("ci"))
        .await
        .unwrap();
    flushed(&sink);
    assert_eq!((disk.lines().len(), changes.try_iter().count()), (1, 1));
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
