//! `keys list`.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::Stdio,
};

use serde_json::Value;
use tower_auth::keys::{KeyDigest, KeyRequest, ManagedKeys};
use tower_auth_sqlite::SqliteKeyStore;

use crate::common::{Folder, text};

/// Ids and the random part of keys, which differ from run to run, as if they were always the same.
fn settled(folder: &Folder, out: &str) -> String {
    let mut settled = out.to_owned();
    for (index, key) in folder
        .json(&["keys", "list", "--all"])
        .as_array()
        .unwrap()
        .iter()
        .enumerate()
    {
        let id = format!("key_0000000000000000000000000{index}");
        settled = settled.replace(text(key, "id"), &id);
        let start = text(key, "start");
        if let Some(prefix) = start.len().checked_sub(4) {
            settled = settled.replace(start, &format!("{}Ab3d", &start[..prefix]));
        }
    }
    settled
}

#[test]
fn a_list_fits_eighty_columns() {
    let folder = Folder::new();
    folder.make(
        "billing robot",
        &["--prefix", "sk_live", "--owner", "team-7"],
    );
    let revoked = folder.make(
        "nightly build of the whole documentation",
        &["--owner", "platform"],
    );
    folder.make(
        "鍵を作る人のための名前はとても長い",
        &["--owner", "東京のチーム全員"],
    );
    folder.make("\u{202e}evil\u{200b}", &[]);
    let gone = folder.make("gone", &[]);
    let (revoked, gone) = (text(&revoked, "id"), text(&gone, "id"));
    folder.good(&["keys", "revoke", revoked, "--reason", "lost"]);
    folder.good(&["keys", "update", gone, "--expires", "0s"]);
    folder.write(
        "keys.csv",
        &format!(
            "digest;name;expires_at\n{};an old key;2099-12-31\n",
            "ab".repeat(32)
        ),
    );
    folder.good(&["keys", "import", "keys.csv"]);

    let live = folder.run(&["keys", "list"]);
    let all = folder.run(&["keys", "list", "--all"]);
    assert_eq!((live.err.as_str(), all.err.as_str()), ("", ""));
    for line in live.out.lines().chain(all.out.lines()) {
        let columns = unicode_width(line);
        assert!(columns <= 80, "{columns}: {line}");
        assert!(
            !line.contains(['\u{1b}', '\u{202e}', '\u{200b}']) && line.trim_end() == line,
            "{line:?}"
        );
    }
    let picture = format!(
        "$ tower-auth keys list\n{}\n$ tower-auth keys list --all\n{}",
        settled(&folder, &live.out),
        settled(&folder, &all.out)
    );
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/list.expected");
    if std::env::var_os("REWRITE").is_some() {
        fs::write(path, &picture).unwrap();
    }
    assert_eq!(
        picture,
        fs::read_to_string(path).unwrap(),
        "REWRITE=1 writes it anew"
    );
}

/// Columns of the characters that this test uses.
fn unicode_width(line: &str) -> usize {
    line.chars()
        .map(|char| {
            if ('\u{3000}'..='\u{9fff}').contains(&char) {
                2
            } else {
                1
            }
        })
        .sum()
}

#[test]
fn a_document_of_the_list_has_neither_key_nor_digest() {
    let folder = Folder::new();
    folder.make("a", &[]);
    let dead = folder.make("b", &[]);
    folder.good(&["keys", "revoke", text(&dead, "id")]);
    let names = |list: &Value| {
        let names = list
            .as_array()
            .unwrap()
            .iter()
            .map(|key| text(key, "name").to_owned());
        names.collect::<Vec<_>>()
    };
    let live = folder.json(&["keys", "list"]);
    assert_eq!(names(&live), ["a"]);
    let all = folder.json(&["keys", "list", "--all"]);
    assert_eq!(names(&all), ["a", "b"]);
    assert_eq!(
        (text(&all[0], "state"), text(&all[1], "state")),
        ("live", "revoked")
    );
    for key in all.as_array().unwrap() {
        let key = key.as_object().unwrap();
        assert!(!key.contains_key("key") && !key.contains_key("digest"));
    }
}

#[test]
fn an_empty_list_is_an_empty_array_and_a_hint() {
    let folder = Folder::new();
    let key = folder.make("a", &[]);
    folder.good(&["keys", "revoke", text(&key, "id")]);
    assert_eq!(folder.good(&["keys", "list", "--json"]), "[]\n");
    let said = folder.run(&["keys", "list"]);
    assert_eq!((said.code, said.out.as_str()), (Some(0), ""));
    assert_eq!(
        said.err,
        "tower-auth: the store has no live keys: --all shows those that are expired or \
                          revoked\n"
    );
    folder.good(&["keys", "delete", text(&key, "id")]);
    let said = folder.run(&["keys", "list", "--all"]);
    assert_eq!(
        said.err,
        "tower-auth: the store has no keys: `tower-auth keys create` makes one\n"
    );
}

#[test]
fn a_name_cannot_move_the_cursor() {
    let folder = Folder::new();
    let key = folder.make(
        "a\u{202e}b\u{2066}c\u{e0041}",
        &["--owner", "o\u{200b}wner"],
    );
    let id = text(&key, "id");
    for command in [
        &["keys", "list"][..],
        &["keys", "list", "--json"],
        &["keys", "show", id],
        &["keys", "show", id, "--json"],
        &["audit"],
        &["audit", "--json"],
    ] {
        let out = folder.good(command);
        assert!(
            !out.contains(['\u{202e}', '\u{2066}', '\u{e0041}', '\u{200b}']),
            "{out:?}"
        );
    }
    assert!(folder.good(&["keys", "list"]).contains(r"a\u{202e}"));
    assert_eq!(
        text(&folder.json(&["keys", "show", id]), "name"),
        "a\u{202e}b\u{2066}c\u{e0041}"
    );
}

/// More keys than a page of the store has.
async fn fill(folder: &Folder, count: u64) {
    let store = SqliteKeyStore::open_or_create(folder.file()).await.unwrap();
    let admin = ManagedKeys::new(store.clone(), "sk")
        .unwrap()
        .as_operator("test");
    for number in 0..count {
        let digest = KeyDigest::of_key(&number.to_be_bytes());
        admin
            .import(digest, KeyRequest::new(format!("key {number}")))
            .await
            .unwrap();
    }
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_list_has_every_page_and_ends_quietly_when_nobody_reads_on() {
    let folder = Folder::new();
    fill(&folder, 2_100).await;
    let list = folder.json(&["keys", "list"]);
    let list = list.as_array().unwrap();
    assert_eq!(list.len(), 2_100);
    let ids: Vec<_> = list.iter().map(|key| text(key, "id")).collect();
    assert!(ids.is_sorted());
    assert_eq!(folder.good(&["keys", "list"]).lines().count(), 2_101);
    assert_eq!(folder.json(&["audit"]).as_array().unwrap().len(), 2_100);
    assert_eq!(
        folder
            .json(&["audit", "--limit", "1001"])
            .as_array()
            .unwrap()
            .len(),
        1_001
    );

    // `list | head -1`
    for long in [
        &["keys", "list"][..],
        &["keys", "list", "--json"],
        &["audit", "--json"],
    ] {
        let mut command = folder.command(long);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut first)
            .unwrap();
        assert!(!first.is_empty());
        let end = child.wait_with_output().unwrap();
        assert!(end.status.success() && end.stderr.is_empty(), "{end:?}");
    }
}
