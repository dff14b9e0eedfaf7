//! `keys create` and `keys rotate`.

use std::{fs, os::unix::fs::PermissionsExt};

use serde_json::{Value, json};

use crate::common::{Folder, text};

#[test]
fn the_key_alone_is_on_standard_output() {
    let folder = Folder::new();
    let said = folder.run(&["keys", "create", "--name", "ci"]);
    let key = said.out.strip_suffix('\n').unwrap();
    assert!(
        key.starts_with("sk_") && key.len() == 41 && !key.contains('\n'),
        "{said:?}"
    );
    assert!(!said.err.contains(key), "{said:?}");
    let list = folder.json(&["keys", "list"]);
    let id = text(&list[0], "id");
    assert_eq!(
        said.err,
        format!(
            "tower-auth: made {id} for ci: the key on standard output ({}…) is shown this once, and kept \
             nowhere; every server that reaches the store accepts it within a second\n\
             tower-auth: it has no scope, so it opens only what needs none: `tower-auth keys update {id} \
             --scope SCOPE` gives it one\n",
            &key[..7],
        )
    );
    assert_eq!(text(&list[0], "start"), &key[..7]);
}

#[test]
fn a_document_has_the_members_that_are_promised() {
    let folder = Folder::new();
    let made = folder.make(
        "billing robot",
        &[
            "--owner",
            "team-7",
            "--tenant",
            "acme",
            "--scope",
            "invoices:read",
            "--scope",
            "invoices:write",
            "--expires",
            "90d",
            "--credits",
            "10000",
            "--metadata",
            r#"{"plan": "gold"}"#,
        ],
    );
    let is_time = |at: &str| at.len() == "2027-02-27T01:40:00.000Z".len() && at.ends_with('Z');
    assert!(is_time(text(&made, "created_at")) && is_time(text(&made, "expires_at")));
    let mut rest = made.clone();
    let members = rest.as_object_mut().unwrap();
    for name in ["id", "key", "start", "created_at", "expires_at", "account"] {
        members.remove(name).unwrap();
    }
    assert_eq!(
        rest,
        json!({
            "name": "billing robot", "state": "live", "owner": "team-7", "tenant": "acme",
            "scopes": ["invoices:read", "invoices:write"], "metadata": {"plan": "gold"}, "limit": null,
            "metered": true, "credits": 10000, "imported": false, "created_by": {"operator": "ada"},
            "last_used_at": null, "revoked": null, "successor": null, "revision": 1,
        })
    );

    let next = folder.json(&["keys", "rotate", text(&made, "id")]);
    assert_eq!(text(&next["old"], "id"), text(&made, "id"));
    assert!(is_time(text(&next["old"], "expires_at")));
    for name in [
        "name",
        "owner",
        "tenant",
        "scopes",
        "metadata",
        "credits",
        "expires_at",
    ] {
        assert_eq!(next[name], made[name], "{name}");
    }
    // The issue's promise about their order, for readers.
    let out = folder.good(&["keys", "create", "--name", "a", "--json"]);
    let place = |name: &str| out.find(&format!("\n  \"{name}\"")).unwrap();
    let order = [
        "id",
        "key",
        "name",
        "start",
        "owner",
        "scopes",
        "expires_at",
    ]
    .map(place);
    assert!(order.is_sorted(), "{out}");
}

#[test]
fn a_key_ends_as_long_from_now_as_was_said() {
    let folder = Folder::new();
    let made = folder.make("a", &["--expires", "36h"]);
    let (made_at, ends) = (text(&made, "created_at"), text(&made, "expires_at"));
    let day = |time: &str| time[..10].to_owned();
    assert_ne!(day(made_at), day(ends));
    assert_eq!(folder.make("b", &[])["expires_at"], Value::Null);
}

#[test]
fn the_file_is_made_for_its_user_alone_by_a_relative_or_an_absolute_path() {
    let folder = Folder::new();
    folder.make("a", &["--store", "sqlite:relative.db"]);
    let absolute = folder.path().join("absolute.db");
    folder.make("a", &["--store", &format!("sqlite:{}", absolute.display())]);
    for file in [folder.path().join("relative.db"), absolute] {
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file:?}");
    }
}

#[test]
fn the_keys_of_a_store_keep_one_prefix() {
    let folder = Folder::new();
    let first = folder.make("a", &["--prefix", "sk_live"]);
    assert!(text(&first, "key").starts_with("sk_live_"));
    assert!(text(&folder.make("b", &[]), "key").starts_with("sk_live_"));
    let fault = folder.fault(&["keys", "create", "--name", "c", "--prefix", "sk_test"]);
    assert_eq!(
        fault,
        "the live keys of this store begin with sk_live_, and a server accepts one prefix: \
                       leave --prefix out, or give the other keys a store of their own"
    );
    let next = folder.json(&["keys", "rotate", text(&first, "id"), "--overlap", "0s"]);
    assert!(text(&next, "key").starts_with("sk_live_"));
    let fault = folder.fault(&["keys", "rotate", text(&next, "id"), "--prefix", "sk"]);
    assert_eq!(
        fault,
        "the key begins with sk_live_, and a server accepts one prefix: leave --prefix out"
    );

    // A first key with a mistaken prefix is no reason to begin with another file.
    for key in folder.json(&["keys", "list"]).as_array().unwrap() {
        folder.good(&["keys", "revoke", text(key, "id")]);
    }
    assert!(text(&folder.make("d", &["--prefix", "sk_test"]), "key").starts_with("sk_test_"));
}

#[test]
fn an_imported_key_gets_a_successor_with_the_prefix_of_the_store() {
    let folder = Folder::new();
    folder.write(
        "keys.jsonl",
        &format!("{{\"digest\": \"{:064}\", \"name\": \"old\"}}\n", 7),
    );
    let imported = folder.json(&["keys", "import", "keys.jsonl"]);
    let next = folder.json(&[
        "keys",
        "rotate",
        text(&imported[0], "id"),
        "--prefix",
        "sk_live",
    ]);
    assert!(text(&next, "key").starts_with("sk_live_"));
}

#[test]
fn a_key_is_rotated_once() {
    let folder = Folder::new();
    let made = folder.make("a", &[]);
    let said = folder.run(&["keys", "rotate", text(&made, "id"), "--overlap", "1h"]);
    assert_eq!(said.out.trim_end().len(), 41);
    assert!(
        said.err
            .contains(&format!("the old key {} works until 20", text(&made, "id")))
    );
    assert_eq!(
        folder.fault(&["keys", "rotate", text(&made, "id")]),
        "the key has a successor: rotate that one"
    );
    let list = folder.json(&["keys", "list"]);
    folder.good(&["keys", "revoke", text(&list[1], "id")]);
    assert_eq!(
        folder.fault(&["keys", "rotate", text(&list[1], "id")]),
        "the key is revoked or expired: make another"
    );
}
