//! The floors of `ARCHITECTURE.md`: imports run downhill, and no two files import each other.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// The floors from the lowest to the highest, each with its modules. A module imports from lower floors
/// alone.
///
/// A module is a file or folder of `src/`; one with a `/` is part of a folder that stands on two floors.
const FLOORS: &[&[&str]] = &[
    &["caught", "date", "hex", "log", "scope", "secret", "seed"],
    &["clock"],
    &["ended", "metrics"],
    &["context", "error"],
    &["answer", "observe", "quota", "request"],
    &["engine"],
    &[
        "client_limit",
        "event",
        "jose",
        "memory",
        "polling",
        "proxies",
        "shared",
    ],
    &["attempts", "audit", "issuer", "reading"],
    &["authorize", "keys", "provider"],
    // Everything that is accepted can be revoked, and a key store keeps the revocations.
    &["revocations"],
    &["access", "body", "refusal"],
    &["gate", "mcp/resource", "requests"],
    &[
        "auth",
        "authorize/gate",
        "authorize/judge",
        "authorize/layer",
        "authorize/policy",
        "authorize/scopes",
        "mcp",
        "observe/layer",
        "throttle",
        "webhook",
    ],
    &["describe", "extract", "key_api", "testing"],
    &["config"],
    // Code blocks of the documents, for the tests alone.
    &["guides"],
];

/// Modules of one floor of which the first may import from the second.
const SIBLINGS: &[(&str, &str)] = &[
    // A caller who owes something may be refused.
    ("context", "error"),
    // Managed keys are a provider.
    ("keys", "provider"),
    // Layers of one family, each built on the gate that asks an authorizer.
    ("authorize/gate", "authorize/judge"),
    ("authorize/layer", "authorize/gate"),
    ("authorize/layer", "authorize/judge"),
    ("authorize/policy", "authorize/gate"),
    ("authorize/policy", "authorize/judge"),
    ("authorize/policy", "authorize/layer"),
    ("authorize/scopes", "authorize/gate"),
    ("authorize/scopes", "authorize/judge"),
];

/// The circles of files that are allowed.
const CIRCLES: &[&[&str]] = &[
    // A default method's adapter, as `Iterator` and `Map`.
    &["provider/and_then", "provider/ask", "provider/contract"],
];

#[test]
fn imports_run_downhill() {
    let mut faults = BTreeSet::new();
    for (file, imports) in Sources::read().imports() {
        let (module, floor) = place(&file);
        for import in imports {
            let (other, other_floor) = place(&import);
            let is_sibling = SIBLINGS.contains(&(module, other));
            if module != other && other_floor >= floor && !is_sibling {
                faults.insert(format!("{file} imports {import}"));
            }
        }
    }
    let faults: Vec<_> = faults.into_iter().collect();
    assert!(
        faults.is_empty(),
        "move what is needed to a lower floor of {FLOORS:?}:\n{}",
        faults.join("\n")
    );
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let circles = circles(&Sources::read().imports());
    let allowed: BTreeSet<Vec<&str>> = CIRCLES.iter().map(|circle| circle.to_vec()).collect();
    let found: BTreeSet<Vec<&str>> = circles
        .iter()
        .map(|circle| circle.iter().map(|file| &**file).collect())
        .collect();
    assert_eq!(
        found, allowed,
        "two files that need each other are one, or three"
    );
}

#[test]
fn an_import_is_followed_to_the_file_that_defines_it() {
    let sources = Sources(BTreeMap::from(
        [
            ("error", "mod auth;\npub use self::auth::{AuthError, Kind as Sort};"),
            ("error/auth", "pub struct AuthError;"),
            ("lib", "pub mod error;\npub use error::AuthError;"),
            ("a", "use crate::{b::{self, One}, error::AuthError, twins::Twin};"),
            ("twins", "#[cfg(x)]\npub(super) use self::one::Twin;\n#[cfg(y)]\npub(super) use self::other::Twin;"),
            ("twins/one", "pub struct Twin;"),
            ("twins/other", "pub struct Twin;"),
            ("b", "use super::error;\n// use crate::a::Two;\nfn f() -> crate::error::Sort { x }"),
            ("b/c", "use super::super::a::Two;\n#[cfg(test)]\nmod tests {\n    use crate::lib;\n}"),
        ]
        .map(|(file, text)| (file.to_owned(), text.to_owned())),
    ));
    let imports = sources.imports();
    let of = |file: &str| imports[file].iter().map(|to| &**to).collect::<Vec<_>>();
    assert_eq!(of("a"), ["b", "error/auth", "twins/one", "twins/other"]);
    assert_eq!(of("b"), ["error", "error/auth"]);
    assert_eq!(of("b/c"), ["a"]);
    assert!(of("error").is_empty(), "a face names what stands behind it");
}

#[test]
fn a_circle_is_found_whatever_its_length() {
    let graph = [
        ("a", "b"),
        ("b", "c"),
        ("c", "a"),
        ("d", "a"),
        ("e", "f"),
        ("f", "e"),
    ];
    let mut imports = Imports::new();
    for (from, to) in graph {
        imports.entry(from.into()).or_default().insert(to.into());
    }
    assert_eq!(circles(&imports), [vec!["a", "b", "c"], vec!["e", "f"]]);
}

/// Which files each file imports from.
type Imports = BTreeMap<String, BTreeSet<String>>;

/// The text of each file, by its path below `src/` without `.rs` and `/mod`.
pub(super) struct Sources(pub(super) BTreeMap<String, String>);

impl Sources {
    pub(super) fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut files = BTreeMap::new();
        read(&root, &root, &mut files);
        assert!(files.len() > 100, "{}", files.len());
        Self(files)
    }

    fn imports(&self) -> Imports {
        let mut all = Imports::new();
        for (file, text) in &self.0 {
            // The crate's root imports nothing, and tests may import anything.
            if file == "lib" || file.split('/').any(|part| part == "tests") {
                continue;
            }
            let imports = all.entry(file.clone()).or_default();
            for found in paths(text) {
                let Some(path) = self.absolute(file, &found.path) else {
                    continue;
                };
                imports.extend(self.locate(&path, 0).into_iter().filter(|target| {
                    let is_of_a_face = found.is_public && target.starts_with(&format!("{file}/"));
                    target != file && !is_of_a_face
                }));
            }
        }
        all
    }

    /// The path from the crate's root; `None` where it leads out of the crate.
    fn absolute(&self, file: &str, path: &[String]) -> Option<Vec<String>> {
        let mut base: Vec<String> = match file {
            "lib" => Vec::new(),
            _ => file.split('/').map(str::to_owned).collect(),
        };
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" => (base, rest) = (Vec::new(), &path[1..]),
            "self" => rest = &path[1..],
            "super" => {
                while let ["super", ..] = rest.iter().map(|part| &**part).collect::<Vec<_>>()[..] {
                    base.pop();
                    rest = &rest[1..];
                }
            }
            first => {
                let child = [base.clone(), vec![first.to_owned()]].concat().join("/");
                self.0.get(&child)?;
            }
        }
        base.extend_from_slice(rest);
        Some(base)
    }

    /// The file that defines what a path names, through whatever faces re-export it; of twin files, both.
    fn locate(&self, path: &[String], depth: usize) -> BTreeSet<String> {
        let found = (1..=path.len()).rev().find_map(|len| {
            let file = path[..len].join("/");
            self.0.contains_key(&file).then(|| (file, &path[len..]))
        });
        let Some((file, rest)) = found else {
            return BTreeSet::new();
        };
        if let Some(name) = rest.first()
            && depth < 8
        {
            let exports = paths(&self.0[&file]).into_iter();
            let exports = exports.filter(|found| found.is_public && found.name == *name);
            let targets = exports.filter_map(|found| self.absolute(&file, &found.path));
            let behind: BTreeSet<_> = targets
                .filter(|target| target != path)
                .map(|target| [target, rest[1..].to_vec()].concat())
                .flat_map(|target| self.locate(&target, depth + 1))
                .collect();
            if !behind.is_empty() {
                return behind;
            }
        }
        BTreeSet::from([file])
    }
}

fn read(folder: &Path, root: &Path, files: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, root, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(root).unwrap().with_extension("");
            let name = name.to_str().unwrap().trim_end_matches("/mod").to_owned();
            files.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
}

/// A path in the code, and the name that it is known by there.
struct Found {
    path: Vec<String>,
    name: String,
    is_public: bool,
}

fn paths(text: &str) -> Vec<Found> {
    let code: Vec<_> = text
        .lines()
        .take_while(|line| *line != "mod tests {")
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect();
    let mut found = Vec::new();
    let mut rest = String::new();
    for statement in code.join("\n").split_inclusive(';') {
        let Some(at) = statement.rfind("use ").filter(|at| is_use(statement, *at)) else {
            rest.push_str(statement);
            continue;
        };
        let head = statement[..at].trim_end();
        let is_public = head.ends_with("pub") || head.ends_with(')');
        expand(&statement[at + 4..], &[], is_public, &mut found);
        rest.push_str(head);
    }
    for root in ["crate::", "super::"] {
        for (at, _) in rest.match_indices(root) {
            let before = rest[..at].chars().next_back();
            if before.is_some_and(|sign| sign.is_alphanumeric() || "_:$".contains(sign)) {
                continue;
            }
            let end = rest[at..].find(|sign: char| !sign.is_alphanumeric() && !"_:".contains(sign));
            let path = &rest[at..end.map_or(rest.len(), |end| at + end)];
            expand(path, &[], false, &mut found);
        }
    }
    found
}

fn is_use(statement: &str, at: usize) -> bool {
    let before = statement[..at].trim_end();
    before.is_empty() || before.ends_with(['}', '{', ']', ')', ';']) || before.ends_with("pub")
}

/// Each path of a tree such as `a::{self, b::{C, D as E}}`.
fn expand(tree: &str, prefix: &[String], is_public: bool, found: &mut Vec<Found>) {
    let tree = tree.trim().trim_end_matches(';').trim_end();
    let Some((before, list)) = tree.split_once('{') else {
        let (path, alias) = tree.split_once(" as ").unwrap_or((tree, ""));
        let mut path: Vec<_> = prefix.iter().cloned().chain(parts(path)).collect();
        if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        let last = path.last().cloned().unwrap_or_default();
        let name = match alias.trim() {
            "" => last,
            alias => alias.to_owned(),
        };
        found.push(Found {
            path,
            name,
            is_public,
        });
        return;
    };
    let prefix: Vec<_> = prefix.iter().cloned().chain(parts(before)).collect();
    let list = list.trim_end().strip_suffix('}').unwrap_or(list);
    let (mut depth, mut start) = (0, 0);
    for (at, sign) in list.char_indices().chain([(list.len(), ',')]) {
        match sign {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                let part = list[start..at].trim();
                if !part.is_empty() {
                    expand(part, &prefix, is_public, found);
                }
                start = at + 1;
            }
            _ => {}
        }
    }
}

fn parts(path: &str) -> impl Iterator<Item = String> {
    let parts = path.split("::").map(str::trim);
    parts.filter(|part| !part.is_empty()).map(str::to_owned)
}

/// The module of the table that a file belongs to, and its floor.
fn place(file: &str) -> (&'static str, usize) {
    let floors = FLOORS.iter().enumerate();
    let modules = floors.flat_map(|(floor, modules)| modules.iter().map(move |one| (*one, floor)));
    let holds = |module: &str| {
        let rest = file.strip_prefix(module);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let found = modules.filter(|(module, _)| holds(module));
    found
        .max_by_key(|(module, _)| module.len())
        .unwrap_or_else(|| panic!("{file} stands on no floor: add it to the table"))
}

/// The groups of files that reach each other, each in order.
fn circles(imports: &Imports) -> Vec<Vec<String>> {
    let reached: BTreeMap<&String, BTreeSet<&String>> = imports
        .keys()
        .map(|file| {
            let (mut seen, mut next) = (BTreeSet::new(), vec![file]);
            while let Some(file) = next.pop() {
                let to = imports.get(file).into_iter().flatten();
                next.extend(to.filter(|to| seen.insert(*to)));
            }
            (file, seen)
        })
        .collect();
    let reaches =
        |from: &String, to: &String| reached.get(from).is_some_and(|all| all.contains(to));
    let mut circles = BTreeSet::new();
    for file in reached.keys().filter(|file| reaches(file, file)) {
        let others = reached
            .keys()
            .filter(|other| reaches(file, other) && reaches(other, file));
        circles.insert(others.map(|other| (*other).clone()).collect::<Vec<_>>());
    }
    circles.into_iter().collect()
}
