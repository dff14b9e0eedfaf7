//! `tower-auth revoke`.

use serde_json::{Value, json};

use crate::common::{Folder, text};

fn audit(folder: &Folder) -> Vec<Value> {
    let audit = folder.json(&["keys", "audit"]);
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
    assert!(said.starts_with("revoked the token, until "), "{said}");
    let last = &audit(&folder)[0];
    assert_eq!(last["action"], "revoke_tokens");
    assert_eq!(last["by"], json!({"operator": "root"}));
    let revocation = &last["revocation"];
    assert_eq!(revocation["issuer"], "https://issuer.example");
    assert_eq!(
        (&revocation["jti"], &revocation["reason"]),
        (&json!("7f03"), &json!("in a log"))
    );
    let table = folder.good(&["keys", "audit"]);
    assert!(table.contains(" end ") && table.contains("7f03"), "{table}");
}

#[test]
fn a_token_is_kept_until_the_expiry_that_is_given() {
    let folder = Folder::new();
    folder.make("a", &[]);
    let revoked = folder.json(&["revoke", "--jti", "7f03", "--expires-at", "2100-01-31"]);
    assert_eq!(text(&revoked[0], "until"), "2100-01-31T00:00:00.000Z");
    assert_eq!(revoked[0]["before"], Value::Null);
}

#[test]
fn a_user_ends_for_every_provider_of_tokens_or_for_the_one_that_is_named() {
    let folder = Folder::new();
    folder.make("a", &[]);
    let revoked = folder.json(&[
        "revoke",
        "--issuer",
        "https://issuer.example",
        "--user",
        "ada",
    ]);
    let methods: Vec<_> = revoked
        .as_array()
        .unwrap()
        .iter()
        .map(|one| text(one, "method"))
        .collect();
    assert_eq!(methods, ["jwt", "oauth2", "introspection", "userinfo"]);
    let revoked = folder.json(&[
        "revoke",
        "--user",
        "ada",
        "--method",
        "oauth2",
        "--before",
        "2020-01-31",
    ]);
    assert_eq!(revoked.as_array().unwrap().len(), 1);
    assert_eq!(text(&revoked[0], "before"), "2020-01-31T00:00:00.000Z");
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
    let revoked = folder.json(&[&revoke[..], &["--tenant", "acme"]].concat());
    assert_eq!(revoked[0]["keys"], 1);
    let state = |key: &Value| {
        let shown = folder.json(&["keys", "show", text(key, "id")]);
        text(&shown, "state").to_owned()
    };
    assert_eq!(
        [&one, &of_tenant, &other].map(state),
        ["live", "revoked", "live"]
    );
    let revoked = folder.json(&revoke);
    assert_eq!(revoked[0]["keys"], 1);
    assert_eq!(
        [&one, &of_tenant, &other].map(state),
        ["revoked", "revoked", "live"]
    );
    let of_keys = folder.json(&["revoke", "--user", "ada", "--method", "api_key"]);
    assert_eq!(of_keys[0]["keys"], 1);
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
        (
            &["revoke", "--user", "a", "--before", "2100-01-31"],
            "future",
        ),
    ] {
        let line = folder.usage(arguments);
        assert!(line.contains(expected), "{line}");
    }
}
