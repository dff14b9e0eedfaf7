//! Imports name the module where a thing is defined, never the crate's root: only then do they show
//! which part of the crate stands on which.

use std::{fs, path::Path};

#[test]
fn nothing_is_imported_through_the_crate_root() {
    let mut faults = Vec::new();
    search(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("src").as_path(),
        &mut faults,
    );
    assert!(
        faults.is_empty(),
        "import from the module where it is defined, as in crate::error::AuthError:\n{}",
        faults.join("\n")
    );
}

#[test]
fn an_import_through_the_root_is_seen_in_every_form() {
    for (text, name) in [
        ("use crate::AuthError;", "AuthError"),
        ("use crate::{log, AuthError};", "AuthError"),
        (
            "use crate::{\n    answer::{self, Answer},\n    AuthError,\n};",
            "AuthError",
        ),
        ("use crate::{AuthError as Refusal};", "AuthError"),
        ("fn f() -> crate::Scopes { x }", "Scopes"),
        ("use crate::{*};", "*"),
        ("use crate::*;", "*"),
    ] {
        assert_eq!(from_root(text), [name], "{text}");
    }
}

#[test]
fn what_names_a_module_or_is_documentation_is_none() {
    for text in [
        "use crate::error::AuthError;",
        "use crate::{answer::{self, Answer}, error::AuthError};",
        "/// See [`AuthError`](crate::AuthError).\n//! [`Scopes`]: crate::Scopes",
        "// not through crate::AuthError",
        "use crate::log::{Clean, Own};",
        "pub(crate) use self::layer::AuthLayer;",
        "macro_rules! m { () => { $crate::AuthError } }",
    ] {
        assert!(from_root(text).is_empty(), "{text}");
    }
}

fn search(folder: &Path, faults: &mut Vec<String>) {
    let mut entries: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            search(&path, faults);
        } else if path.extension().is_some_and(|ext| ext == "rs") && !path.ends_with("src/lib.rs") {
            let text = fs::read_to_string(&path).unwrap();
            let names = from_root(&text);
            faults.extend(
                names
                    .into_iter()
                    .map(|name| format!("{}: {name}", path.display())),
            );
        }
    }
}

/// The names that a source file takes from the crate's root.
fn from_root(source: &str) -> Vec<String> {
    let code: Vec<_> = source
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect();
    let code = code.join("\n");
    let mut names = Vec::new();
    for (at, root) in code.match_indices(ROOT) {
        let before = code[..at].chars().next_back();
        // A macro's `$crate` is read where the macro is used.
        if before.is_some_and(|before| before == '$' || before == '_' || before.is_alphanumeric()) {
            continue;
        }
        let path = &code[at + root.len()..];
        match path.strip_prefix('{') {
            Some(list) => names.extend(firsts(list)),
            None => names.extend(name(path)),
        }
    }
    names
}

/// The names that the parts of a list, which begins behind its brace, have at their beginning and
/// that are of no module.
fn firsts(list: &str) -> Vec<String> {
    let (mut names, mut depth, mut is_first) = (Vec::new(), 0, true);
    for (at, sign) in list.char_indices() {
        match sign {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => is_first = true,
            _ if is_first && !sign.is_whitespace() => {
                names.extend(name(&list[at..]));
                is_first = false;
            }
            _ => {}
        }
    }
    names
}

/// The name at the beginning, where it is of a type, a trait or everything.
fn name(path: &str) -> Option<String> {
    let end = path
        .find(|sign: char| !sign.is_alphanumeric() && sign != '_' && sign != '*')
        .unwrap_or(path.len());
    let name = &path[..end];
    let is_of_root = name.starts_with(|sign: char| sign.is_uppercase() || sign == '*');
    is_of_root.then(|| name.to_owned())
}

const ROOT: &str = "crate::";
