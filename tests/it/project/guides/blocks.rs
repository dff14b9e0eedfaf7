//! Every Rust block of a guide is compiled.

use std::fs;

use super::{Document, root};

#[test]
fn every_guide_with_rust_in_it_is_among_those_that_are_compiled() {
    let compiled = fs::read_to_string(root().join("src/guides.rs")).unwrap();
    let guides = Document::all()
        .into_iter()
        .filter(|document| document.path == "README.md" || document.path.starts_with("docs/"));
    let mut count = 0;
    for guide in guides {
        for block in guide.blocks() {
            let place = format!("{}:{}", guide.path, block.line);
            let mut words = block.info.split(',').map(str::trim);
            assert!(
                words.all(|word| !["ignore", "compile_fail"].contains(&word)),
                "{place}: let it compile"
            );
            if block.info.split(',').next() == Some("rust") {
                count += 1;
                let named = format!("\"{}\"", guide.path);
                assert!(
                    compiled.contains(&named),
                    "{place}: name it in src/guides.rs"
                );
            }
        }
    }
    assert!(count > 30, "{count}");
}
