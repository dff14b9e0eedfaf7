//! `check --config`.

use crate::common::{Folder, Said};

#[test]
fn a_good_file_is_told_with_what_it_comes_to() {
    let folder = Folder::new();
    folder.write(
        "auth.yaml",
        "auth:\n  api_keys:\n    - {name: ada, key: short}\n",
    );
    let said = folder.run(&["check", "--config", "auth.yaml"]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{said:?}");
    assert!(
        said.out.starts_with("good: asks api_key (1 key)\nweak: "),
        "{}",
        said.out
    );
    assert!(!said.out.contains("short\""), "{}", said.out);
}

#[test]
fn all_faults_are_told_at_once() {
    let folder = Folder::new();
    folder.write(
        "auth.yaml",
        "auth:\n  mode: jtw\n  jwt: {secret: '${NO_SUCH_VARIABLE}'}\n",
    );
    let said = folder.run(&["check", "--config", "auth.yaml"]);
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""));
    let lines: Vec<_> = said.err.lines().collect();
    assert_eq!(lines.len(), 3, "{said:?}");
    assert!(
        lines[0].starts_with("tower-auth: auth.yaml:2:")
            && lines[0].contains("did you mean \"jwt\"?")
    );
    assert!(
        lines[1].starts_with("tower-auth: auth.yaml:3:") && lines[1].contains("NO_SUCH_VARIABLE")
    );
    assert_eq!(lines[2], "tower-auth: 2 faults: mend them, and check again");
}

#[test]
fn values_come_from_the_environment() {
    let folder = Folder::new();
    folder.write(
        "auth.yaml",
        "auth:\n  jwt: {secret: '${SECRET}', audience: agents}\n",
    );
    let mut command = folder.command(&["check", "--config", "auth.yaml"]);
    let secret = "a canary of more than 32 bytes, that is";
    let said = Said::from(command.env("SECRET", secret).output().unwrap());
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(!(said.out + &said.err).contains("canary"));
}

#[test]
fn a_file_that_is_not_there_is_told() {
    let folder = Folder::new();
    let said = folder.run(&["check", "--config", "no.yaml"]);
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""));
    assert!(said.err.starts_with("tower-auth: no.yaml: "), "{said:?}");
}

#[test]
fn every_engine_may_be_named() {
    let folder = Folder::new();
    let check = |url: &str| {
        let text = format!("auth:\n  key_store: {{url: '{url}', prefix: sk_live}}\n");
        folder.write("auth.yaml", &text);
        folder.run(&["check", "--config", "auth.yaml"])
    };
    for url in [
        "sqlite:keys.db",
        "postgres://app@db/keys",
        "postgresql://app:hunter2@db/keys",
    ] {
        let said = check(url);
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{said:?}");
        assert!(said.out.starts_with("good: asks key_store (") && !said.out.contains("hunter2"));
    }
    let said = check("mysql://app:hunter2@db/keys");
    assert_eq!(said.code, Some(1));
    assert!(
        said.err.contains("auth.key_store.url") && said.err.contains("`sqlite:`"),
        "{said:?}"
    );
    assert!(!said.err.contains("hunter2"));
    // Nothing is connected to, and nothing made.
    assert!(!folder.file().exists());
}

#[test]
fn every_shared_state_may_be_named() {
    let folder = Folder::new();
    let check = |url: &str| {
        let text = format!(
            "auth:\n  api_keys: [{{name: ada, key: sk-live-9f03a51d8c70}}]\n  shared: {{url: '{url}'}}\n  \
             throttle: {{attempts: {{quota: 30 per minute}}}}\n"
        );
        folder.write("auth.yaml", &text);
        folder.run(&["check", "--config", "auth.yaml"])
    };
    for url in [
        "redis://:hunter2@counts",
        "rediss://app:hunter2@counts:6380/1?namespace=shop",
        "redis+unix:///run/redis.sock",
        "valkey://counts",
        "valkeys://counts",
        "postgres://app@db/shop",
        "postgresql://app:hunter2@db/shop",
    ] {
        let said = check(url);
        assert_eq!(said.code, Some(0), "{url}: {said:?}");
        assert!(!said.out.contains("hunter2") && !said.err.contains("hunter2"));
    }
    let said = check("memcached://app:hunter2@counts");
    assert_eq!(said.code, Some(1));
    assert!(
        said.err.contains("auth.shared.url") && !said.err.contains("hunter2"),
        "{said:?}"
    );
}
