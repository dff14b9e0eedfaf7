//! Every public item is shown in use: by an example of its own, or by one of the type or module it
//! belongs to.

use std::{collections::BTreeSet, fs, path::Path};

#[test]
fn every_public_item_is_in_an_example() {
    let mut crate_docs = Docs::default();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_docs.read_folder(&root.join("src"));
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    crate_docs.shown.extend(words(&examples(&readme)));

    let missing = crate_docs.missing();
    assert!(
        missing.is_empty(),
        "show these in an example of their own, or in one of their type or module:\n{}",
        missing.join("\n")
    );
}

#[test]
fn an_item_without_an_example_is_found() {
    for (source, missing) in [
        ("pub use self::a::Key;\n/// A key.\npub struct Key;", "Key"),
        (
            "pub use self::a::key;\n/// A key.\npub async fn key() {}",
            "key",
        ),
        (
            "pub use self::a::Key;\n/// ```\n/// Key\n/// ```\npub struct Key;\nimpl Key {\n    /// Its id.\n    \
             pub const fn id() {}\n}",
            "id",
        ),
        (
            "pub use self::a::Key;\n/// ```text\n/// Key\n/// ```\npub struct Key;",
            "Key",
        ),
        (
            "pub use self::a::Key;\n/// Made by [`new_key`].\npub struct Key;",
            "Key",
        ),
    ] {
        let mut docs = Docs::default();
        docs.read("a.rs", source);
        assert_eq!(docs.missing(), [format!("a.rs: {missing}")], "{source}");
    }
}

#[test]
fn an_item_is_shown_by_its_own_example_its_types_or_that_of_its_maker() {
    for source in [
        "pub use self::a::Key;\n/// ```\n/// let x = 1;\n/// ```\n#[derive(Clone)]\npub struct Key;",
        "pub use self::a::Key;\n/// ```\n/// Key::new().id()\n/// ```\npub struct Key;\nimpl Key {\n    pub fn id() {}\n}",
        "pub use self::a::{Key, key};\n/// ```\n/// key()\n/// ```\npub fn key() {}\n/// Made by [`key`].\npub struct Key;",
        "//! ```\n//! Key\n//! ```\npub use self::a::Key;\n/// A key.\npub struct Key;",
        "pub use self::a::Key;\n/// ```\n/// Key\n/// ```\n#[derive(\n    Clone,\n)]\npub struct Key;",
        "pub(crate) use self::a::Key;\n/// A key.\npub struct Key;\nimpl Key {\n    pub fn id() {}\n}",
    ] {
        let mut docs = Docs::default();
        docs.read("a.rs", source);
        assert!(docs.missing().is_empty(), "{source}");
    }
}

/// What the sources declare, and what their examples show.
#[derive(Default)]
struct Docs {
    items: Vec<Item>,
    /// Names that a face hands on.
    exported: BTreeSet<String>,
    /// Names that occur in an example.
    shown: BTreeSet<String>,
}

struct Item {
    file: String,
    name: String,
    /// The type that a method belongs to.
    of_type: Option<String>,
    has_example: bool,
    /// What its comment links to.
    links: Vec<String>,
}

impl Docs {
    fn read_folder(&mut self, folder: &Path) {
        let mut entries: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                self.read_folder(&path);
            } else if path.extension().is_some_and(|ext| ext == "rs") {
                let source = fs::read_to_string(&path).unwrap();
                self.read(&path.display().to_string(), &source);
            }
        }
    }

    fn read(&mut self, file: &str, source: &str) {
        for (at, _) in source.match_indices("pub use ") {
            if at == 0 || source[..at].ends_with('\n') {
                let end = source[at..].find(';').unwrap();
                self.exported.extend(words(&source[at..at + end]));
            }
        }
        let (mut comment, mut of_type, mut is_in_attribute) = (String::new(), None, false);
        for line in source.lines() {
            let text = line.trim_start();
            if let Some(doc) = text.strip_prefix("///").or(text.strip_prefix("//!")) {
                comment.push_str(doc);
                comment.push('\n');
                continue;
            }
            if text.starts_with("#[cfg(test)]") {
                break;
            }
            if is_in_attribute || text.starts_with("#[") {
                is_in_attribute = !text.ends_with(']');
                continue;
            }
            let examples = examples(&comment);
            self.shown.extend(words(&examples));
            if let Some(name) = implemented(text) {
                of_type = Some(name);
            }
            if let Some((keyword, name)) = declared(text) {
                let is_method = KEYWORDS[..4].contains(&keyword) && line.starts_with(' ');
                self.items.push(Item {
                    file: file.into(),
                    name: name.into(),
                    of_type: if is_method { of_type.clone() } else { None },
                    has_example: !examples.is_empty(),
                    links: links(&comment),
                });
            }
            comment.clear();
        }
    }

    /// The items that somebody outside can name and nobody shows.
    fn missing(&self) -> Vec<String> {
        let is_public = |item: &&Item| match &item.of_type {
            // A macro writes the methods of several types.
            Some(of_type) => of_type.starts_with('$') || self.exported.contains(of_type),
            None => self.exported.contains(&item.name),
        };
        let is_shown = |item: &&Item| {
            item.has_example
                || self.shown.contains(&item.name)
                || item.links.iter().any(|link| self.shown.contains(link))
        };
        self.items
            .iter()
            .filter(is_public)
            .filter(|item| !is_shown(item))
            .map(|item| format!("{}: {}", item.file, item.name))
            .collect()
    }
}

/// The code blocks of a comment that are compiled.
fn examples(comment: &str) -> String {
    let mut examples = String::new();
    let mut block: Option<bool> = None;
    for line in comment.lines() {
        match (line.trim_start().strip_prefix("```"), block) {
            (Some(kind), None) => {
                block = Some(["", "rust", "no_run", "should_panic"].contains(&kind.trim()));
            }
            (Some(_), Some(_)) => block = None,
            (None, Some(true)) => {
                examples.push_str(line);
                examples.push('\n');
            }
            (None, _) => {}
        }
    }
    examples
}

/// The names in the links of a comment: `by_owner` of `` [`by_owner`] ``, `check` of
/// `` [`Authorizer::check`] ``.
fn links(comment: &str) -> Vec<String> {
    let parts = comment.split("[`").skip(1);
    parts
        .filter_map(|part| part.split_once("`]"))
        .filter_map(|(link, _)| words(link).pop())
        .collect()
}

/// The type that an `impl` is of.
fn implemented(line: &str) -> Option<String> {
    let rest = line.strip_prefix("impl")?;
    let rest = match rest.strip_prefix('<') {
        Some(bounded) => after_bounds(bounded)?,
        None => rest,
    };
    let of_type = rest.rsplit(" for ").next()?.trim_start();
    let end = |char: char| !(char.is_alphanumeric() || char == '_' || char == '$');
    of_type.split(end).next().map(str::to_owned)
}

/// What stands behind the bounds that `<` has opened.
fn after_bounds(text: &str) -> Option<&str> {
    let mut depth = 1_usize;
    for (at, char) in text.char_indices() {
        match char {
            '<' => depth += 1,
            '>' if !text[..at].ends_with('-') => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return text.get(at + 1..);
        }
    }
    None
}

/// The keyword and the name of a public declaration.
fn declared(line: &str) -> Option<(&'static str, &str)> {
    let declaration = line.strip_prefix("pub ")?;
    let (keyword, name) = KEYWORDS.iter().find_map(|keyword| {
        let name = declaration.strip_prefix(keyword)?.strip_prefix(' ')?;
        Some((*keyword, name))
    })?;
    let end = |char: char| !(char.is_alphanumeric() || char == '_');
    Some((keyword, name.split(end).next()?))
}

fn words(text: &str) -> Vec<String> {
    text.split(|char: char| !(char.is_alphanumeric() || char == '_'))
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Of these, the first four may stand in an `impl`.
const KEYWORDS: [&str; 8] = [
    "const fn", "async fn", "fn", "const", "struct", "enum", "trait", "type",
];
