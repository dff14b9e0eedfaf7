//! `keys update`, `keys revoke` and `keys delete`.

use serde_json::{Value, json};

use crate::common::{Folder, text};

#[test]
fn what_is_named_changes_and_the_rest_stays() {
    let folder = Folder::new();
    let made = folder.make(
        "a",
        &[
            "--owner",
            "o",
            "--tenant",
            "t",
            "--scope",
            "x",
            "--expires",
            "1d",
            "--credits",
            "5",
        ],
    );
    let id = text(&made, "id");
    let changed = |more: &[&str], name: &str| {
        folder.json(&[&["keys", "update", id], more].concat())[name].clone()
    };
    assert_eq!(changed(&["--name", "b"], "name"), "b");
    assert_eq!(changed(&["--owner", "p"], "owner"), "p");
    assert_eq!(changed(&["--tenant", "u"], "tenant"), "u");
    assert_eq!(
        changed(&["--scope", "y", "--scope", "z"], "scopes"),
        json!(["y", "z"])
    );
    assert_eq!(
        changed(&["--metadata", r#"{"plan": "gold"}"#], "metadata"),
        json!({"plan": "gold"})
    );
    assert_eq!(changed(&["--credits", "7"], "credits"), 7);
    assert_eq!(changed(&["--expires", "never"], "expires_at"), Value::Null);
    assert_eq!(changed(&["--no-tenant"], "tenant"), Value::Null);
    assert_eq!(changed(&["--no-scopes"], "scopes"), json!([]));
    let shown = folder.json(&["keys", "show", id]);
    assert_eq!((text(&shown, "name"), text(&shown, "owner")), ("b", "p"));
    let human = folder.good(&["keys", "update", id, "--expires", "0s"]);
    assert!(human.contains("\nstate      expired\n"), "{human}");
}

#[test]
fn credits_are_for_keys_that_were_made_with_them() {
    let folder = Folder::new();
    let made = folder.make("a", &[]);
    assert_eq!(
        folder.fault(&["keys", "update", text(&made, "id"), "--credits", "5"]),
        "the key was made without credits and has none for good: make another"
    );
}

#[test]
fn the_first_revocation_stays() {
    let folder = Folder::new();
    let made = folder.make("a", &[]);
    let id = text(&made, "id");
    let first = folder.json(&["keys", "revoke", id, "--reason", "leaked"]);
    assert_eq!(
        (text(&first, "state"), text(&first["revoked"], "reason")),
        ("revoked", "leaked")
    );
    let second = folder.json(&["keys", "revoke", id, "--reason", "again"]);
    assert_eq!(second["revoked"], first["revoked"]);
    let shown = folder.good(&["keys", "show", id]);
    assert!(shown.contains(" by ada: leaked\n"), "{shown}");
}

#[test]
fn a_live_key_is_not_deleted() {
    let folder = Folder::new();
    let made = folder.make("a", &[]);
    let id = text(&made, "id");
    assert_eq!(
        folder.fault(&["keys", "delete", id]),
        format!(
            "the key {id} is live: revoke it first (`tower-auth keys revoke {id}`), then delete it"
        )
    );
    folder.good(&["keys", "revoke", id]);
    assert_eq!(
        folder.good(&["keys", "delete", id]),
        format!("deleted {id}; its audit records stay\n")
    );
    for command in ["show", "revoke", "delete", "rotate"] {
        assert_eq!(
            folder.fault(&["keys", command, id]),
            "no key has that id: `tower-auth keys list --all` shows all of them"
        );
    }
    assert_eq!(folder.json(&["audit", id]).as_array().unwrap().len(), 3);
}

#[test]
fn scopes_that_a_change_takes_away_are_told() {
    let folder = Folder::new();
    let made = folder.make("a", &["--scope", "a:read", "--scope", "a:write"]);
    let id = text(&made, "id");
    let said = folder.run(&[
        "keys", "update", id, "--scope", "b:read", "--scope", "a:read",
    ]);
    assert_eq!(said.code, Some(0));
    assert_eq!(
        said.err,
        "tower-auth: the key had these scopes, and has them no longer: a:write\n"
    );
    let said = folder.run(&["keys", "update", id, "--name", "b"]);
    assert_eq!((said.code, &*said.err), (Some(0), ""));
}
