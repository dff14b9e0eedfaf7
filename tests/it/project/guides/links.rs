//! Links from document to document, and the index.

use std::{collections::BTreeMap, path::Path};

use super::{Document, root};

#[test]
fn every_link_leads_to_something() {
    let documents = Document::all();
    let anchors: BTreeMap<&str, Vec<String>> = documents
        .iter()
        .map(|document| (&*document.path, anchors(document)))
        .collect();
    let mut count = 0;
    let mut broken = Vec::new();
    for document in &documents {
        for target in links(document) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            count += 1;
            let (path, anchor) = match target.split_once('#') {
                Some((path, anchor)) => (path, Some(anchor)),
                None => (&*target, None),
            };
            let path = match path {
                "" => document.path.clone(),
                path => joined(&document.path, path),
            };
            let is_there = root().join(&path).exists();
            let has_anchor = anchor.is_none_or(|anchor| {
                let anchors = anchors.get(&*path);
                anchors.is_some_and(|anchors| anchors.iter().any(|known| known == anchor))
            });
            if !is_there || !has_anchor {
                broken.push(format!("{}: {target}", document.path));
            }
        }
    }
    assert!(
        broken.is_empty(),
        "mend these links:\n{}",
        broken.join("\n")
    );
    assert!(count > 50, "{count}");
}

#[test]
fn the_index_names_every_page() {
    let documents = Document::all();
    let index = documents
        .iter()
        .find(|document| document.path == "docs/README.md")
        .unwrap();
    let named: Vec<String> = links(index)
        .iter()
        .map(|target| joined(&index.path, target.split('#').next().unwrap()))
        .collect();
    let pages = documents.iter().map(|document| &document.path);
    let missing: Vec<_> = pages
        .filter(|path| path.starts_with("docs/") && **path != index.path)
        .filter(|path| !named.contains(path))
        .collect();
    assert!(
        missing.is_empty(),
        "name these in docs/README.md: {missing:?}"
    );
}

#[test]
fn the_readme_leads_to_the_index() {
    let documents = Document::all();
    let readme = documents
        .iter()
        .find(|document| document.path == "README.md")
        .unwrap();
    assert!(links(readme).contains(&"docs/README.md".to_owned()));
}

#[test]
fn a_heading_has_the_anchor_that_pages_of_repositories_give_it() {
    let text = "# What is `docs/` for?\n## Two  words\n## Two words\n```sh\n# no heading\n```\n## A_b-c: d, é\n";
    let document = Document {
        path: "a.md".into(),
        text: text.into(),
    };
    let wanted = ["what-is-docs-for", "two--words", "two-words", "a_b-c-d-é"];
    assert_eq!(anchors(&document), wanted);
}

/// The targets of links, of references too.
fn links(document: &Document) -> Vec<String> {
    let mut found = Vec::new();
    let mut is_block = false;
    for line in document.text.lines() {
        is_block ^= line.trim_start().starts_with("```");
        if is_block {
            continue;
        }
        for after in line.split("](").skip(1) {
            let (target, _) = after.split_once(')').expect("a link ends in its line");
            found.push(target.split(' ').next().unwrap().to_owned());
        }
        if let Some((name, target)) = line.split_once("]: ")
            && name.starts_with('[')
        {
            found.push(target.trim().to_owned());
        }
    }
    found
}

fn anchors(document: &Document) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut is_block = false;
    for line in document.text.lines() {
        is_block ^= line.trim_start().starts_with("```");
        let text = line.trim_start_matches('#');
        let is_heading = text.len() < line.len() && text.starts_with(' ');
        if is_block || !is_heading {
            continue;
        }
        let kept = text.trim().to_lowercase();
        let kept = kept
            .chars()
            .filter(|char| char.is_alphanumeric() || matches!(char, ' ' | '-' | '_'));
        let anchor: String = kept
            .map(|char| if char == ' ' { '-' } else { char })
            .collect();
        let earlier = found.iter().filter(|known| **known == anchor).count();
        found.push(match earlier {
            0 => anchor,
            earlier => format!("{anchor}-{earlier}"),
        });
    }
    found
}

/// A path from the folder of a document, from the root.
fn joined(document: &str, path: &str) -> String {
    let folder = Path::new(document).parent().unwrap();
    let mut parts: Vec<&str> = folder.iter().map(|part| part.to_str().unwrap()).collect();
    for part in path.split('/') {
        match part {
            ".." => drop(parts.pop()),
            "" | "." => {}
            part => parts.push(part),
        }
    }
    parts.join("/")
}
