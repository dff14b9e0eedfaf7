//! `keys import`.

use serde_json::{Value, json};

use crate::common::{Folder, Said, text};

fn digest(number: u8) -> String {
    format!("{number:02x}").repeat(32)
}

/// What is there, without what differs from run to run.
fn kept(folder: &Folder) -> Vec<Value> {
    let list = folder.json(&["keys", "list", "--all"]);
    let key = |key: &Value| {
        json!([
            key["name"],
            key["owner"],
            key["tenant"],
            key["scopes"],
            key["expires_at"],
            key["credits"],
            key["metadata"],
            key["imported"]
        ])
    };
    list.as_array().unwrap().iter().map(key).collect()
}

#[test]
fn csv_and_json_lines_come_to_the_same() {
    let csv = format!(
        "digest,name,owner,tenant,scopes,expires_at,credits,metadata\r\n\
         {},billing robot,team-7,acme,invoices:read invoices:write,2099-01-31,500,\"{{\"\"plan\"\": \"\"gold\"\"}}\"\r\n\
         {},  ci ,,,,2099-01-31T12:00:00+02:00,,\r\n\
         ,,,,,,,\r\n",
        digest(1),
        digest(2).to_uppercase(),
    );
    let semicolons = format!(
        "\u{feff}Name;Digest;Owner;Tenant;Scopes;Expires_at;Credits;Metadata\n\
         billing robot;{};team-7;acme;invoices:read invoices:write;2099-01-31;500;\"{{\"\"plan\"\":\"\"gold\"\"}}\"\n\
         ci;{};;;;2099-01-31T10:00:00Z;;\n",
        digest(1),
        digest(2),
    );
    let jsonl = format!(
        "{}\n\n{}\n",
        json!({"digest": digest(1), "name": "billing robot", "owner": "team-7", "tenant": "acme",
            "scopes": ["invoices:read", "invoices:write"], "expires_at": "2099-01-31T00:00:00Z",
            "credits": 500, "metadata": {"plan": "gold"}}),
        json!({"digest": digest(2), "name": "ci", "owner": null, "expires_at": "2099-01-31T10:00:00Z"}),
    );
    for (name, text) in [("a.csv", csv), ("b.csv", semicolons), ("c.jsonl", jsonl)] {
        let folder = Folder::new();
        folder.write(name, &text);
        let said = folder.run(&["keys", "import", name]);
        assert_eq!(
            said.err, "tower-auth: 2 imported, 0 were there already\n",
            "{said:?}"
        );
        assert_eq!(
            kept(&folder),
            [
                json!(["billing robot", "team-7", "acme", ["invoices:read", "invoices:write"],
                "2099-01-31T00:00:00.000Z", 500, {"plan": "gold"}, true]),
                json!([
                    "ci",
                    null,
                    null,
                    [],
                    "2099-01-31T10:00:00.000Z",
                    null,
                    {},
                    true
                ]),
            ],
            "{name}"
        );
        let audit = folder.json(&["audit"]);
        assert_eq!(
            (text_of(&audit, 0), text_of(&audit, 1)),
            ("import", "import")
        );
    }
}

fn text_of(audit: &Value, index: usize) -> &str {
    text(&audit[index], "action")
}

#[test]
fn a_second_run_passes_over_what_is_there() {
    let folder = Folder::new();
    folder.write("keys.csv", &format!("digest,name\n{},a\n", digest(1)));
    folder.good(&["keys", "import", "keys.csv"]);
    folder.write(
        "keys.csv",
        &format!("digest,name\n{},a\n{},b\n", digest(1), digest(2)),
    );
    let dry = folder.run(&["keys", "import", "keys.csv", "--dry-run"]);
    let list = folder.json(&["keys", "list"]);
    assert_eq!(list.as_array().unwrap().len(), 1);
    let id = text(&list[0], "id");
    assert_eq!(dry.out, format!("line 2: present {id} a\nline 3: new b\n"));
    assert_eq!(
        dry.err,
        "tower-auth: 1 would be imported, 1 were there already\n"
    );
    let done = folder.json(&["keys", "import", "keys.csv"]);
    assert_eq!(
        done[0],
        json!({"line": 2, "result": "present", "id": id, "name": "a"})
    );
    assert_eq!(
        (text(&done[1], "result"), &done[1]["line"]),
        ("imported", &json!(3))
    );
    assert_eq!(folder.json(&["keys", "list"]).as_array().unwrap().len(), 2);
}

#[test]
fn standard_input_is_read_too() {
    let folder = Folder::new();
    let line = json!({"digest": digest(1), "name": "a"}).to_string();
    let said = folder.with_input(&["keys", "import", "-", "--format", "jsonl"], &line);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(
        folder.with_input(&["keys", "import", "-"], &line).fault(2),
        "the file's name tells no format: write --format csv or --format jsonl"
    );
}

#[test]
fn every_wrong_line_is_told_with_its_number_and_nothing_is_imported() {
    let folder = Folder::new();
    let key = "sk_live_0000000000000000000000000000000000000";
    let good = digest(1);
    folder.write(
        "keys.csv",
        &format!(
            "digest,name,credits,expires_at,metadata,scopes\n\
         {good},a,,,,\n\
         {key},b,,,,\n\
         ,c,,,,\n\
         {},,,,,\n\
         {},d,many,,,\n\
         {},e,,31.01.2099,,\n\
         {},f,,,gold,\n\
         {good},g,,,,\n\
         {},h,,,,a\"b\n\
         {},i\n\
         {},{},,,,\n",
            digest(2),
            digest(3),
            digest(4),
            digest(5),
            digest(6),
            digest(7),
            digest(8),
            "n".repeat(129),
        ),
    );
    let said = folder.run(&["keys", "import", "keys.csv"]);
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""));
    let lines: Vec<_> = said
        .err
        .lines()
        .map(|line| line.strip_prefix("tower-auth: ").unwrap())
        .collect();
    assert_eq!(
        lines,
        [
            "line 3: the digest is not 64 hex digits: write the SHA-256 of the key (`printf %s KEY | \
         sha256sum`); the key itself belongs into no file",
            "line 4: the digest is missing: write the SHA-256 of the key, 64 hex digits",
            "line 5: the name is missing: write what the key is for",
            "line 6: the credits are no whole number: write one such as 10000",
            "line 7: expires_at is no time: write a day such as 2027-01-31, or 2027-01-31T12:00:00Z",
            "line 8: the metadata is no JSON object: write one like {\"plan\": \"gold\"}",
            "line 9: it has the digest of line 2: keep one of them",
            "line 10: the scopes are more than 64, or one is no word of 1 to 128 printable ASCII characters \
         without space, quote and backslash",
            "line 11: it has more or fewer cells than the first line names columns",
            "line 12: the name is blank, has control characters, or has more than 128 characters",
            "nothing is imported: mend those 10 lines, and import again",
        ]
    );
    assert!(!said.err.contains(key) && !folder.file().exists());
}

#[test]
fn a_wrong_line_of_json_is_told_without_what_it_says() {
    let folder = Folder::new();
    let lines = [
        r#"{"digest": "canary"#.to_owned(),
        json!({"digest": digest(1), "name": "a", "canary": 1}).to_string(),
        json!({"digest": digest(1), "name": "a", "scopes": ["x", 1]}).to_string(),
        json!({"digest": digest(1), "name": ["canary"]}).to_string(),
        json!({"digest": digest(1), "name": "a", "credits": -1}).to_string(),
        json!({"digest": digest(1), "name": "a", "metadata": "canary"}).to_string(),
        json!(["canary"]).to_string(),
    ];
    folder.write("keys.jsonl", &lines.join("\n"));
    let said = folder.run(&["keys", "import", "keys.jsonl"]);
    let lines: Vec<_> = said
        .err
        .lines()
        .map(|line| line.strip_prefix("tower-auth: ").unwrap())
        .collect();
    let object = "it is no JSON object: write {\"digest\": \"…\", \"name\": \"…\"} in one line";
    assert_eq!(
        lines,
        [
            &format!("line 1: {object}"),
            "line 2: it has a member that is not known: write digest, name, owner, owner_method, owner_issuer, tenant, scopes, expires_at, \
         credits and metadata",
            "line 3: the scopes are no texts: write [\"invoices:read\"]",
            "line 4: a member is neither a text nor null: write it between quotes",
            "line 5: the credits are no whole number: write one such as 10000",
            "line 6: the metadata is no JSON object: write one like {\"plan\": \"gold\"}",
            &format!("line 7: {object}"),
            "nothing is imported: mend those 7 lines, and import again",
        ]
    );
    assert!(!said.err.contains("canary"));
}

/// The first line of such a file may be a key, and names of columns would be repeated.
#[test]
fn a_file_without_the_names_of_its_columns_is_told() {
    let folder = Folder::new();
    let columns = "write the names of the columns, which are digest, name, owner, owner_method, owner_issuer, tenant, scopes, \
                   expires_at, credits and metadata";
    for (head, why) in [
        ("sk_canary,robot", "column 1 has a name that is not known"),
        (
            "digest,name,canary",
            "column 3 has a name that is not known",
        ),
        ("digest,name,digest", "column 3 has the name of another one"),
        ("name,owner", "digest or name is missing"),
    ] {
        folder.write("keys.csv", &format!("{head}\n1,2,3\n"));
        assert_eq!(
            folder.fault(&["keys", "import", "keys.csv"]),
            format!("line 1: {why}: {columns}")
        );
    }
}

#[test]
fn a_file_that_is_not_there_empty_or_in_another_encoding_is_told() {
    let folder = Folder::new();
    assert_eq!(
        folder.fault(&["keys", "import", "no.csv"]),
        "no.csv cannot be read: No such file or directory (os error 2)"
    );
    folder.write("keys.csv", "digest,name\n");
    assert_eq!(
        folder.fault(&["keys", "import", "keys.csv"]),
        "keys.csv has no keys in it: write a line for each"
    );
    std::fs::write(folder.path().join("keys.csv"), b"digest,name\n\xe4,\n").unwrap();
    assert_eq!(
        folder.fault(&["keys", "import", "keys.csv"]),
        "keys.csv is not UTF-8: save it as UTF-8 (in a spreadsheet \"CSV UTF-8\")"
    );
    folder.write("keys.txt", "");
    assert_eq!(
        folder.usage(&["keys", "import", "keys.txt"]),
        "the file's name tells no format: write --format csv or --format jsonl"
    );
}

#[test]
fn an_owner_may_be_a_user_of_another_provider() {
    let folder = Folder::new();
    let (one, two, three) = (digest(1), digest(2), digest(3));
    let issuer = "https://id.example";
    folder.write("keys.csv", &format!(
        "digest,name,owner,owner_method,owner_issuer\n{one},a,ada,oauth2,{issuer}\n{two},b,ada,,\n"
    ));
    folder.good(&["keys", "import", "keys.csv"]);
    folder.make(
        "c",
        &[
            "--owner",
            "ada",
            "--owner-method",
            "oauth2",
            "--owner-issuer",
            issuer,
        ],
    );
    let list = folder.json(&["keys", "list"]);
    let ada = json!({"method": "oauth2", "issuer": issuer, "user_id": "ada"});
    let owners: Vec<_> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|key| &key["owner"])
        .collect();
    assert_eq!(owners, [&ada, &json!("ada"), &ada]);
    let shown = folder.good(&["keys", "show", text(&list[0], "id")]);
    assert!(
        shown.contains("\nowner      ada (oauth2, https://id.example)\n"),
        "{shown}"
    );

    folder.write("wrong.csv", &format!(
        "digest,name,owner,owner_method,owner_issuer\n{three},a,,oauth2,\n{three},a,ada,,{issuer}\n"
    ));
    let said = folder.run(&["keys", "import", "wrong.csv"]);
    assert_eq!(said.code, Some(1));
    assert_eq!(
        said.err
            .matches("an owner_method needs an owner beside it")
            .count(),
        2,
        "{said:?}"
    );
    assert_eq!(
        folder.usage(&["keys", "create", "--name", "a", "--owner-method", "oauth2"]),
        "--owner <USER> is missing; --help shows what there is"
    );
}

#[test]
fn a_dry_run_needs_no_store_and_makes_none() {
    let folder = Folder::new();
    folder.write("keys.csv", &format!("digest,name\n{},a\n", digest(1)));
    let said = folder.run(&["keys", "import", "keys.csv", "--dry-run"]);
    assert_eq!(
        (said.code, said.out.as_str()),
        (Some(0), "line 2: new a\n"),
        "{said:?}"
    );
    assert!(!folder.file().exists());
    assert_eq!(
        folder.fault(&[
            "keys",
            "import",
            "keys.csv",
            "--dry-run",
            "--store",
            "sqlite:no/keys.db"
        ]),
        "there is no folder \"no\" for the key store: make it, or name another one with --store"
    );
}

/// An import that is cut off in silence would pass for a whole one.
#[test]
fn an_import_that_nobody_reads_says_where_it_stopped() {
    let folder = Folder::new();
    folder.write(
        "keys.csv",
        &format!("digest,name\n{},a\n{},b\n", digest(1), digest(2)),
    );
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = folder.command(&["keys", "import", "keys.csv"]);
    let said = Said::from(command.stdout(writer).output().unwrap());
    assert_eq!(
        said.fault(1),
        "standard output is closed: stopped at line 2, with 1 imported: import the file again, what is there is \
         passed over"
    );
    folder.good(&["keys", "import", "keys.csv"]);
    assert_eq!(folder.json(&["keys", "list"]).as_array().unwrap().len(), 2);
}
