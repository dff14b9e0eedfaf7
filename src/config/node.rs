//! The document: a tree that knows the origin of each value and shows no value.

use std::{fmt, sync::Arc};

use serde_json::Value;

use crate::secret::Secret;

/// The origin of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum At {
    /// The file as a whole.
    File,
    /// A place in it, both counted from 1.
    Line { line: u32, column: u32 },
    /// An environment variable of that name.
    Variable(Arc<str>),
    /// The program.
    Code,
}

/// A value of the document.
#[derive(Clone)]
pub(super) struct Node {
    pub(super) at: At,
    pub(super) kind: Kind,
    /// Parts of YAML beside the value, which no configuration needs.
    pub(super) extra: Option<Extra>,
}

#[derive(Clone)]
pub(super) enum Kind {
    Null,
    Flag(bool),
    Number(Secret),
    Text(Text),
    List(Vec<Node>),
    Map(Vec<Member>),
    Alias,
    /// A text that could not be expanded; its fault is recorded.
    Faulty,
    /// A text with an unset variable of that name. The reader of the value records the fault.
    Unset(String),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Extra {
    Anchor,
    Tag,
}

/// A text. It may be a secret, so each text is treated as one.
#[derive(Clone)]
pub(super) struct Text {
    pub(super) secret: Secret,
    /// Whether it is from a variable, which can hold only text: it may then stand for a flag, a number
    /// or, as JSON, a list.
    pub(super) is_raw: bool,
    /// Whether it is the whole content of a file: white space in it is then part of the secret.
    pub(super) is_file: bool,
    /// The empty variables in it.
    pub(super) empty_variables: Vec<String>,
}

#[derive(Clone)]
pub(super) struct Member {
    pub(super) name: Box<str>,
    pub(super) at: At,
    pub(super) node: Node,
}

impl Node {
    pub(super) fn new(at: At, kind: Kind) -> Self {
        Self {
            at,
            kind,
            extra: None,
        }
    }

    pub(super) fn text(at: At, secret: Secret) -> Self {
        Self::new(at, Kind::Text(Text::plain(secret)))
    }

    /// The text of a variable.
    pub(super) fn raw(at: At, secret: Secret) -> Self {
        let mut text = Text::plain(secret);
        text.is_raw = true;
        Self::new(at, Kind::Text(text))
    }

    /// A value that the program or a variable gives as JSON.
    pub(super) fn of_json(at: &At, value: Value) -> Self {
        let kind = match value {
            Value::Null => Kind::Null,
            Value::Bool(flag) => Kind::Flag(flag),
            Value::Number(number) => Kind::Number(number.to_string().into()),
            Value::String(text) => return Self::text(at.clone(), text.into()),
            Value::Array(items) => Kind::List(
                items
                    .into_iter()
                    .map(|item| Self::of_json(at, item))
                    .collect(),
            ),
            Value::Object(members) => Kind::Map(
                members
                    .into_iter()
                    .map(|(name, value)| Member {
                        name: name.into(),
                        at: at.clone(),
                        node: Self::of_json(at, value),
                    })
                    .collect(),
            ),
        };
        Self::new(at.clone(), kind)
    }

    /// Sets the place of this node and of every node below it.
    pub(super) fn move_to(&mut self, at: &At) {
        self.at = at.clone();
        match &mut self.kind {
            Kind::List(items) => {
                for item in items {
                    item.move_to(at);
                }
            }
            Kind::Map(members) => {
                for member in members {
                    member.at = at.clone();
                    member.node.move_to(at);
                }
            }
            _ => {}
        }
    }

    pub(super) fn member(&self, name: &str) -> Option<&Member> {
        match &self.kind {
            Kind::Map(members) => members.iter().find(|member| *member.name == *name),
            _ => None,
        }
    }

    pub(super) fn member_mut(&mut self, name: &str) -> Option<&mut Member> {
        match &mut self.kind {
            Kind::Map(members) => members.iter_mut().find(|member| *member.name == *name),
            _ => None,
        }
    }

    /// The kind of the value for a fault, never the value itself.
    pub(super) fn what(&self) -> &'static str {
        match &self.kind {
            Kind::Null => "nothing",
            Kind::Flag(_) => "true or false",
            Kind::Number(_) => "a number",
            Kind::Text(_) => "a text",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a block",
            Kind::Alias => "an alias",
            Kind::Faulty => "a fault",
            Kind::Unset(_) => "a variable that is not set",
        }
    }
}

impl Text {
    pub(super) fn plain(secret: Secret) -> Self {
        Self {
            secret,
            is_raw: false,
            is_file: false,
            empty_variables: Vec::new(),
        }
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Node({})", self.what())
    }
}

/// The maximum depth of a document; the shapes need five levels.
pub(super) const DEEPEST: usize = 32;
