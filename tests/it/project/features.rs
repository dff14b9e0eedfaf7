//! Features choose whole files: an item within a file knows none.

use super::floors::Sources;

#[test]
fn a_feature_chooses_modules_and_imports_and_nothing_within_a_file() {
    let faults: Vec<_> = Sources::read()
        .0
        .iter()
        .flat_map(|(file, text)| {
            misplaced_features(text).map(move |line| format!("{file}: {line}"))
        })
        .collect();
    assert!(
        faults.is_empty(),
        "move the item into a file of its own, behind a `mod` line with the feature:\n{}",
        faults.join("\n")
    );
}

#[test]
fn a_feature_on_an_item_is_found() {
    for (text, count) in [
        ("#[cfg(feature = \"a\")]\nmod a;", 0),
        (
            "#[cfg(any(feature = \"a\", test))]\n#[path = \"b.rs\"]\npub(crate) mod b;",
            0,
        ),
        ("#[cfg(not(feature = \"a\"))]\npub use self::a::A;", 0),
        ("//! `#[cfg(feature = \"a\")]`\nfn a() {}", 0),
        ("#[cfg(feature = \"a\")]\nfn a() {}", 1),
        ("    #[cfg(feature = \"a\")]\n    pub(crate) fn a() {}", 1),
        (
            "#[cfg_attr(not(feature = \"a\"), allow(dead_code))]\nmod a;",
            1,
        ),
        ("if cfg!(feature = \"a\") {}", 1),
    ] {
        assert_eq!(misplaced_features(text).count(), count, "{text}");
    }
}

/// The lines that name a feature and stand on anything else than a module or an import.
fn misplaced_features(text: &str) -> impl Iterator<Item = &str> {
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    let is_import = |line: &str| {
        let line = line.split_once(") ").map_or(line, |(_, rest)| rest);
        let line = line.trim_start_matches("pub ");
        line.starts_with("mod ") || line.starts_with("use ")
    };
    (0..lines.len()).filter_map(move |at| {
        let line = lines[at];
        if line.starts_with("//") || !line.contains("feature = \"") || line.starts_with("#![") {
            return None;
        }
        let item = lines[at..].iter().find(|line| !line.starts_with("#["));
        let is_cfg = line.starts_with("#[cfg(") && item.is_some_and(|item| is_import(item));
        (!is_cfg).then_some(line)
    })
}
