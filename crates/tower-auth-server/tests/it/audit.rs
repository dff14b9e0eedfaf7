//! `audit`: what administrators did.

use serde_json::{Value, json};

use crate::common::{Folder, Said, text};

#[test]
fn every_change_is_there_with_its_actor_the_newest_first() {
    let folder = Folder::new();
    let made = folder.make("a", &["--as", "grace"]);
    let id = text(&made, "id");
    folder.good(&["keys", "update", id, "--name", "b", "--scope", "x"]);
    folder.good(&["keys", "--as", "linus", "revoke", id, "--reason", "lost"]);
    folder.good(&["keys", "delete", id]);
    let audit = folder.json(&["audit"]);
    let said = |name: &str| -> Vec<Value> {
        audit
            .as_array()
            .unwrap()
            .iter()
            .map(|record| record[name].clone())
            .collect()
    };
    assert_eq!(said("action"), ["delete", "revoke", "update", "create"]);
    assert_eq!(
        said("by"),
        ["ada", "linus", "ada", "grace"].map(|name| json!({"operator": name}))
    );
    assert_eq!(said("revision"), [4, 3, 2, 1]);
    assert_eq!(said("key"), [id; 4]);
    let update = &audit[2];
    assert_eq!(
        (
            text(&update["before"], "name"),
            text(&update["after"], "name")
        ),
        ("a", "b")
    );
    assert_eq!(update["after"]["scopes"], json!(["x"]));
    assert!(text(update, "at").ends_with('Z'));
    assert_eq!(
        (&audit[0]["after"], &audit[3]["before"]),
        (&Value::Null, &Value::Null)
    );

    assert_eq!(
        folder
            .json(&["audit", "--limit", "1"])
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let table = folder.good(&["audit", id]);
    let lines: Vec<_> = table
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .collect();
    assert_eq!(lines[0], ["TIME", "(UTC)", "BY", "ACTION", "KEY", "NAME"]);
    assert_eq!(lines[4][1..], ["grace", "create", id, "a"]);
    assert!(table.lines().all(|line| line.chars().count() <= 80));
}

#[test]
fn the_actor_is_the_account_unless_said() {
    let folder = Folder::new();
    let actor = |name: &str, variable: Option<(&str, &str)>| {
        let mut command = folder.command(&["keys", "create", "--name", name, "--json"]);
        command.env_remove("USER").envs(variable);
        let said = Said::from(command.output().unwrap());
        let made: Value = serde_json::from_str(&said.out).unwrap();
        text(&made["created_by"], "operator").to_owned()
    };
    assert_eq!(actor("a", Some(("USER", "grace"))), "grace");
    assert_eq!(actor("b", Some(("LOGNAME", "linus"))), "linus");
    // An account without a name, as in a container.
    assert!(actor("c", None).starts_with("uid "));
    assert!(actor("d", Some(("USER", "a\u{1b}b"))).starts_with("uid "));
    assert_eq!(
        folder.usage(&["keys", "list", "--as", ""]),
        "--as is no name: write 1 to 128 characters, none of them a control character"
    );
}

#[test]
fn a_key_that_never_was_has_no_records() {
    let folder = Folder::new();
    folder.make("a", &[]);
    let said = folder.run(&["audit", "key_00000000000000000000000000"]);
    assert_eq!((said.code, said.out.as_str()), (Some(0), ""));
    assert_eq!(
        said.err,
        "tower-auth: there are no audit records: nobody changed anything\n"
    );
}
