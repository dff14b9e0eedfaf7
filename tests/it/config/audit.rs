//! `auth.audit`: the audit file of a document.

use std::{
    fs,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use axum::{Router, routing::any};
use tower_auth::config::{AuthConfig, ConfigFaults};

use crate::common::oneshot::ask;

const KEY: &str = "sk-live-9f03a51d8c70";

/// A folder with a document in it.
struct Folder(PathBuf);

impl Folder {
    fn with(audit: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("tower-auth-config-audit-{}-{number}", std::process::id());
        let folder = Self(std::env::temp_dir().join(name));
        fs::create_dir_all(&folder.0).unwrap();
        folder.write(audit);
        folder
    }

    fn write(&self, audit: &str) {
        let text = format!(
            "auth:\n  api_keys: [{{name: ada, key: {KEY}, scopes: []}}]\n  audit: {audit}\n  webhooks: \
             [{{path: /hook, scheme: github, secret: A-webhook-secret-of-32-characters}}]\n"
        );
        fs::write(self.0.join("agent.yaml"), text).unwrap();
    }

    fn config(&self) -> AuthConfig {
        AuthConfig::from_file(self.0.join("agent.yaml"))
    }

    fn lines(&self, name: &str) -> Vec<serde_json::Value> {
        let text = fs::read_to_string(self.0.join(name)).unwrap_or_default();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn faults(audit: &str) -> ConfigFaults {
    Folder::with(audit).config().build().unwrap_err()
}

#[tokio::test]
async fn tells_of_callers_and_of_webhooks_in_one_file() {
    let folder = Folder::with("{file: audit.jsonl}");
    let setup = folder.config().build().unwrap();
    let audit = setup.audit().unwrap();
    let (callers, webhooks) = setup.into_layers();
    let app: Router = Router::new()
        .route("/run", any(|| async {}))
        .route("/hook", any(|| async {}))
        .layer(callers)
        .layer(webhooks);
    ask(&app, "GET /run", &[("x-api-key", KEY)]).await;
    ask(&app, "POST /hook", &[]).await;
    ask(&app, "PUT /hook", &[]).await;
    assert!(audit.flush(Duration::from_secs(20)));
    let lines = folder.lines("audit.jsonl");
    let told: Vec<_> = lines
        .iter()
        .map(|line| (line["outcome"].as_str().unwrap(), line["provider"].as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("accepted", Some("api_key")),
            ("refused", Some("github")),
            ("refused", Some("webhook")),
        ]
    );
}

#[tokio::test]
async fn a_reload_goes_on_with_the_file_or_begins_another() {
    let folder = Folder::with("{file: one.jsonl}");
    let (layer, webhooks, handle) = folder.config().build().unwrap().into_reload_layers();
    let app: Router = Router::new()
        .route("/run", any(|| async {}))
        .layer(layer)
        .layer(webhooks);
    let ask_flushed = async || {
        ask(&app, "GET /run", &[]).await;
        if let Some(audit) = handle.audit() {
            assert!(audit.flush(Duration::from_secs(20)));
        }
    };
    ask_flushed().await;
    handle.reload().unwrap();
    ask_flushed().await;
    assert_eq!(folder.lines("one.jsonl").len(), 2);
    folder.write("{file: other.jsonl, events: refusals}");
    handle.reload().unwrap();
    ask(&app, "GET /run", &[("x-api-key", KEY)]).await;
    ask_flushed().await;
    assert_eq!(folder.lines("one.jsonl").len(), 2);
    assert_eq!(folder.lines("other.jsonl").len(), 1);
}

#[test]
fn a_file_that_is_only_checked_makes_no_audit_file() {
    let folder = Folder::with("{file: audit.jsonl}");
    drop(folder.config().build().unwrap());
    assert!(!folder.0.join("audit.jsonl").exists());
}

#[tokio::test]
async fn opening_tells_of_an_audit_file_that_cannot_be_made() {
    let folder = Folder::with("{file: no/such/folder/audit.jsonl, required: true}");
    let setup = folder.config().build().unwrap();
    let fault = setup.open().await.unwrap_err().to_string();
    assert!(
        fault.contains("auth.audit.file") && fault.contains("audit file"),
        "{fault}"
    );
    // Nobody is let in either, by a program that does not open it.
    let audit = setup.audit().unwrap();
    let app: Router = Router::new()
        .route("/run", any(|| async {}))
        .layer(setup.into_layer());
    ask(&app, "GET /run", &[]).await;
    for _ in 0..4_000 {
        if audit.is_failing() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let answer = ask(&app, "GET /run", &[("x-api-key", KEY)]).await;
    assert_eq!(answer.status(), 503);
}

#[test]
fn what_is_wrong_in_the_block_is_told_with_its_place() {
    for (audit, place) in [
        ("{events: all}", "auth.audit"),
        ("{file: ''}", "auth.audit.file"),
        ("{file: a.jsonl, events: some}", "auth.audit.events"),
        (
            "{file: a.jsonl, required: sometimes}",
            "auth.audit.required",
        ),
        ("{file: a.jsonl, requierd: true}", "auth.audit"),
        ("", "auth.audit"),
        ("true", "auth.audit"),
    ] {
        let faults = faults(audit).to_string();
        assert!(faults.contains(place), "{audit}: {faults}");
    }
}
