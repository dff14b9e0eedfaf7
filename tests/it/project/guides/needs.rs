//! A guide that shows a manifest names there every feature that its programs need.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use serde_json::Value;

use super::{Document, root, shown::manifest};

#[test]
fn a_manifest_in_a_guide_names_the_features_of_what_the_guide_uses() {
    let ours = manifest(&root().join("Cargo.toml")).unwrap();
    let needed = features_of_names();
    let (mut manifests, mut uses) = (0, 0);
    for guide in Document::all() {
        let blocks = guide.blocks();
        let named = blocks.iter().find(|block| block.info == "toml");
        // The README's own test compiles what it shows with what it names.
        let Some(named) = named.filter(|_| guide.path.starts_with("docs/")) else {
            continue;
        };
        manifests += 1;
        let features = features_of_manifest(&named.text, &ours["features"]);
        let programs = blocks.iter().filter(|block| block.info.starts_with("rust"));
        for program in programs {
            for (name, needs) in &needed {
                if !names(&program.text, name) {
                    continue;
                }
                uses += 1;
                let missing: Vec<_> = needs.difference(&features).collect();
                let place = format!("{}:{}", guide.path, program.line);
                assert!(missing.is_empty(), "{place}: {name} needs {missing:?}");
            }
        }
    }
    assert!(manifests >= 2 && uses >= 10, "{manifests} {uses}");
}

/// The features behind the modules of the crate and the names of providers.
fn features_of_names() -> BTreeMap<String, BTreeSet<String>> {
    let mut found = BTreeMap::new();
    for (file, begins) in [
        ("src/lib.rs", "pub mod "),
        ("src/provider/mod.rs", "pub use self::"),
    ] {
        let text = fs::read_to_string(root().join(file)).unwrap();
        for after in text.split("\n#[cfg(").skip(1) {
            let (condition, item) = after.split_once(")]\n").unwrap();
            let Some(item) = item.strip_prefix(begins) else {
                continue;
            };
            assert!(!condition.starts_with("any("), "{file}: {condition}");
            if condition.starts_with("not(") {
                continue;
            }
            let (item, _) = item.split_once(';').unwrap();
            let features = condition.split('"').skip(1).step_by(2);
            let features: BTreeSet<String> = features.map(str::to_owned).collect();
            let is_module = begins == "pub mod ";
            let is_name = |word: &&str| is_module || word.starts_with(char::is_uppercase);
            for name in words(item).filter(is_name) {
                let path = if is_module { "::" } else { "" };
                found.insert(format!("{name}{path}"), features.clone());
            }
        }
    }
    for name in ["config::", "testing::", "OAuth2Auth", "JwtAuth"] {
        assert!(found.contains_key(name), "{name} in {found:?}");
    }
    found
}

/// The features that a manifest turns on, with those that they turn on.
fn features_of_manifest(text: &str, all: &Value) -> BTreeSet<String> {
    let line = text.lines().find(|line| line.starts_with("tower-auth = "));
    let (_, list) = line.unwrap().split_once("features = [").unwrap();
    let mut open: Vec<&str> = list.split('"').skip(1).step_by(2).collect();
    open.push("default");
    let mut found = BTreeSet::new();
    while let Some(feature) = open.pop() {
        let more = all[feature].as_array();
        if found.insert(feature.to_owned()) {
            open.extend(more.into_iter().flatten().filter_map(Value::as_str));
        }
    }
    found
}

/// Whether a program names something of this crate.
fn names(program: &str, name: &str) -> bool {
    program.match_indices(name).any(|(at, _)| {
        let (before, after) = (&program[..at], &program[at + name.len()..]);
        let is_word = |char: char| char.is_alphanumeric() || char == '_';
        let is_other_crate = before.ends_with("::") && !before.ends_with("tower_auth::");
        let ends = name.ends_with("::") || !after.starts_with(is_word);
        ends && !before.ends_with(is_word) && !(name.ends_with("::") && is_other_crate)
    })
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|char: char| !char.is_alphanumeric() && char != '_')
        .filter(|word| !word.is_empty())
}
