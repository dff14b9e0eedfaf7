//! What the log says when a configuration is taken over.

use tower_auth::config::AuthConfig;
use tracing::Level;

use super::files::{JWT_SECRET, example, ready, yaml};
use crate::common::log::{Event, Log};

fn logged(config: AuthConfig) -> Vec<Event> {
    let log = Log::start();
    config
        .into_layer()
        .unwrap_or_else(|faults| panic!("{faults}"));
    log.events()
}

fn warnings(config: AuthConfig) -> Vec<String> {
    let events = logged(config).into_iter();
    events
        .filter(|event| event.level == Level::WARN)
        .map(|event| event.field("message").unwrap().to_owned())
        .collect()
}

#[test]
fn summary_names_providers_keys_and_public_paths() {
    let events = logged(ready(AuthConfig::from_file(example("api_keys.yaml"))));
    assert_eq!(events.len(), 1, "{events:?}");
    let summary = &events[0];
    assert_eq!(summary.level, Level::INFO);
    assert_eq!(
        summary.field("message"),
        Some("authentication is configured")
    );
    assert_eq!(summary.field("providers"), Some("api_key (3 keys)"));
    assert_eq!(summary.field("public_paths"), Some("/hooks/public"));
    assert!(summary.field("source").unwrap().ends_with("api_keys.yaml"));
}

#[test]
fn summary_names_the_variables_that_went_over_the_file() {
    let config = yaml("auth: {jwt: {secret: x}}")
        .with_env([("TOWER_AUTH__JWT__SECRET", JWT_SECRET), ("OTHER", "x")]);
    assert_eq!(
        logged(config)[0].field("overridden_by"),
        Some("TOWER_AUTH__JWT__SECRET")
    );
}

#[test]
fn nothing_is_said_of_a_configuration_that_does_not_build() {
    let log = Log::start();
    assert!(
        yaml("auth: {enabled: false, realm: ''}")
            .into_layer()
            .is_err()
    );
    assert!(log.events().is_empty(), "{:?}", log.events());
}

#[test]
fn turned_off_is_a_warning() {
    for text in ["auth: {enabled: false}", "auth: {mode: none}"] {
        let said = warnings(yaml(text));
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].contains("every caller is let in"), "{said:?}");
    }
}

#[test]
fn weak_choices_are_warnings() {
    let short = "auth: {jwt: {secret: short, insecure_allow_short_secret: true}}";
    assert!(warnings(yaml(short))[0].contains("short secret"));
    let endless =
        format!("auth: {{jwt: {{secret: {JWT_SECRET}, insecure_allow_missing_exp: true}}}}");
    assert!(warnings(yaml(&endless))[0].contains("without exp"));
    let anywhere = "auth: {allowlist: {user_ids: [1]}}";
    assert!(warnings(yaml(anywhere))[0].contains("platform"));
    let chats = "auth: {allowlist: {chat_ids: [1]}}";
    assert!(warnings(yaml(chats))[0].contains("platform"));
}

#[test]
fn dev_docs_on_a_public_address_are_a_warning() {
    let config = || yaml("auth: {custom: sessions, dev_docs: true}");
    for (address, count) in [
        ("0.0.0.0:80", 1),
        ("[::]:80", 1),
        ("192.0.2.1:80", 1),
        ("[::ffff:192.0.2.1]:80", 1),
        ("127.0.0.1:80", 0),
        ("127.9.9.9:80", 0),
        ("[::1]:80", 0),
        ("[::ffff:127.0.0.1]:80", 0),
    ] {
        let said = warnings(config().with_address(address.parse().unwrap()));
        assert_eq!(said.len(), count, "{address}: {said:?}");
    }
    let off = yaml("auth: {custom: sessions}").with_address("0.0.0.0:80".parse().unwrap());
    assert!(warnings(off).is_empty());
}

#[test]
fn chats_alone_are_told_in_the_summary() {
    let text = "auth: {allowlist: {platforms: [telegram], chat_ids: [1]}}";
    let setup = yaml(text).build().unwrap();
    assert_eq!(
        setup.summary().providers(),
        ["allowlist (everybody in 1 chat)"]
    );
}

#[test]
fn plain_choices_are_no_warning() {
    let keys = ready(AuthConfig::from_file(example("api_keys.yaml")));
    assert!(warnings(keys).is_empty());
    let all = ready(AuthConfig::from_file(example("composite.yaml")));
    assert!(warnings(all).is_empty());
}

#[test]
fn each_key_without_scopes_is_a_warning_by_its_name() {
    let text = "auth: {api_keys: [{name: ada, key: sk-live-0123456789}, \
                {name: ci, key: sk-live-9876543210, scopes: []}, \
                {name: \"b\\nob\", key: sk-live-5555555555, revoked: true}]}";
    let said = warnings(yaml(text));
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].contains("\"ada\" has no `scopes`"), "{said:?}");
    assert!(said[1].contains("\"b\\nob\" has no `scopes`"), "{said:?}");
    let meant = "auth: {api_keys: [{name: ada, key: sk-live-0123456789, scopes: ['*']}]}";
    assert!(warnings(yaml(meant)).is_empty());
}
