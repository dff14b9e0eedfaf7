//! A file that names the state in which its limits count [10.3], [14.4].

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    Router,
    body::Body,
    routing::{any, get},
};
use tower_auth::{
    config::{AuthConfig, ConfigFaults, ReloadHandle},
    shared::{MemorySharedState, SharedState, SharedStateError, SharedUrl},
    testing::ManualClock,
    throttle::Attempts,
};

use super::super::kit::{PEER, from};
use crate::common::answer::send;

const KEY: &str = "sk-live-9f03a51d8c70";
const SHARED: &str = "shared: {url: 'memory://counts.internal'}";
const LIMITS: &str = "throttle: {attempts: {quota: 4 per hour}, requests: [{quota: 6 per hour}]}";

fn document(members: &[&str]) -> String {
    let mut text = format!("auth:\n  api_keys: [{{name: ada, key: {KEY}}}]\n");
    for member in members {
        text.push_str(&format!("  {member}\n"));
    }
    text
}

/// A configuration of one process, whose state is this one.
fn with(config: AuthConfig, state: &MemorySharedState) -> AuthConfig {
    let state = state.clone();
    config.register_shared("memory", move |_: SharedUrl| {
        let state: Arc<dyn SharedState> = Arc::new(state.clone());
        Box::pin(async move { Ok(state) })
    })
}

async fn app(text: &str, state: &MemorySharedState) -> Router {
    let setup = with(AuthConfig::from_yaml(text), state).build().unwrap();
    setup.open().await.unwrap();
    Router::new()
        .route("/run", get(async || "ran"))
        .layer(setup.into_layer())
}

async fn statuses(apps: &[Router; 2], peer: &str, key: &str) -> Vec<u16> {
    let mut statuses = Vec::new();
    for number in 0..10 {
        let request = from(peer, "GET /run", &[("x-api-key", key)]);
        let answer = send(&apps[number % 2], request).await;
        statuses.push(answer.status.as_u16());
    }
    statuses
}

#[tokio::test]
async fn two_processes_with_one_file_have_its_limits_together() {
    let state = MemorySharedState::new().with_clock(ManualClock::now().clock());
    let text = document(&[LIMITS, SHARED]);
    let apps = [app(&text, &state).await, app(&text, &state).await];
    let guesses = statuses(&apps, PEER, "wrong").await;
    assert_eq!(guesses.iter().filter(|status| **status == 401).count(), 4);
    let requests = statuses(&apps, "198.51.100.1", KEY).await;
    assert_eq!(requests.iter().filter(|status| **status == 200).count(), 6);
}

#[tokio::test(start_paused = true)]
async fn what_the_program_limits_counts_together_too() {
    let state = MemorySharedState::new();
    let text = document(&[SHARED]);
    let app = || {
        let attempts = Attempts::new("4 per hour".parse().unwrap());
        let config = AuthConfig::from_yaml(&*text).with_default_attempts(attempts);
        let layer = with(config, &state).into_layer().unwrap();
        Router::new()
            .route("/run", get(async || "ran"))
            .layer(layer)
    };
    let guesses = statuses(&[app(), app()], PEER, "wrong").await;
    let judged = guesses.iter().filter(|status| **status == 401).count();
    assert_eq!(judged, 4, "{guesses:?}");
}

#[tokio::test]
async fn two_processes_handle_a_delivery_once() {
    let state = MemorySharedState::new();
    let hook =
        "webhooks: [{path: /hook, scheme: telegram, secret: tg_Secret-1234567, allow: everyone}]";
    let text = document(&[hook, SHARED]);
    let handled = Arc::new(AtomicUsize::new(0));
    let mut apps = Vec::new();
    for _ in 0..2 {
        let setup = with(AuthConfig::from_yaml(&*text), &state).build().unwrap();
        setup.open().await.unwrap();
        let (layer, webhooks) = setup.into_layers();
        let count = Arc::clone(&handled);
        let handler = any(async move || {
            count.fetch_add(1, Ordering::Relaxed);
        });
        apps.push(
            Router::new()
                .route("/hook", handler)
                .layer(layer)
                .layer(webhooks),
        );
    }
    for number in 0..6 {
        let secret = ("x-telegram-bot-api-secret-token", "tg_Secret-1234567");
        let update = r#"{"update_id": 5, "message": {"from": {"id": 42}}}"#;
        let request = from(PEER, "POST /hook", &[secret]).map(|_| Body::from(update));
        assert_eq!(send(&apps[number % 2], request).await.status, 200);
    }
    assert_eq!(handled.load(Ordering::Relaxed), 1);
}

fn faults(config: AuthConfig) -> String {
    config.build().expect_err("it is at fault").to_string()
}

#[test]
fn a_scheme_that_nobody_registered_is_a_fault_that_names_the_crate_to_add() {
    for (scheme, package) in [
        ("redis", "tower-auth-redis"),
        ("rediss", "tower-auth-redis"),
        ("valkey", "tower-auth-redis"),
        ("postgres", "tower-auth-postgres"),
    ] {
        let url = format!("shared: {{url: '{scheme}://app:hunter2@counts.internal'}}");
        let said = faults(AuthConfig::from_yaml(document(&[&url])));
        assert!(
            said.contains("auth.shared.url") && said.contains(package),
            "{said}"
        );
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[test]
fn a_block_at_fault_says_what_to_write() {
    for (block, wanted) in [
        ("shared: {}", "add `url`, such as `url: redis://host:6379`"),
        ("shared: {url: counts.internal}", "begins with a scheme"),
        (
            "shared: {url: 'redis:counts.internal'}",
            "write `redis://host:6379`",
        ),
        ("shared: {url: 'memory://x', url_file: x}", "`url_file`"),
    ] {
        let state = MemorySharedState::new();
        let said = faults(with(AuthConfig::from_yaml(document(&[block])), &state));
        assert!(
            said.contains("auth.shared") && said.contains(wanted),
            "{said}"
        );
    }
}

#[test]
fn the_summary_names_the_state_without_its_password() {
    let url = "shared: {url: 'memory://app:hunter2@counts.internal'}";
    let config = AuthConfig::from_yaml(document(&[url]));
    let setup = with(config, &MemorySharedState::new()).build().unwrap();
    let shown = setup.summary().to_string();
    assert!(
        shown.contains("shared: memory://…@counts.internal"),
        "{shown}"
    );
    assert!(!format!("{:?}", setup.summary()).contains("hunter2"));
}

#[tokio::test]
async fn a_state_that_cannot_be_opened_is_a_fault_of_open_and_no_outage() {
    let setup = AuthConfig::from_yaml(document(&[LIMITS, SHARED]))
        .register_shared("memory", |_| {
            Box::pin(async { Err(SharedStateError::new("connection refused")) })
        })
        .build()
        .unwrap();
    let said = setup.open().await.unwrap_err().to_string();
    assert!(
        said.contains("auth.shared.url") && said.contains("connection refused"),
        "{said}"
    );
    let app = Router::new()
        .route("/run", get(async || "ran"))
        .layer(setup.into_layer());
    for (number, status) in [401, 401, 401, 401, 429].into_iter().enumerate() {
        let request = from(PEER, "GET /run", &[("x-api-key", "wrong")]);
        assert_eq!(send(&app, request).await.status, status, "{number}");
    }
}

/// A file that is read again.
struct Reloaded {
    file: std::path::PathBuf,
    app: Router,
    handle: ReloadHandle,
}

impl Reloaded {
    fn new(name: &str, text: &str) -> Self {
        let name = format!("tower-auth-shared-{name}-{}.yaml", std::process::id());
        let file = std::env::temp_dir().join(name);
        std::fs::write(&file, text).unwrap();
        let config = with(AuthConfig::from_file(&file), &MemorySharedState::new());
        let (layer, handle) = config.into_reload_layer().unwrap();
        let app = Router::new()
            .route("/run", get(async || "ran"))
            .layer(layer);
        Self { file, app, handle }
    }

    fn reload(&self, text: &str) -> Result<(), ConfigFaults> {
        std::fs::write(&self.file, text).unwrap();
        self.handle.reload().map(drop)
    }
}

impl Drop for Reloaded {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.file);
    }
}

#[tokio::test]
async fn a_reload_that_changes_the_state_is_a_fault_that_says_restart() {
    let other = SHARED.replace("counts", "others");
    for (name, before, after) in [
        (
            "other",
            &*document(&[LIMITS, SHARED]),
            &*document(&[LIMITS, &other]),
        ),
        ("none", &document(&[LIMITS, SHARED]), &document(&[LIMITS])),
        ("first", &document(&[LIMITS]), &document(&[LIMITS, SHARED])),
    ] {
        let reloaded = Reloaded::new(name, before);
        let said = reloaded.reload(after).unwrap_err().to_string();
        assert!(
            said.contains("auth.shared") && said.contains("restart"),
            "{said}"
        );
    }
}

#[tokio::test]
async fn a_reload_with_the_same_state_goes_on_with_the_counts() {
    let reloaded = Reloaded::new("same", &document(&[LIMITS, SHARED]));
    let guess = async || {
        let request = from(PEER, "GET /run", &[("x-api-key", "wrong")]);
        send(&reloaded.app, request).await.status
    };
    for _ in 0..4 {
        assert_eq!(guess().await, 401);
    }
    reloaded
        .reload(&document(&[LIMITS, SHARED, "realm: another"]))
        .unwrap();
    assert_eq!(guess().await, 429);
}
