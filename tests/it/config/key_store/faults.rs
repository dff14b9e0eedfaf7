//! What is wrong with the block, in the words of a file. The rest of the words: `broken/key_store_*`.

use tower_auth::config::{AuthConfig, ConfigFaults};

use super::kit::Outside;

fn told(text: &str) -> Vec<String> {
    lines(&Outside::new().faults(text))
}

fn lines(faults: &ConfigFaults) -> Vec<String> {
    let faults = faults.faults().iter();
    faults
        .map(|fault| format!("{}: {}", fault.path(), fault.message()))
        .collect()
}

#[test]
fn a_scheme_that_nobody_registered_names_the_crate_to_add() {
    for (url, package) in [
        ("sqlite:keys.db", "tower-auth-sqlite"),
        ("postgres://app@db/keys", "tower-auth-postgres"),
        ("postgresql://app@db/keys", "tower-auth-postgres"),
    ] {
        let text = format!("auth: {{key_store: {{url: '{url}', prefix: sk}}}}");
        let built = AuthConfig::from_yaml(text).build();
        let told = lines(&built.expect_err("nothing opens it"));
        let expected = format!("add the crate `{package}`, and register");
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with("auth.key_store.url: "), "{told:?}");
        assert!(told[0].contains(&expected), "{told:?}");
    }
}

#[test]
fn all_faults_of_the_block_are_told_at_once() {
    let told = told(
        "auth: {key_store: {url: 'etcd://db', prefix: 'sk_', header: 'a b', source: 'a#b', \
         max_lifetime_seconds: 0, owner_methods: [], stale_limit: 5}}",
    );
    for place in [
        "url",
        "prefix",
        "header",
        "source",
        "max_lifetime_seconds",
        "owner_methods",
        "stale_limit",
    ] {
        let start = format!("auth.key_store.{place}: ");
        let count = told.iter().filter(|line| line.starts_with(&start)).count();
        assert_eq!(count, 1, "{place}: {told:#?}");
    }
    assert_eq!(told.len(), 7, "{told:#?}");
}

#[test]
fn faults_are_told_where_no_store_is_named_too() {
    let told = told("auth: {key_store: {prefix: 'sk_', header: 'a b'}}");
    assert_eq!(told.len(), 3, "{told:#?}");
    assert!(told[0].contains("no store is named"), "{told:#?}");
}

/// They would be one caller where their user ids are equal, so somebody has to say that they are not.
#[test]
fn keys_of_the_file_beside_a_store_without_a_label_are_a_fault() {
    let text = |label: &str| {
        format!(
            "auth: {{key_store: {{url: 'memory:', prefix: sk{label}}}, \
             api_keys: [{{name: a, key: sk-a}}]}}"
        )
    };
    let told = told(&text(""));
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(told[0].contains("`source: managed`"), "{told:#?}");
    for label in [", source: managed", ", shared_source: managed"] {
        Outside::new().build(&text(label));
    }
}

#[test]
fn a_url_is_shown_in_no_fault() {
    for url in [
        "hunter2",
        "etcd://app:hunter2@db",
        "postgres:hunter2",
        "sqlite://hunter2",
        "postgres://app:hunter2@db/keys",
        "hunter2:hunter2",
    ] {
        let text = format!(
            "auth: {{key_store: {{url: '{url}', prefix: 'a key sk_hunter2', header: 'hunter2 '}}}}"
        );
        let faults = Outside::new().faults(&text);
        let shown = format!("{faults} {faults:?}").replace("`hunter2:`", "");
        assert!(!shown.contains("hunter2"), "{url}: {shown}");
    }
}

/// The agent shape names a provider of the program's.
#[test]
fn the_agent_shape_has_no_key_store() {
    let outside = Outside::new();
    for text in [
        r#"{"auth": "key_store"}"#,
        r#"{"auth": {"method": "key_store", "path": "memory:"}}"#,
    ] {
        let config = outside.knows(crate::config::files::json(text));
        assert!(config.build().is_err(), "{text}");
    }
}
