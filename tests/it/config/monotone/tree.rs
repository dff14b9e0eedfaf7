//! Documents whose members keep their order, as JSON and as YAML with the place of each node.

use serde_json::Value;

#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    Map(Vec<(String, Node)>),
    List(Vec<Node>),
    Leaf(Value),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Member(String),
    Item(usize),
}

pub type Path = Vec<Step>;

/// As in `auth.api_keys[1].scopes`.
pub fn text(path: &[Step]) -> String {
    let mut all = String::new();
    for step in path {
        match step {
            Step::Member(name) if all.is_empty() => all.push_str(name),
            Step::Member(name) => all.push_str(&format!(".{name}")),
            Step::Item(index) => all.push_str(&format!("[{index}]")),
        }
    }
    all
}

/// Where a node ends in a text.
pub struct End {
    pub path: Path,
    pub start: usize,
    pub end: usize,
}

impl Node {
    pub fn of(json: Value) -> Self {
        match json {
            Value::Object(members) => Self::Map(
                members
                    .into_iter()
                    .map(|(name, value)| (name, Self::of(value)))
                    .collect(),
            ),
            Value::Array(items) => Self::List(items.into_iter().map(Self::of).collect()),
            leaf => Self::Leaf(leaf),
        }
    }

    /// Every node but the root, outer ones first.
    pub fn paths(&self) -> Vec<Path> {
        let mut all = Vec::new();
        let mut open = vec![(Vec::new(), self)];
        while let Some((path, node)) = open.pop() {
            for (step, child) in node.children() {
                let path = [&path[..], &[step]].concat();
                all.push(path.clone());
                open.push((path, child));
            }
        }
        all
    }

    fn children(&self) -> Vec<(Step, &Self)> {
        match self {
            Self::Map(members) => members
                .iter()
                .map(|(name, node)| (Step::Member(name.clone()), node))
                .collect(),
            Self::List(items) => items
                .iter()
                .enumerate()
                .map(|(index, node)| (Step::Item(index), node))
                .collect(),
            Self::Leaf(_) => Vec::new(),
        }
    }

    pub fn get(&self, path: &[Step]) -> Option<&Self> {
        let Some((first, rest)) = path.split_first() else {
            return Some(self);
        };
        let children = self.children().into_iter();
        let (_, child) = { children }.find(|(step, _)| step == first)?;
        child.get(rest)
    }

    pub fn at(&mut self, path: &[Step]) -> &mut Self {
        let Some((first, rest)) = path.split_first() else {
            return self;
        };
        let child = match (self, first) {
            (Self::Map(members), Step::Member(name)) => {
                let found = members.iter_mut().find(|(other, _)| other == name);
                &mut found.unwrap().1
            }
            (Self::List(items), Step::Item(index)) => &mut items[*index],
            _ => panic!("no such node"),
        };
        child.at(rest)
    }

    pub fn remove(&mut self, path: &[Step]) {
        let (last, parent) = path.split_last().unwrap();
        match (self.at(parent), last) {
            (Self::Map(members), Step::Member(name)) => members.retain(|(other, _)| other != name),
            (Self::List(items), Step::Item(index)) => drop(items.remove(*index)),
            _ => panic!("no such node"),
        }
    }

    pub fn json(&self) -> String {
        let join = |all: Vec<String>| all.join(", ");
        match self {
            Self::Map(members) => {
                let member = |(name, node): &(String, Self)| {
                    format!("{}: {}", Value::from(name.as_str()), node.json())
                };
                format!("{{{}}}", join(members.iter().map(member).collect()))
            }
            Self::List(items) => format!("[{}]", join(items.iter().map(Self::json).collect())),
            Self::Leaf(value) => value.to_string(),
        }
    }

    /// In block style, a line for each value.
    pub fn yaml(&self) -> (String, Vec<End>) {
        let (mut out, mut ends) = (String::new(), Vec::new());
        self.write(0, &mut Vec::new(), &mut out, &mut ends);
        (out, ends)
    }

    fn write(&self, indent: usize, path: &mut Path, out: &mut String, ends: &mut Vec<End>) {
        for (step, child) in self.children() {
            out.push_str(&" ".repeat(indent));
            let start = match &step {
                Step::Member(name) => {
                    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
                    match name.chars().all(is_plain) {
                        true => out.push_str(name),
                        false => out.push_str(&Value::from(name.as_str()).to_string()),
                    }
                    out.push(':');
                    out.len()
                }
                Step::Item(_) => {
                    out.push('-');
                    out.len()
                }
            };
            path.push(step);
            match child {
                Self::Map(members) if members.is_empty() => out.push_str(" {}"),
                Self::List(items) if items.is_empty() => out.push_str(" []"),
                Self::Leaf(value) => {
                    out.push(' ');
                    out.push_str(&scalar(value));
                }
                _ => {
                    out.push('\n');
                    child.write(indent + 2, path, out, ends);
                    out.pop();
                }
            }
            let end = out.len();
            out.push('\n');
            let path_here = path.clone();
            path.pop();
            ends.push(End {
                path: path_here,
                start,
                end,
            });
        }
    }
}

/// Without quotes where that means the same, and for half of them, so that a cut leaves a text.
fn scalar(value: &Value) -> String {
    let Some(text) = value.as_str() else {
        return value.to_string();
    };
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_./:".contains(c))
        && !text.ends_with(':')
        && !["true", "false", "null"].contains(&text);
    match is_plain && text.len() % 2 == 0 {
        true => text.to_owned(),
        false => value.to_string(),
    }
}
