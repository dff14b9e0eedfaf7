//! A list of keys that is emptied while the server runs: it closes for keys.

use tower_auth::config::AuthConfig;

use super::{
    files::{ready, token},
    reload::{OLD, Rules, served, status},
};
use crate::common::{log::Log, oneshot::ask};

const EMPTY: [&str; 4] = [
    "auth: {api_keys: []}",
    "auth:\n  api_keys:\n",
    "auth:\n  api_keys:\n  # - {name: a, key: sk-old}\n  public_paths: [/new]\n",
    "auth: {mode: api_key, api_keys: null}",
];

#[tokio::test]
async fn emptied_list_of_keys_closes_for_keys_with_a_warning() {
    for text in EMPTY {
        let rules = Rules::new("emptied", OLD);
        let (app, handle) = served(rules.config());
        assert_eq!(status(&app, "POST /run", Some("sk-old")).await, 200);
        rules.write(text);
        let log = Log::start();
        let summary = handle.reload().unwrap_or_else(|faults| panic!("{faults}"));
        assert_eq!(summary.providers(), ["api_key (no key)"]);
        let warned = log.events().into_iter().any(|event| {
            let message = event.field("message").unwrap_or_default();
            event.level == tracing::Level::WARN && message.contains("auth.api_keys holds no key")
        });
        assert!(warned, "{:?}", log.events());
        for key in ["sk-old", "sk-both", "", "x", "none"] {
            assert_eq!(status(&app, "POST /run", Some(key)).await, 401, "{text}");
        }
        let zeros = "0".repeat(64);
        assert_eq!(status(&app, "POST /run", Some(&zeros)).await, 401);
        assert_eq!(status(&app, "POST /run", None).await, 401, "{text}");
        assert_eq!(status(&app, "POST /old", None).await, 401, "{text}");
        assert!(handle.stale_since().is_none());
        rules.write(OLD);
        handle.reload().unwrap();
        assert_eq!(status(&app, "POST /run", Some("sk-old")).await, 200);
    }
}

#[tokio::test]
async fn emptied_list_of_keys_leaves_the_others_in() {
    let with = |keys: &str| {
        let secret = super::files::JWT_SECRET;
        format!("auth: {{api_keys: {keys}, jwt: {{secret: {secret}, audience: agent-server}}}}")
    };
    let rules = Rules::new("others", &with("[{name: a, key: sk-old}]"));
    let (app, handle) = served(rules.config());
    rules.write(&with("[]"));
    handle.reload().unwrap();
    assert_eq!(status(&app, "POST /run", Some("sk-old")).await, 401);
    let shown = super::files::bearer(&token(&[]));
    let answer = ask(&app, "POST /run", &[("authorization", &*shown)]).await;
    assert_eq!(answer.status(), 200);
}

#[test]
fn server_does_not_start_with_an_empty_list_of_keys() {
    for text in EMPTY {
        let faults = ready(AuthConfig::from_yaml(text)).build().unwrap_err();
        assert_eq!(faults.faults().len(), 1, "{faults}");
        assert_eq!(faults.faults()[0].path(), "auth.api_keys");
    }
}

#[tokio::test]
async fn emptied_list_in_a_file_with_another_fault_changes_nothing() {
    let rules = Rules::new("emptied-bad", OLD);
    let (app, handle) = served(rules.config());
    for text in [
        "auth: {api_keys: [], mode: nnoe}",
        "auth: {api_keys: [null]}",
        "auth: {api_keys: ''}",
        "auth: {api_keys: {}}",
        "auth: {api_keys: '[]'}",
        // Nothing is closed by a file that opens everything.
        "auth: {api_keys: [], enabled: false}",
        "auth: {api_keys: null, mode: none}",
    ] {
        rules.write(text);
        assert!(handle.reload().is_err(), "{text}");
        assert_eq!(
            status(&app, "POST /run", Some("sk-old")).await,
            200,
            "{text}"
        );
        assert_eq!(status(&app, "POST /run", None).await, 401, "{text}");
    }
}
