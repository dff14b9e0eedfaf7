//! The README's promises can be looked up.

use std::{collections::BTreeSet, fs, path::Path, time::Duration};

use tower_auth::AuthError;

#[test]
fn every_test_that_the_documents_name_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for document in ["README.md", "docs/threat-model.md"] {
        let text = fs::read_to_string(root.join(document)).unwrap();
        let is_path = |code: &&str| code.starts_with("tests/") || code.starts_with("crates/");
        let named: Vec<&str> = text.split('`').filter(is_path).collect();
        assert!(named.len() > 10, "{named:?}");
        for path in named {
            assert!(root.join(path).exists(), "{document}: {path}");
        }
    }
}

#[test]
fn every_example_that_the_readme_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let text = readme();
    let (_, after) = text.split_once("Beside it stands").unwrap();
    let (paragraph, _) = after.split_once("\n\n").unwrap();
    let named: BTreeSet<&str> = paragraph
        .split('`')
        .skip(1)
        .step_by(2)
        .map(|code| code.trim_start_matches("cargo run --example "))
        .collect();
    let there: BTreeSet<String> = fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".rs").map(str::to_owned))
        .collect();
    assert_eq!(named, there.iter().map(String::as_str).collect());
}

#[test]
fn the_readme_has_the_headings_that_people_look_for() {
    let text = readme();
    let headings: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .collect();
    let expected = [
        "Quick start",
        "Providers",
        "Public routes",
        "Errors",
        "Configuration",
        "Managed keys",
        "MCP servers",
        "Webhooks",
        "Security",
        "Performance",
    ];
    assert_eq!(headings, expected);
}

#[test]
fn the_readme_lists_every_code_with_its_status() {
    let text = readme();
    let (_, after) = text.split_once("\n## Errors\n").unwrap();
    let (section, _) = after.split_once("\n## ").unwrap();
    let second = Duration::from_secs(1);
    for error in [
        AuthError::missing_credential(),
        AuthError::invalid_credential(""),
        AuthError::expired_credential(""),
        AuthError::invalid_request(""),
        AuthError::insufficient_scope("run"),
        AuthError::forbidden(""),
        AuthError::not_found(""),
        AuthError::conflict(""),
        AuthError::payload_too_large(""),
        AuthError::throttled(second),
        AuthError::unknown_key(second),
        AuthError::unavailable(""),
    ] {
        let code = format!("`{}`", error.code());
        let row = section
            .lines()
            .find(|line| line.starts_with('|') && line.contains(&code));
        let row = row.unwrap_or_else(|| panic!("no row has {code}"));
        assert!(
            row.contains(&format!("| {}", error.status().as_u16())),
            "{row}"
        );
    }
}

/// A store keeps one prefix and one first key, so what one line of the README made would be in the way of the next.
#[test]
fn the_demo_server_of_the_readme_has_a_key_store_of_its_own() {
    let text = readme();
    let files = |before: &str| -> BTreeSet<String> {
        let after = text.split(before).skip(1);
        after
            .map(|after| after.split(char::is_whitespace).next().unwrap().to_owned())
            .collect()
    };
    let (demo, managed) = (
        files("--key-store sqlite:"),
        files("TOWER_AUTH_KEY_STORE=sqlite:"),
    );
    assert!(!demo.is_empty() && !managed.is_empty());
    assert!(demo.is_disjoint(&managed), "{demo:?} {managed:?}");
}

#[test]
fn the_readme_has_the_words_that_people_search_for() {
    let text = readme();
    for word in [
        "middleware",
        "RBAC",
        "reverse proxy",
        "tenant",
        "CSRF",
        "gRPC",
        "audit",
    ] {
        assert!(text.contains(word), "{word}");
    }
}

#[test]
fn the_readme_names_the_oldest_compiler_and_the_repository_of_the_manifest() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let value = |name: &str| {
        let line = manifest.lines().find(|line| line.starts_with(name));
        line.unwrap().split('"').nth(1).unwrap()
    };
    let text = readme();
    let compiler = format!("Rust {} or later", value("rust-version"));
    assert!(text.contains(&compiler), "{compiler}");
    let repository = format!("({})", value("repository"));
    assert!(text.contains(&repository), "{repository}");
}

fn readme() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(root.join("README.md")).unwrap()
}
