//! The documents: what they link to is there, what they show is checked.

mod blocks;
mod links;
mod needs;
mod reference;
mod shown;
mod yaml;

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A document with its path from the root of the repository.
struct Document {
    path: String,
    text: String,
}

/// A fenced block of a document.
struct Block<'a> {
    /// The line of its fence, from 1.
    line: usize,
    /// What stands behind the fence: the language, and more.
    info: &'a str,
    text: String,
}

impl Document {
    fn all() -> Vec<Self> {
        let mut found = Vec::new();
        add_documents(root(), &mut found);
        found.sort_by(|one, two| one.path.cmp(&two.path));
        assert!(found.len() > 20, "{}", found.len());
        found
    }

    fn blocks(&self) -> Vec<Block<'_>> {
        let mut blocks: Vec<Block<'_>> = Vec::new();
        let mut is_open = false;
        for (number, line) in self.text.lines().enumerate() {
            match line.trim_start().strip_prefix("```") {
                Some(info) if !is_open => {
                    is_open = true;
                    blocks.push(Block {
                        line: number + 1,
                        info,
                        text: String::new(),
                    });
                }
                Some(_) => is_open = false,
                None if is_open => {
                    let block = blocks.last_mut().unwrap();
                    block.text.push_str(line);
                    block.text.push('\n');
                }
                None => {}
            }
        }
        assert!(!is_open, "{}: a block without an end", self.path);
        blocks
    }
}

fn add_documents(folder: &Path, found: &mut Vec<Document>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            // What is built or installed there is not ours.
            if !name.starts_with('.') && !["target", "node_modules"].contains(&name) {
                add_documents(&path, found);
            }
        } else if name.ends_with(".md") {
            let text = fs::read_to_string(&path).unwrap();
            let path = path.strip_prefix(root()).unwrap();
            let path = path.to_str().unwrap().replace('\\', "/");
            found.push(Document { path, text });
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}
