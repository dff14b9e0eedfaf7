//! JSON, with the place of each value.
//!
//! serde_json parses the syntax and returns each value as a slice of the text; the start of the slice
//! is the place.

use std::{collections::HashSet, fmt};

use serde::{
    Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::config::node::{At, DEEPEST, Kind, Member, Node};

type Fault = (At, String);

/// Parses a text that is one JSON value.
pub(in crate::config) fn parse(text: &str) -> Result<Node, Fault> {
    let lines = Lines::of(text);
    if text.trim().is_empty() {
        let message = r#"the file is empty: write an "auth" member, as in {"auth": {…}}"#;
        return Err((At::File, message.into()));
    }
    let whole: &RawValue = serde_json::from_str(text).map_err(|error| {
        not_json(&error, |line, column| At::Line {
            line,
            column: column.max(1),
        })
    })?;
    Reader { lines }.node(whole.get(), 0)
}

struct Reader<'a> {
    lines: Lines<'a>,
}

impl<'a> Reader<'a> {
    fn node(&self, json: &'a str, depth: usize) -> Result<Node, Fault> {
        let at = self.lines.place(json);
        if depth > DEEPEST {
            return Err((at, format!("more than {DEEPEST} levels of nesting")));
        }
        let here = |error: serde_json::Error| not_json(&error, |_, _| at.clone());
        let mut reader = serde_json::Deserializer::from_str(json);
        let kind = match json.as_bytes().first() {
            Some(b'{') => {
                let members = reader.deserialize_map(Members).map_err(here)?;
                return self.block(at, members, depth);
            }
            Some(b'[') => {
                let items = reader.deserialize_seq(Items).map_err(here)?;
                let nodes = items
                    .into_iter()
                    .map(|item| self.node(item.get(), depth.saturating_add(1)))
                    .collect::<Result<_, _>>()?;
                Kind::List(nodes)
            }
            Some(b'"') => {
                let text: String = serde_json::from_str(json).map_err(here)?;
                return Ok(Node::text(at, text.into()));
            }
            Some(b't') => Kind::Flag(true),
            Some(b'f') => Kind::Flag(false),
            Some(b'n') => Kind::Null,
            _ => Kind::Number(json.into()),
        };
        Ok(Node::new(at, kind))
    }

    fn block(
        &self,
        at: At,
        members: Vec<(Zeroizing<String>, &'a RawValue)>,
        depth: usize,
    ) -> Result<Node, Fault> {
        let mut names = HashSet::new();
        let mut nodes = Vec::with_capacity(members.len());
        for (name, value) in &members {
            let node = self.node(value.get(), depth.saturating_add(1))?;
            if !names.insert(name.as_str()) {
                let message = "a member of that name is there already: keep one of the two";
                return Err((node.at, message.into()));
            }
            nodes.push(Member {
                name: name.as_str().into(),
                at: node.at.clone(),
                node,
            });
        }
        Ok(Node::new(at, Kind::Map(nodes)))
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(Zeroizing<String>, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, _>()? {
            members.push((Zeroizing::new(name), value));
        }
        Ok(members)
    }
}

struct Items;

impl<'de> Visitor<'de> for Items {
    type Value = Vec<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(items)
    }
}

/// The start of each line of a text.
struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = std::iter::once(0)
            .chain(breaks.map(|(index, _)| index.saturating_add(1)))
            .collect();
        Self { text, starts }
    }

    /// The place of a part of the text. Columns count bytes, so that a long line costs nothing.
    fn place(&self, part: &str) -> At {
        let offset = part
            .as_ptr()
            .addr()
            .saturating_sub(self.text.as_ptr().addr());
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = line
            .checked_sub(1)
            .and_then(|index| self.starts.get(index))
            .map_or(0, |start| *start);
        At::Line {
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(offset.saturating_sub(start))
                .unwrap_or(u32::MAX)
                .saturating_add(1),
        }
    }
}

/// The message of serde_json without the place, which it appends.
fn not_json(error: &serde_json::Error, at: impl FnOnce(u32, u32) -> At) -> Fault {
    let number = |number| u32::try_from(number).unwrap_or(u32::MAX);
    let text = error.to_string();
    let words = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(words, _)| words);
    let at = at(number(error.line()), number(error.column()));
    (at, format!("this is not JSON: {words}"))
}
