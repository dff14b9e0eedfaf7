//! Broken files, each with the exact words that it gets.
//!
//! `tests/it/config/broken/NAME.yaml` or `.json` is a file, `NAME.expected` what is said of it. With
//! `REWRITE=1` in the environment the words of now are written there.

use std::{env, fs, path::Path};

use tower_auth::{authorize::by_scope, config::AuthConfig};

use super::files::{ENV, ready};

/// Relative, so that the words are the same on every machine; tests run in the package's folder.
const FOLDER: &str = "tests/it/config/broken";

fn broken(path: &Path) -> AuthConfig {
    let more = [
        ("EMPTY", ""),
        ("BLANK", " \t"),
        ("BAD_JSON", "[{\"name\": sk-canary}]"),
    ];
    ready(AuthConfig::from_file(path))
        .with_env(ENV.into_iter().chain(more))
        .with_authorizer("scopes", by_scope())
}

#[test]
fn every_broken_file_fails_with_its_words() {
    let mut count = 0;
    let mut wrong = vec![];
    let mut entries: Vec<_> = fs::read_dir(FOLDER)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end != "expected"))
        .collect();
    entries.sort();
    for path in entries {
        count += 1;
        let said = match broken(&path).build() {
            Ok(setup) => panic!("{} builds: {}", path.display(), setup.summary()),
            Err(faults) => format!("{faults}\n"),
        };
        assert!(!said.contains("canary"), "{said}");
        let expected = path.with_extension("expected");
        if env::var_os("REWRITE").is_some() {
            fs::write(&expected, &said).unwrap();
        }
        if fs::read_to_string(&expected).unwrap_or_default() != said {
            wrong.push(said);
        }
    }
    assert!(wrong.is_empty(), "not as expected:\n{}", wrong.concat());
    assert!(count >= 60, "{count}");
}

#[test]
fn no_words_are_left_of_a_file_that_is_gone() {
    for entry in fs::read_dir(FOLDER).unwrap() {
        let path = entry.unwrap().path();
        let has_file = ["yaml", "json"]
            .iter()
            .any(|end| path.with_extension(end).exists());
        assert!(has_file, "{}", path.display());
    }
}

#[test]
fn every_fault_says_where_it_is() {
    for entry in fs::read_dir(FOLDER).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().unwrap() == "expected" {
            continue;
        }
        let faults = broken(&path).build().unwrap_err();
        for fault in faults.faults() {
            let of_the_whole_file = fault.path().is_empty();
            let has_place = fault.line().is_some() && fault.column().is_some();
            assert!(has_place || of_the_whole_file, "{fault}");
            assert!(!fault.message().is_empty());
            assert!(!fault.to_string().contains('\n'), "{fault}");
        }
    }
}
