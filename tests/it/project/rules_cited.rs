//! Every rule that a test names can be looked up.

use std::{collections::BTreeSet, fs, path::Path};

#[test]
fn every_rule_that_is_cited_stands_in_the_rules() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let rules = numbers(&fs::read_to_string(root.join("docs/rules.md")).unwrap());
    assert!(rules.len() > 40, "{rules:?}");
    let mut cited = 0;
    for folder in ["src", "tests", "examples", "benches"] {
        for file in sources(&root.join(folder)) {
            for number in numbers(&fs::read_to_string(&file).unwrap()) {
                assert!(rules.contains(&number), "{number} in {}", file.display());
                cited += 1;
            }
        }
    }
    assert!(cited > 3, "{cited}");
}

/// The texts `[N.M]` with one or two digits each.
fn numbers(text: &str) -> BTreeSet<String> {
    let is_number =
        |text: &str| matches!(text.len(), 1..=2) && text.bytes().all(|b| b.is_ascii_digit());
    text.split('[')
        .filter_map(|after| after.split_once(']'))
        .map(|(number, _)| number)
        .filter(|number| {
            number
                .split_once('.')
                .is_some_and(|(chapter, rule)| is_number(chapter) && is_number(rule) && rule != "0")
        })
        .map(str::to_owned)
        .collect()
}

fn sources(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            // What is built or installed there is not ours.
            let name = path.file_name().unwrap();
            if name != "target" && name != "node_modules" && name != ".venv" {
                found.extend(sources(&path));
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}
