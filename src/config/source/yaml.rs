//! YAML, from events: aliases are never expanded, so they cannot multiply anything.

use std::collections::HashSet;

use granit_parser::{Event, Parser, ScalarStyle, Span};

use crate::config::node::{At, DEEPEST, Extra, Kind, Member, Node};

/// A fault of syntax.
type Fault = (At, String);

/// Parses the one document of a text.
pub(super) fn parse(text: &str) -> Result<Node, Fault> {
    let options = granit_parser::options! {
        emit_comments: false,
        emit_unresolved_aliases: true,
        flow_nesting_limit: DEEPEST + 2,
        block_nesting_limit: DEEPEST + 2,
    };
    let mut tree = Tree::default();
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = event.map_err(|error| {
            let at = place(error.marker().line(), error.marker().col());
            (at, format!("this is not YAML: {}", error.kind()))
        })?;
        tree.take(event, span)?;
    }
    tree.root.ok_or_else(|| {
        let message = "the file is empty: write an `auth` block, as in `auth: {mode: api_key, …}`";
        (At::File, message.into())
    })
}

/// The part of the document that was read so far.
#[derive(Default)]
struct Tree {
    open: Vec<Open>,
    root: Option<Node>,
    has_document: bool,
}

/// A list or block that has not ended.
struct Open {
    node: Node,
    /// For a block: the member whose value comes next.
    name: Option<(Box<str>, At)>,
    /// For a block: its names.
    names: HashSet<Box<str>>,
}

impl Tree {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Fault> {
        let at = place(span.start.line(), span.start.col());
        match event {
            Event::DocumentStart(..) => {
                if self.has_document {
                    let message = "the file holds a second document: write one, without `---`";
                    return Err((at, message.into()));
                }
                self.has_document = true;
                Ok(())
            }
            Event::Scalar(text, style, anchor, tag) => {
                let extra = extra(anchor, tag.is_some());
                if self.wants_name() {
                    return self.name(text.into_owned().into(), at);
                }
                let kind = match style {
                    ScalarStyle::Plain if extra != Some(Extra::Tag) => plain(&text),
                    _ => None,
                };
                let kind =
                    kind.unwrap_or_else(|| Node::text(at.clone(), text.into_owned().into()).kind);
                self.close(Node { at, kind, extra })
            }
            Event::SequenceStart(_, anchor, tag) => {
                let extra = extra(anchor, tag.is_some());
                let kind = Kind::List(Vec::new());
                self.open(Node { at, kind, extra })
            }
            Event::MappingStart(_, anchor, tag) => {
                let extra = extra(anchor, tag.is_some());
                let kind = Kind::Map(Vec::new());
                self.open(Node { at, kind, extra })
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(open) => self.close(open.node),
                None => Err((at, "this is not YAML: a list or block ends twice".into())),
            },
            Event::Alias(_) | Event::UnresolvedAlias(_) if self.wants_name() => {
                // It could be the name of a member of ours.
                let message = "an alias stands where a member's name belongs: write the name out";
                Err((at, message.into()))
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => self.close(Node::new(at, Kind::Alias)),
            _ => Ok(()),
        }
    }

    fn wants_name(&self) -> bool {
        self.open
            .last()
            .is_some_and(|open| matches!(open.node.kind, Kind::Map(_)) && open.name.is_none())
    }

    fn name(&mut self, name: Box<str>, at: At) -> Result<(), Fault> {
        let Some(open) = self.open.last_mut() else {
            return Ok(());
        };
        if !open.names.insert(name.clone()) {
            let message = "a member of that name is there already: keep one of the two";
            return Err((at, message.into()));
        }
        open.name = Some((name, at));
        Ok(())
    }

    fn open(&mut self, node: Node) -> Result<(), Fault> {
        if self.wants_name() {
            let message =
                "a list or block stands where a member's name belongs: write a plain name";
            return Err((node.at, message.into()));
        }
        if self.open.len() >= DEEPEST {
            return Err((node.at, format!("more than {DEEPEST} levels of nesting")));
        }
        self.open.push(Open {
            node,
            name: None,
            names: HashSet::new(),
        });
        Ok(())
    }

    fn close(&mut self, node: Node) -> Result<(), Fault> {
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match (&mut open.node.kind, open.name.take()) {
            (Kind::Map(members), Some((name, at))) => members.push(Member { name, at, node }),
            (Kind::List(items), _) => items.push(node),
            _ => return Err((node.at, "this is not YAML: a value without a name".into())),
        }
        Ok(())
    }
}

/// The value of a plain scalar by the core schema (YAML 1.2.2 §10.3.2); `None` for a text.
fn plain(text: &str) -> Option<Kind> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Some(Kind::Null),
        "true" | "True" | "TRUE" => Some(Kind::Flag(true)),
        "false" | "False" | "FALSE" => Some(Kind::Flag(false)),
        _ if is_number(text) => Some(Kind::Number(text.into())),
        _ => None,
    }
}

fn is_number(text: &str) -> bool {
    let digits = |text: &str, radix| !text.is_empty() && text.chars().all(|c| c.is_digit(radix));
    if let Some(octal) = text.strip_prefix("0o") {
        return digits(octal, 8);
    }
    if let Some(hex) = text.strip_prefix("0x") {
        return digits(hex, 16);
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (
            mantissa,
            exponent.strip_prefix(['-', '+']).unwrap_or(exponent),
        ),
        None => (unsigned, "0"),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_blank = |text: &str| text.is_empty() || digits(text, 10);
    digits(exponent, 10)
        && is_blank(whole)
        && is_blank(fraction)
        && !(whole.is_empty() && fraction.is_empty())
}

fn extra(anchor: usize, has_tag: bool) -> Option<Extra> {
    match (anchor, has_tag) {
        (_, true) => Some(Extra::Tag),
        (0, false) => None,
        _ => Some(Extra::Anchor),
    }
}

fn place(line: usize, column: usize) -> At {
    At::Line {
        line: u32::try_from(line).unwrap_or(u32::MAX).max(1),
        column: u32::try_from(column).unwrap_or(u32::MAX).saturating_add(1),
    }
}
