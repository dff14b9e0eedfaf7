//! Paths spelled in ways that no honest client would choose.

use http::Uri;
use proptest::{
    prelude::*,
    sample::{Index, select},
};

use super::paths_model::{Pattern, Segment};

/// Picks a pattern, writes a path for it, and then spells that path in some other way.
#[derive(Clone, Debug)]
pub struct Spelling {
    which: Index,
    filling: Vec<&'static str>,
    changes: Vec<(Change, Index, &'static str)>,
}

pub fn spelling() -> impl Strategy<Value = Spelling> {
    let filling = prop::collection::vec(select(SHOWN), 4);
    let change = (select(CHANGES), any::<Index>(), select(SHOWN));
    let changes = prop_oneof![Just(0..1), Just(1..4)]
        .prop_flat_map(move |count| prop::collection::vec(change.clone(), count));
    (any::<Index>(), filling, changes).prop_map(|(which, filling, changes)| Spelling {
        which,
        filling,
        changes,
    })
}

impl Spelling {
    /// A path for one of these patterns, if it can be written on the wire.
    pub fn of(&self, patterns: &[Pattern]) -> Option<Uri> {
        let pattern = &patterns[self.which.index(patterns.len())];
        let filled = pattern.iter().zip(&self.filling);
        let filled = filled.map(|(segment, shown)| match segment {
            Segment::Plain(text) => (*text).to_owned(),
            Segment::Param => (*shown).to_owned(),
            Segment::Rest => format!("{shown}/{}", self.filling[0]),
        });
        let mut segments: Vec<String> = filled.collect();
        for (change, at, shown) in &self.changes {
            let at = at.index(segments.len());
            change.respell(&mut segments, at, shown);
        }
        format!("/{}", segments.join("/")).parse().ok()
    }
}

#[derive(Clone, Copy, Debug)]
pub enum Change {
    Upper,
    Encode,
    EncodeSlash,
    DoubleSlash,
    TrailingSlash,
    DotDot,
    Dot,
    Insert,
    Replace,
    Remove,
    Append(&'static str),
}

impl Change {
    pub fn respell(self, segments: &mut Vec<String>, at: usize, shown: &str) {
        match self {
            Self::Upper => segments[at] = segments[at].to_uppercase(),
            Self::Encode => {
                if let Some(first) = segments[at].bytes().next() {
                    segments[at].replace_range(..1, &format!("%{first:02x}"));
                }
            }
            Self::EncodeSlash => segments[at].push_str(&format!("%2f{shown}")),
            Self::DoubleSlash => segments.insert(at, String::new()),
            Self::TrailingSlash => segments.push(String::new()),
            Self::DotDot => {
                segments.insert(at, "..".to_owned());
                segments.insert(at, shown.to_owned());
            }
            Self::Dot => segments.insert(at, ".".to_owned()),
            Self::Insert => segments.insert(at, shown.to_owned()),
            Self::Replace => segments[at] = shown.to_owned(),
            Self::Remove => drop(segments.remove(at)),
            Self::Append(text) => segments[at].push_str(text),
        }
        if segments.is_empty() {
            segments.push(String::new());
        }
    }
}

pub const SHOWN: &[&str] = &[
    "a", "b", "run", "health", "v1", "x", "A", "HEALTH", "", ".", "..", "%61", "%2e%2e", "a;b",
    "{p0}", "{*rest}", "a.b", "%2f", "*", ":a", "~", "..;", "%252e.", "..%3bx", ";x", "a\\b",
    "%00", ".a", "a%20b", "...", "..%20", ".%09.", "%25%32e",
];

pub const CHANGES: &[Change] = &[
    Change::Upper,
    Change::Encode,
    Change::EncodeSlash,
    Change::DoubleSlash,
    Change::TrailingSlash,
    Change::DotDot,
    Change::Dot,
    Change::Insert,
    Change::Replace,
    Change::Remove,
    Change::Append(";x=1"),
    Change::Append("?"),
    Change::Append("#"),
    Change::Append("%2e%2e"),
];
