//! The first administrator's key: one, however many ask at once.

use std::process::{Child, Stdio};

use serde_json::json;

use crate::common::{Folder, Said, text};

#[test]
fn of_several_processes_at_once_exactly_one_makes_it() {
    for _ in 0..5 {
        let folder = Folder::new();
        let arguments = ["keys", "create", "--name", "first", "--first-admin"];
        let start = |_| {
            let mut command = folder.command(&arguments);
            command
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        };
        let children: Vec<Child> = (0..4).map(start).collect();
        let said: Vec<Said> = children
            .into_iter()
            .map(|child| child.wait_with_output().unwrap().into())
            .collect();
        let made = said.iter().filter(|said| said.code == Some(0)).count();
        assert_eq!(made, 1, "{said:?}");
        for said in said.iter().filter(|said| said.code != Some(0)) {
            assert_eq!(
                said.fault(1),
                "a live key may administer keys already: use that one, or leave --first-admin out and \
                 write --scope keys:read --scope keys:write"
            );
        }
        let list = folder.json(&["keys", "list"]);
        assert_eq!(list.as_array().unwrap().len(), 1);
        assert_eq!(
            list[0]["scopes"],
            json!(["keys:read", "keys:write", "keys:admin"])
        );
    }
}

#[test]
fn its_scopes_can_be_said() {
    let folder = Folder::new();
    let made = folder.make("first", &["--first-admin", "--scope", "keys:write"]);
    assert_eq!(made["scopes"], json!(["keys:write"]));
    // A revoked one is none.
    assert!(
        folder
            .fault(&["keys", "create", "--name", "b", "--first-admin"])
            .contains("already")
    );
    folder.good(&["keys", "revoke", text(&made, "id")]);
    folder.make("second", &["--first-admin"]);
}
