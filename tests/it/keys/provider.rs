//! Who a managed key lets in.

use std::{sync::atomic::Ordering, time::Duration};

use serde_json::json;
use tower_auth::{
    AuthLayer, AuthRequest, Principal,
    answer::Answer,
    keys::{KeyDigest, KeyFormat, KeyOwner, KeyRequest, ManagedKeys, MemoryKeyStore},
    provider::{ApiKeyAuth, AuthProvider, CompositeAuth, JwtAuth},
    testing::ManualClock,
};

use crate::common::log::Log;

use super::kit::{
    JWT_SECRET, Mood, Stopped, app, caller, id, keys, make, make_named, opened, show, show_text,
};

#[tokio::test]
async fn a_key_that_was_made_is_accepted_at_once() {
    let keys = keys();
    let app = app(keys.clone());
    let made = make_named(&keys, "ci").await;
    show(&app, &made).await.accepted_as(id(&made).as_str());
}

#[tokio::test]
async fn a_key_is_accepted_as_a_bearer_token_too() {
    let keys = keys();
    let made = make_named(&keys, "ci").await;
    let shown = format!("Bearer {}", made.secret().unwrap().expose());
    let app = app(keys);
    let answer = crate::common::answer::run(&app, &[("authorization", shown.as_bytes())]).await;
    answer.accepted_as(id(&made).as_str());
}

#[tokio::test]
async fn a_caller_is_the_owner_with_scopes_tenant_and_metadata() {
    let keys = keys();
    let request = KeyRequest::new("ci")
        .with_owner("team-7")
        .with_tenant("acme")
        .with_scopes(["files:read"])
        .with_metadata("plan", "gold");
    let made = make(&keys, request).await;
    let caller = caller(&keys, &made).await;
    assert_eq!(
        caller.principal(),
        Principal::new("api_key", None, "team-7")
    );
    assert_eq!(caller.scopes().to_string(), "files:read");
    assert_eq!(
        caller.metadata(),
        json!({"tenant": "acme", "plan": "gold"})
            .as_object()
            .unwrap()
    );
}

#[tokio::test]
async fn an_owner_may_be_a_whole_principal_of_another_provider() {
    let keys = keys().with_source("machines").unwrap();
    let ada = Principal::new("jwt", Some("https://id.example"), "ada").into_owned();
    let made = make(
        &keys,
        KeyRequest::new("ci").with_owner(KeyOwner::from(ada.clone())),
    )
    .await;
    assert_eq!(caller(&keys, &made).await.principal(), ada);
}

#[tokio::test]
async fn a_key_without_scopes_grants_nothing() {
    let keys = keys();
    let made = make(&keys, KeyRequest::new("ci")).await;
    let caller = caller(&keys, &made).await;
    assert!(caller.scopes().is_empty() && !caller.scopes().contains("files:read"));
}

#[tokio::test]
async fn unknown_revoked_and_expired_keys_get_one_body() {
    let clock = ManualClock::now();
    let store = MemoryKeyStore::new().unwrap().with_clock(clock.clock());
    let keys = opened(&Stopped::of(store), &clock).await;
    let app = app(keys.clone());
    let revoked = make_named(&keys, "revoked").await;
    keys.as_operator("ada")
        .revoke(id(&revoked), "lost")
        .await
        .unwrap();
    let soon = std::time::UNIX_EPOCH + Duration::from_secs(clock.unix() + 1);
    let expired = make(&keys, KeyRequest::new("expired").with_expires_at(soon)).await;
    let deleted = make_named(&keys, "deleted").await;
    keys.as_operator("ada").delete(id(&deleted)).await.unwrap();
    clock.advance(Duration::from_secs(1));
    let unknown = KeyFormat::new("sk").unwrap().generate().unwrap();
    let mut bodies = vec![show_text(&app, unknown.expose()).await];
    for key in [&revoked, &expired, &deleted] {
        bodies.push(show(&app, key).await);
    }
    for answer in &bodies {
        answer.refused_with(401, "invalid_credential");
        assert_eq!(answer.body, bodies[0].body);
    }
}

#[tokio::test]
async fn a_wrong_checksum_is_401_also_when_the_store_is_away() {
    let store = Stopped::new();
    store.is(Mood::Failing);
    let app = app(ManagedKeys::new(store.clone(), "sk").unwrap());
    let mistyped = format!("sk_{}", "0".repeat(38));
    show_text(&app, &mistyped)
        .await
        .refused_with(401, "invalid_credential");
    assert_eq!(store.calls.load(Ordering::Relaxed), 0);
}

async fn show_token(keys: &ManagedKeys) -> crate::common::answer::Answer {
    let chain = CompositeAuth::new(keys.clone()).or(JwtAuth::hs256(JWT_SECRET).unwrap());
    let shown = format!("Bearer {}", super::kit::token("ada", ""));
    crate::common::answer::run(&app(chain), &[("authorization", shown.as_bytes())]).await
}

#[tokio::test]
async fn a_token_in_the_same_chain_waits_for_no_store() {
    let (store, clock) = (Stopped::new(), ManualClock::now());
    let keys = opened(&store, &clock).await;
    store.is(Mood::Hanging);
    clock.advance(Duration::from_secs(100));
    let request = http::Request::get("/")
        .header("authorization", "Bearer a.b.c")
        .body(())
        .unwrap();
    let answer = keys.authenticate(&AuthRequest::from(&request));
    assert!(matches!(answer, Answer::Ready(Ok(None))));
    show_token(&keys).await.accepted_as("ada");
}

#[tokio::test]
async fn a_token_in_the_same_chain_is_accepted_while_nothing_was_read() {
    let store = Stopped::new();
    store.is(Mood::Failing);
    let keys = ManagedKeys::new(store, "sk").unwrap();
    show_token(&keys).await.accepted_as("ada");
}

#[tokio::test]
async fn an_imported_key_is_accepted_by_the_first_request() {
    let store = MemoryKeyStore::new().unwrap();
    let keys = ManagedKeys::new(store.clone(), "sk").unwrap();
    let digest = KeyDigest::of_key(b"legacy-key-4711-0815");
    let operator = keys.as_operator("ada");
    let made = operator.import(digest, KeyRequest::new("old")).await;
    let app = app(ManagedKeys::new(store, "sk").unwrap());
    let answer = show_text(&app, "legacy-key-4711-0815").await;
    answer.accepted_as(made.unwrap().record().id().as_str());
}

#[tokio::test]
async fn an_imported_key_is_503_while_nothing_was_read() {
    let store = Stopped::new();
    store.is(Mood::Failing);
    let app = app(ManagedKeys::new(store, "sk").unwrap());
    let answer = show_text(&app, "legacy-key-4711-0815").await;
    answer.refused_with(503, "unavailable");
}

#[tokio::test]
async fn a_request_reads_no_store() {
    let (store, clock) = (Stopped::new(), ManualClock::now());
    let keys = opened(&store, &clock).await;
    let made = make_named(&keys, "ci").await;
    let app = app(keys);
    // Whoever asks it now would be told that it is away.
    store.is(Mood::Failing);
    for _ in 0..100 {
        show(&app, &made).await.accepted_as(id(&made).as_str());
    }
}

#[tokio::test]
async fn an_imported_key_of_any_form_is_accepted() {
    let keys = keys();
    let request = KeyRequest::new("old").with_scopes(["files:read"]);
    let digest = KeyDigest::of_key(b"legacy-key-4711-0815");
    let made = keys
        .as_operator("ada")
        .import(digest, request)
        .await
        .unwrap();
    assert!(made.record().is_imported() && made.record().start().is_empty());
    let app = app(keys);
    let answer = show_text(&app, "legacy-key-4711-0815").await;
    answer.accepted_as(made.record().id().as_str());
    show_text(&app, "legacy-key-4711-0816")
        .await
        .refused_with(401, "missing_credential");
}

/// Whether imported keys are there or not, whether all was read or not, and whether the key has room.
#[tokio::test]
async fn a_key_that_was_made_with_another_prefix_is_never_accepted() {
    for has_imported in [false, true] {
        for most in [1, 2, 100] {
            let store = Stopped::new();
            let others = ManagedKeys::new(store.clone(), "other").unwrap();
            let other = make_named(&others, "of another prefix").await;
            if has_imported {
                let admin = others.as_operator("root");
                for key in ["imported-1", "imported-2"] {
                    let digest = KeyDigest::of_key(key.as_bytes());
                    let imported = admin.import(digest, KeyRequest::new("old")).await;
                    imported.unwrap();
                }
            }
            let keys = ManagedKeys::new(store, "sk").unwrap();
            let keys = keys.with_max_known(most);
            let made = make_named(&keys, "ours").await;
            let app = app(keys);
            for _ in 0..3 {
                let case = format!("{has_imported} {most}");
                assert_eq!(show(&app, &other).await.status, 401, "{case}");
                assert_eq!(show(&app, &made).await.status, 200, "{case}");
            }
            if has_imported {
                assert_eq!(show_text(&app, "imported-1").await.status, 200);
            }
        }
    }
}

#[tokio::test]
async fn a_use_is_noted_once_a_minute() {
    let clock = ManualClock::at_unix(1_800_000_000);
    let store = MemoryKeyStore::new().unwrap().with_clock(clock.clock());
    let store = Stopped::of(store);
    let keys = opened(&store, &clock).await;
    let made = make_named(&keys, "ci").await;
    let app = app(keys.clone());
    let noted = async || {
        for _ in 0..5 {
            show(&app, &made).await.accepted_as(id(&made).as_str());
        }
        tokio::time::sleep(Duration::from_millis(400)).await;
        store.touched.lock().unwrap().len()
    };
    assert_eq!((noted().await, noted().await), (1, 1));
    clock.advance(Duration::from_secs(60));
    assert_eq!(noted().await, 2);
    let key = keys.as_operator("ada").get(id(&made)).await.unwrap();
    assert!(key.last_used_at().is_some());
}

#[test]
fn two_stores_without_labels_are_one_source_too_many() {
    let chain = CompositeAuth::new(keys()).or(keys());
    assert!(AuthLayer::try_new(chain).is_err());
    let static_keys = ApiKeyAuth::new(["sk-live-9f3a51d8c702"]).unwrap();
    let chain = CompositeAuth::new(keys()).or(static_keys);
    assert!(AuthLayer::try_new(chain).is_err());
    let labelled = keys().with_source("eu").unwrap();
    assert!(AuthLayer::try_new(CompositeAuth::new(keys()).or(labelled)).is_ok());
    assert_eq!(keys().name(), "api_key");
}

#[tokio::test]
async fn a_key_with_another_prefix_is_told_once_with_what_to_do() {
    let store = Stopped::new();
    let others = ManagedKeys::new(store.clone(), "sk").unwrap();
    let revoked = make_named(&others, "revoked").await;
    let admin = others.as_operator("root");
    admin.revoke(id(&revoked), "").await.unwrap();
    let told = async |prefix| {
        let log = Log::start();
        let keys = ManagedKeys::new(store.clone(), prefix).unwrap();
        keys.open().await.unwrap();
        let text = log.text();
        let lines = text.lines().filter(|line| line.contains("prefix"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(told("sk_live").await, [""; 0]);
    for name in ["a", "b"] {
        make_named(&others, name).await;
    }
    assert_eq!(told("sk").await, [""; 0]);
    let lines = told("sk_live").await;
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].contains("takes keys that begin with sk_live_ alone"),
        "{lines:?}"
    );
}
