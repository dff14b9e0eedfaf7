//! A file that keeps its revocations in the state that processes share, without a key store.

use std::sync::Arc;

use axum::{Router, routing::get};
use tower_auth::{
    ConfigErrorKind, Principal,
    config::{AuthConfig, ConfigFaults, ReloadLayer},
    keys::{KeyRequest, KeyStore, MemoryKeyStore, Revocation},
    revocations::{MemoryRevocationStore, RevocationStore, RevocationStoreError},
    shared::{MemorySharedState, SharedState, SharedUrl},
};

use super::reload::Rules;
use crate::common::answer::{guarded, run};

const KEY: &str = "sk-live-9f03a51d8c70";
const SHARED: &str = "shared: {url: 'memory://counts'}";
const STORE: &str = "revocations: {store: shared}";

fn document(members: &[&str]) -> String {
    let mut text = format!("auth:\n  api_keys: [{{name: ada, key: {KEY}}}]\n");
    for member in members {
        text.push_str(&format!("  {member}\n"));
    }
    text
}

fn with_states(config: AuthConfig) -> AuthConfig {
    config.register_shared("memory", |_: SharedUrl| {
        let state: Arc<dyn SharedState> = Arc::new(MemorySharedState::new());
        Box::pin(async move { Ok(state) })
    })
}

/// A configuration of one process, whose list is this one.
fn with(config: AuthConfig, list: &MemoryRevocationStore) -> AuthConfig {
    let list = list.clone();
    with_states(config).register_revocations("memory", move |_: SharedUrl| {
        let list: Arc<dyn RevocationStore> = Arc::new(list.clone());
        Box::pin(async move { Ok(list) })
    })
}

fn list() -> MemoryRevocationStore {
    MemoryRevocationStore::new().unwrap()
}

fn faults(members: &[&str]) -> ConfigFaults {
    let config = with(AuthConfig::from_yaml(document(members)), &list());
    config.build().expect_err("it must not build")
}

async fn status(app: &Router) -> u16 {
    let answer = run(app, &[("x-api-key", KEY.as_bytes())]).await;
    answer.status.as_u16()
}

#[tokio::test]
async fn every_process_with_the_file_has_one_list() {
    let (list, text) = (list(), document(&[SHARED, STORE]));
    let setup = || with(AuthConfig::from_yaml(&*text), &list).build().unwrap();
    let (ours, theirs) = (setup(), setup());
    theirs.open().await.unwrap();
    assert_eq!(ours.summary().revocations(), Some("shared"));
    assert!(
        ours.summary()
            .to_string()
            .contains("; revocations: in shared")
    );
    let operator = ours.revocations().unwrap().as_operator("root");
    let app = guarded(theirs.into_layer());
    assert_eq!(status(&app).await, 200);
    operator.revoke(Revocation::user("", "ada")).await.unwrap();
    assert_eq!(status(&guarded(ours.into_layer())).await, 401);
    while status(&app).await != 401 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn what_is_revoked_is_in_the_audit_file_of_the_document() {
    let name = format!("tower-auth-revoked-{}.jsonl", std::process::id());
    let file = std::env::temp_dir().join(name);
    let audit = format!("audit: {{file: '{}'}}", file.display());
    let text = document(&[SHARED, STORE, &audit]);
    let setup = with(AuthConfig::from_yaml(text), &list()).build().unwrap();
    let operator = setup.revocations().unwrap().as_operator("root");
    operator.revoke(Revocation::user("", "ada")).await.unwrap();
    assert!(
        setup
            .audit()
            .unwrap()
            .flush(std::time::Duration::from_secs(20))
    );
    let line = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["action"], "revoke_tokens");
    assert_eq!(
        (&line["by_operator"], &line["revoked_user_id"]),
        (&"root".into(), &"ada".into())
    );
}

#[tokio::test]
async fn a_list_that_cannot_be_opened_lets_nobody_in_and_is_told_with_the_place_of_its_server() {
    let config = with_states(AuthConfig::from_yaml(document(&[SHARED, STORE])));
    let config = config.register_revocations("memory", |_: SharedUrl| {
        Box::pin(async { Err(RevocationStoreError::unavailable("the server is away")) })
    });
    let setup = config.build().unwrap();
    let faults = setup.open().await.unwrap_err();
    let fault = &faults.faults()[0];
    assert_eq!(fault.kind(), ConfigErrorKind::Unavailable);
    assert!(faults.to_string().contains("auth.shared.url"), "{faults}");
    assert!(
        faults.to_string().contains("the server is away"),
        "{faults}"
    );
    assert_eq!(status(&guarded(setup.into_layer())).await, 503);
}

#[test]
fn what_cannot_be_is_a_fault_that_says_what_to_write() {
    for (members, expected) in [
        (&[STORE][..], "add the block `shared`"),
        (&["revocations: {}"], "write `store: shared`"),
        (
            &[SHARED, "revocations: {store: redis}"],
            "there is no such store",
        ),
        (
            &[SHARED, "revocations: {store: key_store}"],
            "add `key_store`",
        ),
    ] {
        let faults = faults(members);
        assert_eq!(faults.faults().len(), 1, "{faults}");
        assert!(faults.to_string().contains(expected), "{faults}");
    }
}

#[test]
fn a_scheme_that_keeps_no_revocations_is_told_with_what_to_add() {
    let known = |scheme: &'static str| {
        let shared = format!("shared: {{url: '{scheme}://counts'}}");
        let config = AuthConfig::from_yaml(document(&[&shared, STORE]));
        let config = config.register_shared(scheme, |_: SharedUrl| {
            let state: Arc<dyn SharedState> = Arc::new(MemorySharedState::new());
            Box::pin(async move { Ok(state) })
        });
        config.build().expect_err("it must not build").to_string()
    };
    let told = known("redis");
    assert!(
        told.contains("`tower-auth-redis`") && told.contains("open_revocations_url"),
        "{told}"
    );
    assert!(known("postgres").contains("name it as `key_store`"));
}

#[tokio::test]
async fn another_file_may_not_move_the_list_and_may_change_its_rules() {
    let list = list();
    let text = |rules: &str| {
        let keys = "key_store: {url: 'memory:', prefix: sk, source: keys}";
        document(&[keys, SHARED, &format!("revocations: {{{rules}}}")])
    };
    let rules = Rules::new("shared-revocations", &text("store: shared"));
    let config = with(rules.config(), &list).register_key_store("memory", |_| {
        Box::pin(async { Ok(Arc::new(MemoryKeyStore::new()?) as Arc<dyn KeyStore>) })
    });
    let setup = config.build().unwrap_or_else(|faults| panic!("{faults}"));
    let operator = setup.revocations().unwrap().as_operator("root");
    let (layer, handle) = setup.into_reload_layer();
    let app = guarded_by(layer);
    operator.revoke(Revocation::user("", "ada")).await.unwrap();
    assert_eq!(status(&app).await, 401);
    rules.write(&text("store: key_store"));
    let told = handle.reload().unwrap_err().to_string();
    assert!(
        told.contains("auth.revocations") && told.contains("takes a restart"),
        "{told}"
    );
    rules.write(&text("store: shared, leeway_seconds: 5"));
    handle.reload().unwrap();
    assert_eq!(status(&app).await, 401);
    // Not with a file between that turns them off either.
    let keys = "key_store: {url: 'memory:', prefix: sk, source: keys}";
    rules.write(&document(&[keys, SHARED]));
    handle.reload().unwrap();
    rules.write(&text("store: key_store"));
    let told = handle.reload().unwrap_err().to_string();
    assert!(told.contains("takes a restart"), "{told}");
}

#[tokio::test]
async fn the_keys_that_a_later_file_names_end_with_their_owner() {
    let list = list();
    let rules = Rules::new("shared-revocations-keys", &document(&[SHARED, STORE]));
    let keys = MemoryKeyStore::new().unwrap();
    let store = keys.clone();
    let config = with(rules.config(), &list).register_key_store("memory", move |_| {
        let store: Arc<dyn KeyStore> = Arc::new(store.clone());
        Box::pin(async move { Ok(store) })
    });
    let setup = config.build().unwrap();
    // A program took them before there were keys.
    let revocations = setup.revocations().unwrap();
    let (layer, handle) = setup.into_reload_layer();
    let app = guarded_by(layer);
    let named = "key_store: {url: 'memory:', prefix: sk, source: keys}";
    rules.write(&document(&[named, SHARED, STORE]));
    handle.reload().unwrap();
    let admin = handle.managed_keys().unwrap().as_operator("root");
    let eve = Principal::new("oauth2", Some("https://issuer.example"), "eve");
    let made = admin.create(KeyRequest::new("ci").with_owner(eve)).await;
    let made = made.unwrap();
    let secret = made.secret().unwrap().expose();
    let show = async || run(&app, &[("x-api-key", secret.as_bytes())]).await.status;
    assert_eq!(show().await, 200);
    let operator = revocations.as_operator("root");
    let everything = Revocation::user("https://issuer.example", "eve");
    let revoked = operator.revoke(everything).await.unwrap();
    assert_eq!(revoked.keys(), [made.key().record().id().clone()]);
    assert_eq!(show().await, 401);
}

fn guarded_by(layer: ReloadLayer) -> Router {
    let router = Router::new().route("/run", get(async || "ran"));
    router.layer(layer)
}
