//! A command line that is not of the right form: one line that says what to write, and exit code 2.

use crate::common::{Folder, Said};

const ID: &str = "key_00000000000000000000000000";

#[test]
fn each_mistake_is_told_with_what_to_write() {
    let folder = Folder::new();
    let create = |more: &[&str]| folder.usage(&[&["keys", "create", "--name", "a"], more].concat());
    let duration = "write a number with s, m, h or d behind it, such as 90d";
    for wrong in ["90", "d", "", "9w", "-5d", "1.5h", "+9d", "９d"] {
        assert_eq!(
            create(&[&format!("--expires={wrong}")]),
            format!("--expires is no duration: {duration}")
        );
    }
    for long in [
        "365251d",
        "99999999999999999999999d",
        "18446744073709551615h",
    ] {
        let said = create(&["--expires", long]);
        assert_eq!(
            said,
            "--expires is longer than a thousand years: write at most 365250d"
        );
    }
    assert_eq!(
        create(&["--expires", "0d"]),
        "--expires is zero: write how long the key is valid, such as 90d"
    );
    for wrong in [
        "many",
        "-1",
        "1e3",
        "9007199254740992",
        "18446744073709551616",
    ] {
        let said = create(&[&format!("--credits={wrong}")]);
        assert_eq!(
            said,
            "--credits is no number of requests: write a whole number, such as 10000"
        );
    }
    for wrong in ["{", "[]", "1", "\"a\""] {
        let said = create(&["--metadata", wrong]);
        assert_eq!(
            said,
            "--metadata is no JSON object: write one like '{\"plan\": \"gold\"}'"
        );
    }
    for wrong in ["sk_", "a b", "ä", "123456789012345678901234567890123"] {
        let said = create(&["--prefix", wrong]);
        assert_eq!(
            said,
            "--prefix is no prefix: write 1 to 32 letters, digits, - and _ that end in no _, \
                          such as sk_live"
        );
    }
    assert_eq!(
        create(&["--name", "b"]),
        "--name is given twice: give it once"
    );
    assert_eq!(create(&["--json=yes"]), "--json takes no value");
    assert_eq!(
        create(&["b"]),
        "there is a word too much: each value stands behind its option; --help shows \
                                what there is"
    );
    assert_eq!(
        create(&["--onwer", "b"]),
        "there is no option --onwer: did you mean --owner? --help shows \
                                           what there is"
    );
    assert_eq!(
        folder.usage(&["keys", "create"]),
        "--name <NAME> is missing; --help shows what there is"
    );
    assert_eq!(
        folder.usage(&["keys", "create", "--name"]),
        "--name needs a value behind it"
    );
    assert_eq!(
        folder.usage(&["keys", "revoke"]),
        "<ID> is missing; --help shows what there is"
    );
    assert_eq!(
        folder.usage(&["keys", "revoke", "7"]),
        "<ID> is no id: write key_ and the 26 characters that \
                                                        `tower-auth keys list` shows, never a key itself"
    );
    assert_eq!(
        folder.usage(&["keys", "update", ID]),
        "nothing is to be changed: write --name, --owner, \
        --tenant, --scope, --expires, --credits, --metadata or --unrevoke"
    );
    assert_eq!(
        folder.usage(&["keys", "update", ID, "--tenant", "a", "--no-tenant"]),
        "--tenant and --no-tenant exclude each other: give one"
    );
    assert_eq!(
        folder.usage(&["keys", "update", ID, "--expires", "soon"]),
        format!("--expires is no duration: {duration}, or never")
    );
    assert_eq!(
        folder.usage(&["audit", "--limit", "0"]),
        "--limit is no number of records: write a whole number from 1, such as 100"
    );
    assert_eq!(
        folder.usage(&["keys", "import"]),
        "<FILE> is missing; --help shows what there is"
    );
    assert_eq!(
        folder.usage(&["keys", "import", "a", "--format", "xls"]),
        "--format is one of: csv, jsonl"
    );
    assert_eq!(
        folder.usage(&[]),
        "a command is missing: write one of keys, revoke, audit, check, completions, man; --help \
                                   shows what there is"
    );
    assert_eq!(
        folder.usage(&["keys"]),
        "a command is missing: write one of create, list, show, rotate, \
        revoke, update, delete, import, renew-epoch; --help shows what there is"
    );
    assert_eq!(
        folder.usage(&["kyes"]),
        "there is no such command: did you mean keys? --help shows what \
                                         there is"
    );
    assert_eq!(
        folder.usage(&["keys", "x"]),
        "there is no such command; --help shows what there is"
    );
    assert_eq!(
        folder.usage(&["check"]),
        "--config <FILE> is missing; --help shows what there is"
    );
    assert_eq!(
        folder.usage(&["man", "keys", "made"]),
        "there is no page for that command: write it as in `tower-auth man keys create`"
    );
    assert!(!folder.file().exists(), "a mistake made a store");
}

#[test]
fn what_the_store_does_not_take_is_a_mistake_too() {
    let folder = Folder::new();
    assert_eq!(
        folder.usage(&["keys", "create", "--name", " "]),
        "the name is blank, has control characters, or has more than 128 characters"
    );
    assert_eq!(
        folder.usage(&["keys", "create", "--name", "a", "--owner", "a\nb"]),
        "the owner is blank, has control characters, or has more than 256 characters"
    );
    assert_eq!(
        folder.usage(&["keys", "create", "--name", "a", "--scope", "a b"]),
        "the scopes are more than 64, or one is no word of 1 to 128 printable ASCII characters without \
         space, quote and backslash"
    );
}

#[test]
fn a_store_that_is_not_named_or_wrongly_is_told() {
    let folder = Folder::new();
    let said = |url: Option<&str>| {
        let mut command = folder.command(&["keys", "list"]);
        command.env_remove("TOWER_AUTH_KEY_STORE");
        Said::from(
            command
                .args(url.map(|url| format!("--store={url}")))
                .output()
                .unwrap(),
        )
    };
    assert_eq!(
        said(None).fault(2),
        "no key store is named: write --store sqlite:keys.db, or put such a URL \
                                     into TOWER_AUTH_KEY_STORE"
    );
    assert_eq!(
        said(Some("keys.db")).fault(2),
        "--store: a key store's URL begins with a scheme and `:`: \
        write `sqlite:keys.db`, or `postgres://user@host/database`"
    );
    assert_eq!(
        said(Some("sqlite://keys.db")).fault(2),
        "--store: write the file's path after `sqlite:`, \
        without `//`: `sqlite:keys.db`, or `sqlite:/var/lib/app/keys.db`"
    );
    assert_eq!(
        said(Some("mysql://db/keys")).fault(2),
        "there is no key store with the scheme mysql: write a URL \
         that begins with one of sqlite:, postgres:, postgresql:"
    );
    assert_eq!(
        said(Some("sqlite:keys.db")).fault(1),
        "there is no key store in the file \"keys.db\": name \
        another one with --store, or make it with `tower-auth keys create`"
    );
    assert!(!folder.file().exists());
    assert_eq!(
        folder.fault(&[
            "keys",
            "create",
            "--name",
            "a",
            "--store",
            "sqlite:no/keys.db"
        ]),
        "there is no folder \"no\" for the key store: make it, or name another one with --store"
    );
}

#[test]
fn an_argument_that_is_not_utf_8_is_told() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

    let folder = Folder::new();
    let mut command = folder.command(&["keys", "create", "--name"]);
    let said = Said::from(command.arg(OsStr::from_bytes(b"a\xff")).output().unwrap());
    assert_eq!(said.fault(2), "an argument is not UTF-8: write it in UTF-8");
}
