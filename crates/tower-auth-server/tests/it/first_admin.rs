//! The first administrator's key: one, however many ask at once [12.6].

use std::process::{Child, Stdio};

use serde_json::json;
use tower_auth_servers::Postgres;

use crate::common::{Folder, Said, text};

#[test]
fn of_several_processes_at_once_exactly_one_makes_it() {
    for _ in 0..5 {
        one_of_several_makes_it(&Folder::new());
    }
}

#[tokio::test]
async fn of_several_processes_on_postgres_exactly_one_makes_it() {
    if let Some(server) = Postgres::shared() {
        one_of_several_makes_it(&Folder::with_store(&server.database().await.url()));
    }
}

fn one_of_several_makes_it(folder: &Folder) {
    let arguments = ["keys", "create", "--name", "first", "--first-admin"];
    let start = |_| {
        let mut command = folder.command(&arguments);
        let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        piped.spawn().unwrap()
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
    let scopes = json!(["keys:read", "keys:write", "keys:admin"]);
    assert_eq!(list[0]["scopes"], scopes);
}

#[test]
fn it_administers_keys_whatever_further_scopes_it_has() {
    let folder = Folder::new();
    let further = ["--scope", "invoices:read", "--scope", "keys:write"];
    let made = folder.make("first", &[&["--first-admin"][..], &further].concat());
    let scopes = json!(["keys:read", "keys:write", "keys:admin", "invoices:read"]);
    assert_eq!(made["scopes"], scopes);
    // A revoked one is none.
    assert!(
        folder
            .fault(&["keys", "create", "--name", "b", "--first-admin"])
            .contains("already")
    );
    folder.good(&["keys", "revoke", text(&made, "id")]);
    folder.make("second", &["--first-admin"]);
}
