//! Codes, reasons and the fields of the log, from the sources.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs,
    time::Duration,
};

use tower_auth::AuthError;

use super::{super::root, cell};
use crate::project::floors::Sources;

const HEAD: &str = "\
# Errors and the log

<!-- Made from the code: `REWRITE=1 cargo test --all-features --test it project::guides` writes it anew. -->

A caller reads the *code*. Whoever runs the server reads the *reason* too, in the log line of the target `tower_auth`; no
caller is told it.

## Codes

The code stands in the problem body (`code`), and says what a program can do about it. It stays the same from version to
version.

| code | status | sent to the caller |
|---|---|---|
";
const MORE_CODES: &str = "
Codes of a part of the crate:

| code | made in |
|---|---|
";
const TOKENS: &str = "
## Reasons: tokens

Why a JSON Web Token is refused. For a wrong issuer or audience the log has `wanted` and `came` beside it.

| reason | what is wrong |
|---|---|
";
const REASONS: &str = "
## Reasons: everything else

Each with the parts of the crate that give it, as their sources name it; a provider or an authorizer of your own gives its own.
An error without a reason of its own has its code as its reason.

| reason | given in |
|---|---|
";
const FIELDS: &str = "
## Fields of the log

One event for each decision. A field is there only where it has a value.

";

pub(super) fn page() -> String {
    let sources = Sources::read();
    let mut page = HEAD.to_owned();
    let codes = usual_codes();
    for (code, error) in &codes {
        let (status, message) = (error.status().as_u16(), error.message());
        writeln!(page, "| `{code}` | {status} | {} |", cell(message)).unwrap();
    }
    page.push_str(MORE_CODES);
    for (code, modules) in given(&sources, &["with_code"]) {
        writeln!(page, "| `{code}` | {} |", listed(&modules)).unwrap();
    }
    page.push_str(TOKENS);
    for (reason, about) in token_reasons(&sources) {
        writeln!(page, "| `{reason}` | {} |", cell(&about)).unwrap();
    }
    page.push_str(REASONS);
    let mut reasons = given(&sources, &GIVERS);
    for (file, all) in THROUGH {
        for reason in all {
            let is_there = sources.0[file].contains(&format!("\"{reason}"));
            assert!(is_there, "src/{file}.rs has no {reason}");
            let module = file.split('/').next().unwrap().to_owned();
            reasons
                .entry((*reason).to_owned())
                .or_default()
                .insert(module);
        }
    }
    for (reason, modules) in reasons {
        writeln!(page, "| `{reason}` | {} |", listed(&modules)).unwrap();
    }
    page.push_str(FIELDS);
    page.push_str(&field_table());
    page
}

/// Fields that an event has and the table of the crate's page does not.
pub(super) fn undescribed_fields() -> Vec<String> {
    let table = field_table();
    let sources = Sources::read();
    let used = fields_in(&sources.0["event"]);
    assert!(used.len() > 10, "{used:?}");
    let is_missing = |field: &String| !table.contains(&format!("`{field}`"));
    used.into_iter().filter(is_missing).collect()
}

fn usual_codes() -> Vec<(&'static str, AuthError)> {
    let second = Duration::from_secs(1);
    [
        AuthError::invalid_request(""),
        AuthError::missing_credential(),
        AuthError::invalid_credential(""),
        AuthError::expired_credential(""),
        AuthError::insufficient_scope(""),
        AuthError::forbidden(""),
        AuthError::not_found(""),
        AuthError::conflict(""),
        AuthError::payload_too_large(""),
        AuthError::throttled(second),
        AuthError::unknown_key(second),
        AuthError::unavailable(""),
    ]
    .map(|error| (error.code(), error))
    .into()
}

/// What makes an error with a reason.
const GIVERS: [&str; 17] = [
    "invalid_request",
    "invalid_credential",
    "expired_credential",
    "forbidden",
    "not_found",
    "conflict",
    "payload_too_large",
    "with_reason",
    // Of one part of the crate each.
    "refused",
    "malformed",
    "not_asked",
    "try_again_later",
    "unreadable",
    "Fault::invalid",
    "Fault::params",
    "Fault::mismatch",
    "AnswerFault::Invalid",
];

/// Reasons that reach their error through a variable, with the files that name them. The log of each test
/// shows whether one is missing.
const THROUGH: [(&str, &[&str]); 14] = [
    (
        "auth/unread",
        &[
            "authorization_is_not_read",
            "authorization_of_another_scheme",
            "authorization_with_tab_after_scheme",
            "authorization_without_credential",
            "authorization_without_scheme",
            "credential_not_taken",
        ],
    ),
    ("authorize/by_owner", &["not_the_owner"]),
    (
        "authorize/claims",
        &["claim_missing", "claim_of_another_type"],
    ),
    ("error/auth", &["could_not_check"]),
    (
        "issuer/keys/unavailable",
        &["jwks_no_runtime", "jwks_slow", "jwks_unavailable"],
    ),
    (
        "mcp/core",
        &["unknown_prompt", "unknown_resource", "unknown_tool"],
    ),
    (
        "mcp/fault",
        &["unknown_method", "unsupported_protocol_version"],
    ),
    ("mcp/headers", &["content_type"]),
    ("mcp/message/call", &["no_version"]),
    (
        "mcp/message/read",
        &[
            "no_id",
            "no_jsonrpc",
            "no_message",
            "no_method",
            "two_messages",
        ],
    ),
    (
        "provider/at_jwt",
        &[
            "at_jwt_client_id_missing",
            "at_jwt_iat_missing",
            "at_jwt_jti_missing",
            "at_jwt_sub_missing",
        ],
    ),
    (
        "provider/introspection/answer",
        &["token_aud_mismatch", "token_iss_mismatch"],
    ),
    ("provider/oauth2/check", &["jwt_expired_unverified"]),
    (
        "revocations/judge",
        &[
            "caller_revoked",
            "token_iat_missing",
            "token_lives_too_long",
            "token_revoked",
        ],
    ),
];

/// The texts that stand in calls of these functions, each with the modules that make it.
fn given(sources: &Sources, functions: &[&str]) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (file, text) in &sources.0 {
        let parts: Vec<&str> = file.split('/').collect();
        if parts.contains(&"tests") || parts[0] == "testing" {
            continue;
        }
        let code = without_comments(text);
        for function in functions {
            for after in code.split(&format!("{function}(")).skip(1) {
                let Some(rest) = after.trim_start().strip_prefix('"') else {
                    continue;
                };
                let (name, _) = rest.split_once('"').unwrap();
                let is_name =
                    |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '_';
                if !name.is_empty() && name.chars().all(is_name) {
                    let module = parts[0].to_owned();
                    found.entry(name.to_owned()).or_default().insert(module);
                }
            }
        }
    }
    assert!(!found.is_empty());
    found
}

/// The lines of code, without what stands behind the tests of a file.
fn without_comments(text: &str) -> String {
    let lines = text.lines().take_while(|line| *line != "#[cfg(test)]");
    let lines = lines.filter(|line| !line.trim_start().starts_with("//"));
    lines.map(|line| format!("{line}\n")).collect()
}

/// Each reason of a token with the words about its variant.
fn token_reasons(sources: &Sources) -> Vec<(String, String)> {
    let text = &sources.0["jose/error"];
    let mut words: BTreeMap<&str, String> = BTreeMap::new();
    let (_, variants) = text.split_once("pub enum JoseError {").unwrap();
    let (variants, _) = variants.split_once("\n}").unwrap();
    let mut comment = String::new();
    for line in variants.lines().map(str::trim) {
        match line.strip_prefix("/// ") {
            Some(text) => comment = format!("{comment} {text}"),
            None if line.ends_with(',') => {
                let about = std::mem::take(&mut comment);
                words.insert(line.trim_end_matches(','), about.trim().to_owned());
            }
            None => {}
        }
    }
    let (_, described) = text.split_once("const fn describe(").unwrap();
    let arms = described.split("Self::").skip(1);
    let reasons: Vec<_> = arms
        .filter_map(|arm| {
            let (variant, rest) = arm.split_once(" =>")?;
            let reason = rest.split('"').nth(1)?;
            Some((reason.to_owned(), words.get(variant)?.clone()))
        })
        .collect();
    assert_eq!(reasons.len(), words.len());
    reasons
}

/// The table of the crate's page.
fn field_table() -> String {
    let text = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let lines = text.lines().filter_map(|line| line.strip_prefix("//! "));
    let table = lines.skip_while(|line| *line != "| field | holds |");
    let table = table.take_while(|line| line.starts_with('|'));
    table.map(|line| format!("{line}\n")).collect()
}

/// The names of fields in the events of a source.
fn fields_in(text: &str) -> BTreeSet<String> {
    let code = without_comments(text);
    let mut found = BTreeSet::new();
    for after in code.split("target: TARGET").skip(1) {
        let mut depth = 1_i32;
        let is_within = |char: &char| {
            depth += i32::from(*char == '(') - i32::from(*char == ')');
            depth > 0
        };
        let fields: String = after.chars().take_while(is_within).collect();
        for field in fields.split(',').map(str::trim) {
            let name = field.split([' ', '=']).next().unwrap();
            let is_name = |char: char| char.is_ascii_lowercase() || char == '_';
            if !name.is_empty() && name.chars().all(is_name) {
                found.insert(name.to_owned());
            }
        }
    }
    found
}

fn listed(modules: &BTreeSet<String>) -> String {
    let modules = modules.iter().map(|module| format!("`{module}`"));
    modules.collect::<Vec<_>>().join(", ")
}
