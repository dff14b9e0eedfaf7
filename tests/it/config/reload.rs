//! Other rules between two requests.

use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{Router, routing::any};
use tokio::sync::{Barrier, Notify};
use tower_auth::{
    AuthContext,
    authorize::{by_scope, deny_all},
    config::{AuthConfig, ReloadHandle},
    provider::async_provider_fn,
};

use super::files::{ready, token};
use crate::common::{log::Log, oneshot::ask};

/// A file that is written anew, gone with the test.
pub struct Rules(pub PathBuf);

impl Rules {
    pub fn new(name: &str, text: &str) -> Self {
        let name = format!("tower-auth-reload-{name}-{}.yaml", std::process::id());
        let rules = Self(std::env::temp_dir().join(name));
        rules.write(text);
        rules
    }

    /// Puts the whole file in its place at once, as one should.
    pub fn write(&self, text: &str) {
        let beside = self.0.with_extension("new");
        fs::write(&beside, text).unwrap();
        fs::rename(&beside, &self.0).unwrap();
    }

    pub fn config(&self) -> AuthConfig {
        ready(AuthConfig::from_file(&self.0))
    }
}

impl Drop for Rules {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

pub fn served(config: AuthConfig) -> (Router, ReloadHandle) {
    let (layer, handle) = config
        .into_reload_layer()
        .unwrap_or_else(|faults| panic!("{faults}"));
    let answer = async |caller: Option<axum::Extension<AuthContext>>| match caller {
        Some(caller) => caller.user_id().to_owned(),
        None => "nobody".to_owned(),
    };
    let app = Router::new()
        .route("/run", any(answer))
        .route("/old", any(answer))
        .route("/new", any(answer))
        .layer(layer);
    (app, handle)
}

pub async fn status(app: &Router, line: &str, key: Option<&str>) -> u16 {
    let headers: Vec<_> = key.map(|key| ("x-api-key", key)).into_iter().collect();
    ask(app, line, &headers).await.status().as_u16()
}

pub const OLD: &str = "auth: {realm: old, api_keys: [{name: a, key: sk-old}, {name: c, key: sk-both}], public_paths: [/old]}";
pub const NEW: &str = "auth: {realm: new, api_keys: [{name: b, key: sk-new}, {name: d, key: sk-both}], public_paths: [/new]}";

#[tokio::test]
async fn good_file_holds_from_the_next_request() {
    let rules = Rules::new("good", OLD);
    let (app, handle) = served(rules.config());
    assert_eq!(status(&app, "POST /run", Some("sk-old")).await, 200);
    assert_eq!(status(&app, "POST /old", None).await, 200);

    rules.write(NEW);
    assert_eq!(status(&app, "POST /run", Some("sk-old")).await, 200);
    let summary = handle.reload().unwrap();
    assert_eq!(summary.public_paths(), ["/new"]);
    assert_eq!(status(&app, "POST /run", Some("sk-old")).await, 401);
    assert_eq!(status(&app, "POST /run", Some("sk-new")).await, 200);
    assert_eq!(status(&app, "POST /old", None).await, 401);
    assert_eq!(status(&app, "POST /new", None).await, 200);
}

#[tokio::test]
async fn bad_file_changes_nothing_and_is_reported_once() {
    let rules = Rules::new("bad", OLD);
    let (app, handle) = served(rules.config());
    let log = Log::start();
    let errors = || {
        let events = log.events();
        events
            .iter()
            .filter(|event| event.level == tracing::Level::ERROR)
            .count()
    };
    for bad in [
        "auth:\n",
        "auth: {mode: nnoe}",
        "",
        "auth: {api_keys: [{name: a, key: '${UNSET}'}]}",
    ] {
        rules.write(bad);
        let before = errors();
        for _ in 0..3 {
            assert!(handle.reload().is_err(), "{bad}");
        }
        assert_eq!(errors(), before + 1, "{bad}");
        assert_eq!(status(&app, "POST /run", Some("sk-old")).await, 200);
        assert_eq!(status(&app, "POST /run", None).await, 401);
        assert_eq!(status(&app, "POST /old", None).await, 200);
    }
    fs::remove_file(&rules.0).unwrap();
    assert!(handle.reload().is_err());
    assert_eq!(status(&app, "POST /run", Some("sk-old")).await, 200);
    rules.write(NEW);
    handle.reload().unwrap();
    assert_eq!(status(&app, "POST /run", Some("sk-new")).await, 200);
}

#[tokio::test]
async fn remembered_token_of_a_removed_key_is_gone() {
    let with =
        |secret: &str| format!("auth: {{jwt: {{secret: {secret}, audience: agent-server}}}}");
    let rules = Rules::new("token", &with(super::files::JWT_SECRET));
    let (app, handle) = served(rules.config());
    let shown = super::files::bearer(&token(&[]));
    let headers = [("authorization", &*shown)];
    for _ in 0..3 {
        assert_eq!(ask(&app, "POST /run", &headers).await.status(), 200);
    }
    rules.write(&with("another-secret-of-32-bytes-or-so-"));
    handle.reload().unwrap();
    assert_eq!(ask(&app, "POST /run", &headers).await.status(), 401);
}

#[tokio::test]
async fn turning_it_off_and_on_is_explicit() {
    let rules = Rules::new("off", OLD);
    let (app, handle) = served(rules.config());
    rules.write("auth: {enabled: false}");
    handle.reload().unwrap();
    assert_eq!(status(&app, "POST /run", None).await, 200);
    rules.write("auth: {enabled: no}");
    assert!(handle.reload().is_err());
    rules.write(OLD);
    handle.reload().unwrap();
    assert_eq!(status(&app, "POST /run", None).await, 401);
}

#[tokio::test]
async fn what_the_program_added_is_there_after_a_reload() {
    let rules = Rules::new("added", OLD);
    let config = rules.config().with_layer(|layer| layer.try_public("/run"));
    let (app, handle) = served(config);
    rules.write(NEW);
    handle.reload().unwrap();
    assert_eq!(status(&app, "POST /run", None).await, 200);
}

#[test]
fn another_authorizer_takes_a_restart() {
    let named = |name: &str| format!("{OLD}\nauthorization: {name}\n");
    let rules = Rules::new("authorizer", &named("one"));
    let config = rules
        .config()
        .with_authorizer("one", by_scope())
        .with_authorizer("two", deny_all());
    let (_, handle) = config.build().unwrap().into_reload_layer();
    handle.reload().unwrap();
    for other in [named("two"), OLD.to_owned()] {
        rules.write(&other);
        let faults = handle.reload().unwrap_err();
        assert_eq!(faults.faults()[0].path(), "authorization");
    }
}

#[tokio::test]
async fn request_ends_under_the_rules_it_began_with() {
    let (began, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let slow = {
        let (began, go_on) = (Arc::clone(&began), Arc::clone(&go_on));
        async_provider_fn(move |_| {
            let (began, go_on) = (Arc::clone(&began), Arc::clone(&go_on));
            async move {
                began.notify_one();
                go_on.notified().await;
                Ok(None)
            }
        })
    };
    let rules = Rules::new("flight", "auth: {custom: slow, realm: old}");
    let (app, handle) = served(rules.config().with_provider("slow", slow));
    let request = tokio::spawn({
        let app = app.clone();
        async move { ask(&app, "POST /run", &[]).await }
    });
    began.notified().await;
    rules.write(NEW);
    handle.reload().unwrap();
    go_on.notify_one();
    let answer = request.await.unwrap();
    assert_eq!(answer.status(), 401);
    let challenge = answer.headers()["www-authenticate"].to_str().unwrap();
    assert!(challenge.contains("realm=\"old\""), "{challenge}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_thousand_requests_across_twenty_reloads_meet_whole_rules() {
    let rules = Rules::new("load", OLD);
    let (app, handle) = served(rules.config());
    let done = Arc::new(AtomicUsize::new(0));
    let start = Arc::new(Barrier::new(5));
    let asking: Vec<_> = (0..4)
        .map(|_| {
            let (app, done, start) = (app.clone(), Arc::clone(&done), Arc::clone(&start));
            tokio::spawn(async move {
                start.wait().await;
                for _ in 0..500 {
                    // Who the caller is and which realm refuses belong to one set of rules.
                    let accepted = ask(&app, "POST /run", &[("x-api-key", "sk-both")]).await;
                    assert_eq!(accepted.status(), 200);
                    let body = axum::body::to_bytes(accepted.into_body(), 99)
                        .await
                        .unwrap();
                    assert!(matches!(&*body, b"c" | b"d"), "{body:?}");
                    let refused = ask(&app, "POST /run", &[]).await;
                    assert_eq!(refused.status(), 401);
                    for (line, key) in [
                        ("POST /run", Some("sk-old")),
                        ("POST /run", Some("sk-new")),
                        ("POST /old", None),
                        ("POST /new", None),
                    ] {
                        let code = status(&app, line, key).await;
                        assert!(matches!(code, 200 | 401), "{line}: {code}");
                    }
                    done.fetch_add(1, Ordering::Relaxed);
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    start.wait().await;
    let mut reloads = 0;
    for round in 0.. {
        let bad = "auth: {api_keys: [{name: a, key: sk-old}], mode: nnoe}";
        let (text, is_good) = match round % 3 {
            0 => (NEW, true),
            1 => (bad, false),
            _ => (OLD, true),
        };
        rules.write(text);
        assert_eq!(handle.reload().is_ok(), is_good);
        reloads += 1;
        if is_good {
            // From the first request after the reload returned.
            let (gone, good) = match round % 3 {
                0 => ("sk-old", "sk-new"),
                _ => ("sk-new", "sk-old"),
            };
            assert_eq!(status(&app, "POST /run", Some(gone)).await, 401);
            assert_eq!(status(&app, "POST /run", Some(good)).await, 200);
        }
        if round >= 20 && done.load(Ordering::Relaxed) == 2_000 {
            break;
        }
        tokio::task::yield_now().await;
        if asking.iter().all(|task| task.is_finished()) && round >= 20 {
            break;
        }
    }
    for task in asking {
        task.await.unwrap();
    }
    assert_eq!(done.load(Ordering::Relaxed), 2_000);
    assert!(reloads >= 20, "{reloads}");
}

#[test]
fn unchanged_file_is_not_read_as_a_change() {
    let rules = Rules::new("unchanged", OLD);
    let (_, handle) = rules.config().into_reload_layer().unwrap();
    assert!(handle.reload_if_changed().unwrap().is_none());
    rules.write(OLD);
    assert!(handle.reload_if_changed().unwrap().is_none());
    rules.write(NEW);
    assert!(handle.reload_if_changed().unwrap().is_some());
    assert!(handle.reload_if_changed().unwrap().is_none());
    rules.write("auth:");
    assert!(handle.reload_if_changed().is_err());
    assert!(handle.reload_if_changed().unwrap().is_none());
    fs::remove_file(&rules.0).unwrap();
    assert!(handle.reload_if_changed().is_err());
    assert!(handle.reload_if_changed().unwrap().is_none());
}

#[test]
fn change_of_the_key_file_is_a_change() {
    let key = std::env::temp_dir().join(format!("tower-auth-reload-{}.pem", std::process::id()));
    fs::write(&key, include_str!("../../common/keys/p256.pub.pem")).unwrap();
    let text = format!(
        "auth: {{jwt: {{algorithm: ES256, public_key_file: {}}}}}",
        key.display()
    );
    let rules = Rules::new("key-file", &text);
    let (_, handle) = rules.config().into_reload_layer().unwrap();
    assert!(handle.reload_if_changed().unwrap().is_none());
    fs::write(&key, "no key").unwrap();
    assert!(handle.reload_if_changed().is_err());
    fs::write(&key, include_str!("../../common/keys/p256.pub.pem")).unwrap();
    assert!(handle.reload_if_changed().unwrap().is_some());
    fs::remove_file(&key).unwrap();
}
