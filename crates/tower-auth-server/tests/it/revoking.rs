//! `tower-auth revoke`.

use serde_json::{Value, json};

use crate::common::{Folder, text};

fn audit(folder: &Folder) -> Vec<Value> {
    let audit = folder.json(&["audit"]);
    audit.as_array().unwrap().clone()
}

#[test]
fn a_token_is_revoked_and_told_in_the_audit_records() {
    let folder = Folder::new();
    folder.make("a", &[]);
    let said = folder.good(&[
        "revoke",
        "--issuer",
        "https://issuer.example",
        "--jti",
        "7f03",
        "--reason",
        "in a log",
        "--as",
        "root",
    ]);
    assert!(
        said.starts_with("revoked the token of https://issuer.example, "),
        "{said}"
    );
    let last = &audit(&folder)[0];
    assert_eq!(last["action"], "revoke_tokens");
    assert_eq!(last["by"], json!({"operator": "root"}));
    let revocation = &last["revocation"];
    assert_eq!(revocation["issuer"], "https://issuer.example");
    assert_eq!(
        (&revocation["jti"], &revocation["reason"]),
        (&json!("7f03"), &json!("in a log"))
    );
    let table = folder.good(&["audit"]);
    assert!(table.contains(" end ") && table.contains("7f03"), "{table}");
}

#[test]
fn a_token_is_kept_until_the_expiry_that_is_given() {
    let folder = Folder::new();
    folder.make("a", &[]);
    let revoked = folder.json(&["revoke", "--jti", "7f03", "--expires-at", "2100-01-31"]);
    assert_eq!(text(&revoked, "until"), "2100-01-31T00:00:00.000Z");
    assert_eq!(revoked["before"], Value::Null);
}

#[test]
fn a_user_ends_for_every_provider_or_for_the_method_that_is_named() {
    let folder = Folder::new();
    folder.make("a", &[]);
    let issuer = ["--issuer", "https://issuer.example"];
    let revoked = folder.json(&[&["revoke", "--user", "ada"][..], &issuer].concat());
    assert_eq!(revoked["user"], "ada");
    assert_eq!(
        (&revoked["issuer"], &revoked["method"]),
        (&json!("https://issuer.example"), &Value::Null)
    );
    let last = &audit(&folder)[0]["revocation"];
    assert_eq!(
        (&last["issuer"], &last["user_id"], &last["principal"]),
        (
            &json!("https://issuer.example"),
            &json!("ada"),
            &Value::Null
        )
    );
    let revoked = folder.json(&[
        "revoke",
        "--user",
        "ada",
        "--method",
        "oauth2",
        "--before",
        "2020-01-31",
    ]);
    assert_eq!(text(&revoked, "before"), "2020-01-31T00:00:00.000Z");
    let last = &audit(&folder)[0]["revocation"];
    assert_eq!(
        last["principal"],
        json!({"method": "oauth2", "issuer": null, "user_id": "ada"})
    );
}

#[test]
fn it_is_told_who_ended_and_which_keys_of_that_user_id_did_not() {
    let folder = Folder::new();
    let owned = |name: &str, issuer: &str| {
        let owner = ["--owner", "ada", "--owner-method", "jwt", "--owner-issuer"];
        let made = folder.make(name, &[&owner[..], &[issuer]].concat());
        text(&made, "id").to_owned()
    };
    let issuer = "https://issuer.example";
    let one = owned("one", issuer);
    let by_claim = owned("by claim", &format!("{issuer}#user_id"));
    let other = owned("other", "https://other.example");
    let run = folder.run(&["revoke", "--user", "ada", "--issuer", issuer]);
    let (said, noted) = (&run.out, &run.err);
    let first = format!("revoked everything of the user ada of {issuer} that was issued until ");
    assert!(
        said.starts_with(&first) && said.contains("and 2 managed keys"),
        "{said}"
    );
    for (id, name) in [(&one, "one"), (&by_claim, "by claim")] {
        let line = format!("revoked the key {id}, {name}, of ada (jwt, ");
        assert!(said.contains(&line), "{said}");
    }
    let line =
        format!("the key {other}, other, of ada (jwt, https://other.example) has this user id too");
    assert!(noted.contains(&line), "{noted}");
    assert!(
        noted.contains(&format!("`tower-auth keys revoke {other}`")),
        "{noted}"
    );
}

#[test]
fn the_stores_own_user_ends_with_the_label_of_the_store() {
    let folder = Folder::new();
    let key = folder.make("a", &["--owner", "ada"]);
    let of_label = ["revoke", "--user", "ada", "--issuer", "robots"];
    let left = folder.json(&of_label);
    assert_eq!(
        (&left["keys"], &left["left"][0]["id"]),
        (&json!([]), &key["id"])
    );
    let revoked = folder.json(&[&of_label[..], &["--method", "api_key"]].concat());
    assert_eq!(
        (&revoked["keys"][0]["id"], &revoked["left"]),
        (&key["id"], &json!([]))
    );
}

#[test]
fn a_token_ends_for_the_method_that_is_named() {
    let folder = Folder::new();
    folder.make("a", &[]);
    let said = folder.good(&["revoke", "--jti", "7f03", "--method", "sessions"]);
    assert!(said.contains("where the method is sessions"), "{said}");
    assert_eq!(audit(&folder)[0]["revocation"]["method"], "sessions");
}

#[test]
fn the_keys_of_the_user_are_revoked_and_those_of_others_stay() {
    let folder = Folder::new();
    let of_ada = |more: &[&str]| {
        let owner = [
            "--owner",
            "ada",
            "--owner-method",
            "oauth2",
            "--owner-issuer",
            "https://issuer.example",
        ];
        folder.make("of ada", &[&owner, more].concat())
    };
    let [one, of_tenant] = [of_ada(&[]), of_ada(&["--tenant", "acme"])];
    let other = folder.make("of another ada", &["--owner", "ada"]);
    let revoke = [
        "revoke",
        "--issuer",
        "https://issuer.example",
        "--user",
        "ada",
        "--method",
        "oauth2",
    ];
    let keys = |revoked: &Value| revoked["keys"].as_array().unwrap().len();
    let revoked = folder.json(&[&revoke[..], &["--tenant", "acme"]].concat());
    assert_eq!(keys(&revoked), 1);
    let state = |key: &Value| {
        let shown = folder.json(&["keys", "show", text(key, "id")]);
        text(&shown, "state").to_owned()
    };
    assert_eq!(
        [&one, &of_tenant, &other].map(state),
        ["live", "revoked", "live"]
    );
    let revoked = folder.json(&revoke);
    assert_eq!(keys(&revoked), 1);
    assert_eq!(
        [&one, &of_tenant, &other].map(state),
        ["revoked", "revoked", "live"]
    );
    let of_keys = folder.json(&["revoke", "--user", "ada", "--method", "api_key"]);
    assert_eq!(keys(&of_keys), 1);
    assert_eq!(state(&other), "revoked");
}

#[test]
fn what_is_not_of_the_right_form_is_said_in_a_line() {
    let folder = Folder::new();
    folder.make("a", &[]);
    for (arguments, expected) in [
        (&["revoke"][..], "--jti"),
        (&["revoke", "--jti", "a", "--user", "b"], "--user"),
        (&["revoke", "--jti", "a", "--before", "2020-01-31"], "--"),
        (
            &["revoke", "--user", "a", "--before", "yesterday"],
            "--before",
        ),
        (&["revoke", "--user", "a", "--issuer", ""], "--issuer"),
        (
            &["revoke", "--user", "a", "--before", "2100-01-31"],
            "future",
        ),
    ] {
        let line = folder.usage(arguments);
        assert!(line.contains(expected), "{line}");
    }
}

/// Else it would end nothing, and say that it was done.
#[test]
fn what_an_unset_variable_leaves_is_refused() {
    let folder = Folder::new();
    folder.make("a", &[]);
    for (option, more) in [
        ("--user", &[][..]),
        ("--jti", &[]),
        ("--tenant", &["--user", "ada"]),
        ("--method", &["--user", "ada"]),
    ] {
        let said = folder.usage(&[&["revoke", option, ""], more].concat());
        assert_eq!(
            said,
            format!("{option} is blank: write what is meant, or leave the option out")
        );
    }
}

#[test]
fn what_ends_nothing_is_told() {
    let folder = Folder::new();
    folder.make("a", &[]);
    let passed = ["revoke", "--jti", "7f03", "--expires-at", "2020-01-31"];
    assert_eq!(
        folder.usage(&passed),
        "--expires-at has passed, so the token is refused already: write its claim `exp`"
    );
    for (method, is_told) in [("oauth", true), ("oauth2", false), ("api_key", false)] {
        let said = folder.run(&["revoke", "--user", "42", "--method", method]);
        assert_eq!(said.code, Some(0));
        let warning = "no provider of tower-auth has the method oauth: this is right only for";
        assert_eq!(said.err.contains(warning), is_told, "{}", said.err);
    }
    let said = folder.good(&["revoke", "--user", "42"]);
    assert!(said.contains("(--issuer names others)"), "{said}");
}
