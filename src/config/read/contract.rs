//! The contract of types that stand in a document, and the faults that all of them tell.

use std::borrow::Cow;

use serde_json::Value;

use crate::{
    config::{
        fault::{Faults, Place},
        node::{Extra, Kind, Node, Text},
        source::parse_json,
    },
    error::ConfigErrorKind,
};

/// A type that stands in a document.
pub(in crate::config) trait Read: Sized {
    /// Whether it is a list or a block, which a variable can give as JSON.
    const IS_STRUCTURE: bool = false;

    /// Whether it must not be seen.
    const IS_SECRET: bool = false;

    /// Reads a value, or adds a fault.
    fn read(node: &Node, place: &Place, faults: &mut Faults) -> Option<Self>;

    /// The JSON Schema of it.
    fn schema() -> Value;
}

/// Reads a value. INVARIANT: one that is not there has left a fault.
pub(in crate::config) fn read<T: Read>(
    node: &Node,
    place: &Place,
    faults: &mut Faults,
) -> Option<T> {
    let unsupported = match (&node.kind, node.extra) {
        (Kind::Faulty, _) => return None,
        (Kind::Unset(name), _) => {
            let instead = match T::IS_SECRET {
                // Whoever reads the file knows the default.
                true => String::from("name a file that holds the secret"),
                false => format!("write ${{{name}:-default}}"),
            };
            let message = format!("the variable {name} is not set: set it, or {instead}");
            faults.add(ConfigErrorKind::Unknown, place, message);
            return None;
        }
        (Kind::Alias, _) => Some("an alias stands here: write the value out"),
        (_, Some(Extra::Anchor)) => {
            Some("an anchor stands here: leave it out, and write each value where it belongs")
        }
        (_, Some(Extra::Tag)) => Some("a tag stands here: write the value without it"),
        _ => None,
    };
    if let Some(message) = unsupported {
        faults.add(ConfigErrorKind::Unsupported, place, message);
        return None;
    }
    let before = faults.len();
    let node = match T::IS_STRUCTURE {
        true => structured(node, place, faults)?,
        false => Cow::Borrowed(node),
    };
    let value = T::read(&node, place, faults);
    if value.is_none() && faults.len() == before {
        let message = "the value cannot be used here: write another one";
        faults.add(ConfigErrorKind::Malformed, place, message);
    }
    value
}

/// The list or block that a variable holds as JSON; another value as it is.
fn structured<'a>(node: &'a Node, place: &Place, faults: &mut Faults) -> Option<Cow<'a, Node>> {
    let Kind::Text(text) = &node.kind else {
        return Some(Cow::Borrowed(node));
    };
    let json = text.secret.expose().trim();
    if !text.is_raw || !json.starts_with(['[', '{']) {
        return Some(Cow::Borrowed(node));
    }
    match parse_json(json) {
        Ok(mut parsed) => {
            parsed.move_to(&node.at);
            Some(Cow::Owned(parsed))
        }
        Err((_, words)) => {
            faults.add(ConfigErrorKind::Malformed, place, words);
            None
        }
    }
}

/// Something else than what belongs there.
pub(in crate::config) fn misfit<T>(
    node: &Node,
    place: &Place,
    faults: &mut Faults,
    wanted: &str,
) -> Option<T> {
    let (kind, message) = match &node.kind {
        Kind::Null => (
            ConfigErrorKind::Blank,
            format!("nothing stands here: write {wanted}"),
        ),
        Kind::Text(text) if text.secret.expose().trim().is_empty() => {
            return blank(text, place, faults, wanted);
        }
        _ => (
            ConfigErrorKind::Malformed,
            format!("{} stands here: write {wanted}", node.what()),
        ),
    };
    faults.add(kind, place, message);
    None
}

pub(super) fn blank<T>(text: &Text, place: &Place, faults: &mut Faults, wanted: &str) -> Option<T> {
    let message = match text.empty_variables.as_slice() {
        [] => format!("an empty text stands here: write {wanted}"),
        [name] => format!("the variable {name} is set to nothing: set it to {wanted}"),
        names => format!(
            "the variables {} are set to nothing: set them to {wanted}",
            names.join(", ")
        ),
    };
    faults.add(ConfigErrorKind::Blank, place, message);
    None
}
