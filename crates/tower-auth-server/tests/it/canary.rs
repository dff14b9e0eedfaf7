//! A key is where its maker's command printed it, and nowhere else [12.6].

use std::fs;

use crate::common::{Folder, text};

#[test]
fn a_key_is_in_no_file_and_no_answer() {
    let folder = Folder::new();
    let plain = folder.run(&["keys", "create", "--name", "a", "--scope", "x"]);
    let made = folder.make("b", &[]);
    let id = text(&made, "id");
    let next = folder.run(&["keys", "rotate", id, "--overlap", "1h"]);
    folder.good(&["keys", "update", id, "--name", "c"]);
    folder.good(&["keys", "revoke", id, "--reason", "r"]);
    let keys = [plain.out.trim(), text(&made, "key"), next.out.trim()];

    let mut said = vec![plain.err.clone(), next.err.clone()];
    for command in [
        &["keys", "list"][..],
        &["keys", "list", "--all"],
        &["keys", "list", "--all", "--json"],
        &["keys", "show", id],
        &["keys", "show", id, "--json"],
        &["audit"],
        &["audit", "--json"],
        &["audit", id, "--json"],
    ] {
        let answer = folder.run(command);
        assert_eq!(answer.code, Some(0), "{answer:?}");
        said.extend([answer.out, answer.err]);
    }
    let mut files = 0;
    for file in fs::read_dir(folder.path()).unwrap() {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        said.push(bytes.iter().map(|byte| char::from(*byte)).collect());
        files += 1;
    }
    assert!(files >= 1);
    for key in keys {
        assert_eq!(key.len(), 41);
        // Neither the key nor its random part.
        let random = &key[3..];
        for text in &said {
            assert!(!text.contains(random), "{text}");
        }
    }
}

#[test]
fn a_digest_is_in_no_answer() {
    let folder = Folder::new();
    let digest = "ab".repeat(32);
    folder.write("keys.csv", &format!("digest,name\n{digest},a\n"));
    let mut said = vec![folder.run(&["keys", "import", "keys.csv"])];
    let id = said[0].out.split(' ').nth(3).unwrap().to_owned();
    for command in [
        &["keys", "import", "keys.csv", "--json"][..],
        &["keys", "list", "--json"],
        &["keys", "show", &id, "--json"],
        &["audit", "--json"],
    ] {
        said.push(folder.run(command));
    }
    for answer in said {
        assert_eq!(answer.code, Some(0), "{answer:?}");
        assert!(!(answer.out + &answer.err).contains(&digest));
    }
}

/// Whoever reads `/proc/PID/cmdline` or a shell's history reads no key: there is no place for one.
#[test]
fn a_key_on_the_command_line_is_refused_and_not_repeated() {
    let folder = Folder::new();
    let made = folder.make("a", &[]);
    let key = text(&made, "key");
    let with = format!("--key={key}");
    for arguments in [
        &["keys", "create", "--name", "b", "--key", key][..],
        &["keys", "create", "--name", "b", &with],
        &["keys", "revoke", key],
        &["keys", "show", key],
        &["keys", "rotate", key],
        &["audit", key],
        &["keys", "delete", key],
        &["keys", "update", key, "--name", "b"],
        &["keys", key],
        &[key],
        &["keys", "create", "--name", "b", key],
        &["keys", "create", "--name", "b", "--expires", key],
        &["keys", "create", "--name", "b", "--credits", key],
        &["keys", "list", "--limit", key],
        &["keys", "create", "--name", "b", "--metadata", key],
        &["audit", "--limit", key],
        &["keys", "list", "--store", key],
        &["completions", key],
        &["man", key],
        &["keys", "create", "--name", "b", "--first-admin", &with],
    ] {
        let said = folder.usage(arguments);
        assert!(!said.contains(&key[3..]), "{arguments:?}: {said}");
    }
    // No option of any command is for a key.
    let of_keys = [
        "create", "list", "show", "rotate", "revoke", "update", "delete", "import",
    ];
    let of_keys = of_keys.map(|command| vec!["keys", command, "--help"]);
    for command in of_keys.into_iter().chain([vec!["audit", "--help"]]) {
        let help = folder.good(&command);
        assert!(
            !help.contains("--key") && !help.contains("--secret"),
            "{help}"
        );
    }
}

#[test]
fn a_password_in_a_url_is_not_repeated() {
    let folder = Folder::new();
    for url in [
        "mysql://app:hunter2@db/keys",
        "postgres:hunter2",
        "hunter2",
        "mysql:hunter2",
    ] {
        let mut command = folder.command(&["keys", "list"]);
        command.env("TOWER_AUTH_KEY_STORE", url);
        let said = crate::common::Said::from(command.output().unwrap());
        assert!(
            !said.err.contains("hunter2") && said.code == Some(2),
            "{said:?}"
        );
        command.arg("--help");
        let help = crate::common::Said::from(command.output().unwrap());
        assert!(
            !help.out.contains("hunter2") && help.code == Some(0),
            "{help:?}"
        );
    }
}
