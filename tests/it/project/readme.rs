//! The README's promises can be looked up.

use std::{fs, path::Path};

#[test]
fn every_test_that_the_readme_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("README.md")).unwrap();
    let named: Vec<&str> = text
        .split('`')
        .filter(|code| code.starts_with("tests/"))
        .collect();
    assert!(named.len() > 10, "{named:?}");
    for path in named {
        assert!(root.join(path).exists(), "{path}");
    }
}
