//! How a store of keys is named: by an option, or by a file of rules.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

use serde_json::json;

use super::{
    key_store::{Folder, first_key, post, run_with},
    options::{refused, run},
};
use crate::common::agent::Agent;

#[test]
fn what_cannot_be_opened_is_told_in_one_line_without_a_password() {
    let folder = Folder::new();
    let missing = format!("sqlite:{}/missing/keys.db", folder.0.display());
    let text = folder.0.join("text.db");
    fs::write(
        &text,
        "no database, and long enough for one that is not one",
    )
    .unwrap();
    fs::set_permissions(&text, fs::Permissions::from_mode(0o600)).unwrap();
    let text = format!("sqlite:{}", text.display());
    for (url, said) in [
        (&*missing, "make the folder"),
        (&text, "the file is no SQLite database: name another one"),
        (
            "postgres://app:canary-5d3e@127.0.0.1:1/keys",
            "the server cannot be reached",
        ),
        (
            "mysql://app:canary-5d3e@localhost/keys",
            "write one of `postgres:`",
        ),
        ("canary-5d3e", "write `sqlite:keys.db`"),
        ("sqlite://canary-5d3e", "without `//`"),
    ] {
        let fault = refused(&["--key-store", url]);
        assert!(fault.contains(said), "{url}: {fault}");
        assert!(!fault.contains("canary"), "{fault}");
    }
}

#[test]
fn a_file_of_rules_stands_in_its_place() {
    let fault = refused(&["--config", "x.yaml", "--key-store", "sqlite:keys.db"]);
    assert!(fault.contains("leave --key, --key-store"), "{fault}");
    assert!(!PathBuf::from("keys.db").exists());
}

#[test]
fn a_file_of_rules_may_name_the_store_and_has_the_api_too() {
    let folder = Folder::new();
    let agent = folder.server();
    let key = first_key(&agent).unwrap();
    drop(agent);
    let rules = folder.0.join("agent.yaml");
    let text = format!(
        "auth:\n  key_store:\n    url: {}\n    prefix: sk\n",
        folder.url()
    );
    fs::write(&rules, text).unwrap();
    let rules = rules.to_str().unwrap();
    let agent = Agent::start(&["--config", rules]);
    assert!(
        agent.welcome.contains("managed under /keys"),
        "{}",
        agent.welcome
    );
    let request = json!({"name": "robot", "scopes": ["agents:invoke"]});
    let (status, made) = post(&agent, &key, "/keys", request);
    assert_eq!(status, 201);
    assert_eq!(run_with(&agent, made["key"].as_str().unwrap()), 200);
    let make = format!(
        "tower-auth keys create --first-admin --store '{}' --prefix sk --name admin --scope keys:read \
         --scope keys:write --scope keys:admin --scope agents:invoke\n",
        folder.url()
    );
    assert!(agent.welcome.contains(&make), "{}", agent.welcome);
    drop(agent);

    fs::remove_file(folder.0.join("keys.db")).unwrap();
    let checked = run(&["--check-config", rules]);
    assert!(checked.status.success(), "a check opens nothing");
    assert!(!folder.0.join("keys.db").exists());
    let fault = refused(&["--config", rules]);
    assert!(fault.contains("keys.db\" is not there"), "{fault}");
    assert!(fault.ends_with(&make), "{fault}");
}

#[test]
fn the_key_store_of_a_file_is_shown_without_its_password() {
    let folder = Folder::new();
    let rules = folder.0.join("agent.yaml");
    let url = "postgres://app:canary-5d3e@127.0.0.1:1/keys";
    fs::write(
        &rules,
        format!("auth: {{key_store: {{url: '{url}', prefix: sk_live}}}}"),
    )
    .unwrap();
    let fault = refused(&["--config", rules.to_str().unwrap()]);
    let make = "--store 'postgres://…@127.0.0.1:1/keys' --prefix sk_live";
    assert!(fault.contains(make), "{fault}");
    assert!(!fault.contains("canary"), "{fault}");
}

#[test]
fn the_help_says_what_it_does() {
    let help = String::from_utf8(run(&["--help"]).stdout).unwrap();
    assert!(help.contains("--key-store <URL>"), "{help}");
}
