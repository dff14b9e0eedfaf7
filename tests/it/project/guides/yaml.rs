//! Every file that a document shows is read, and comes to something.

use std::{fs, path::Path};

use tower_auth::{authorize::by_scope, config::AuthConfig, provider::provider_fn};

use super::{Document, root, scratch};

#[test]
fn every_file_that_a_document_shows_is_good() {
    let folder = scratch("shown_files");
    let mut count = 0;
    let mut faults = Vec::new();
    for document in Document::all() {
        for block in document.blocks() {
            let is_yaml = block.info.split([',', ' ']).next() == Some("yaml");
            let is_ours = block.text.lines().any(|line| line.starts_with("auth:"));
            if !is_yaml || !is_ours {
                continue;
            }
            count += 1;
            let text = with_files(&block.text, &folder);
            let file = folder.join("auth.yaml");
            fs::write(&file, &text).unwrap();
            if let Err(fault) = built(&file, &text) {
                faults.push(format!("{}:{}: {fault}", document.path, block.line));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(count > 20, "{count}");
}

fn built(file: &Path, text: &str) -> Result<(), String> {
    let variables = names_behind(text, "${").into_iter().map(|name| {
        let value = match &*name {
            name if name.contains("STORE") => "sqlite:keys.db".to_owned(),
            name if name.contains("SHARED") => "redis://counts".to_owned(),
            name => format!("{name}-0123456789abcdef0123456789abcdef"),
        };
        (name, value)
    });
    let mut config = AuthConfig::from_file(file)
        .with_env(variables)
        .register_key_store("sqlite", tower_auth_sqlite::open_url)
        .register_key_store("postgres", tower_auth_postgres::open_url)
        .register_shared("redis", tower_auth_redis::open_url)
        .register_shared("postgres", tower_auth_postgres::open_shared_url)
        .register_revocations("redis", tower_auth_redis::open_revocations_url);
    for name in names_behind(text, "custom: ") {
        let provider = provider_fn(|_| Ok(None)).with_credentials([]);
        config = config.with_provider(name, provider);
    }
    for name in names_behind(text, "authorization: ") {
        config = config.with_authorizer(name, by_scope());
    }
    config
        .build()
        .map(drop)
        .map_err(|faults| faults.to_string())
}

/// The names of variables, or the words behind a member.
fn names_behind(text: &str, before: &str) -> Vec<String> {
    let found = text.split(before).skip(1).map(|after| {
        let is_part = |char: char| char.is_alphanumeric() || char == '_';
        let end = after.find(|char| !is_part(char)).unwrap_or(after.len());
        after[..end].to_owned()
    });
    let mut found: Vec<String> = found.filter(|name| name != "file").collect();
    found.sort();
    found.dedup();
    found
}

/// The text with each file that it names in this folder, and something good in it.
fn with_files(text: &str, folder: &Path) -> String {
    let mut lines = Vec::new();
    let mut count = 0;
    for line in text.lines() {
        let mut line = line.to_owned();
        for before in ["_file: ", "${file:"] {
            let Some((start, rest)) = line
                .split_once(before)
                .map(|(start, rest)| (start.to_owned(), rest.to_owned()))
            else {
                continue;
            };
            let end = rest.find([' ', ',', '}', '"']).unwrap_or(rest.len());
            count += 1;
            let name = format!("file_{count}");
            let content = match &*start {
                start if start.trim_end().ends_with("ca") => common("tls/authority.crt"),
                start if start.ends_with("public_key") && line.contains("RS") => {
                    common("keys/rsa.pub.pem")
                }
                start if start.ends_with("public_key") => common("keys/p256.pub.pem"),
                start if start.ends_with("url") => "redis://counts".to_owned(),
                _ => format!("secret-{count}-0123456789abcdef0123456789abcdef"),
            };
            fs::write(folder.join(&name), content).unwrap();
            line = format!("{start}{before}{name}{}", &rest[end..]);
        }
        lines.push(line);
    }
    lines.join("\n") + "\n"
}

fn common(path: &str) -> String {
    fs::read_to_string(root().join("tests/common").join(path)).unwrap()
}
