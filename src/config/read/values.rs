//! Values that are no list and no block.

use std::time::SystemTime;

use serde_json::{Map, Value, json};

use super::contract::{Read, blank, misfit, read};
use crate::{
    config::{
        fault::{Faults, Place},
        node::{Kind, Member, Node, Text},
        suggest,
    },
    date,
    error::ConfigErrorKind,
    jose::Algorithm,
    secret::Secret,
};

impl Read for bool {
    fn read(node: &Node, place: &Place, faults: &mut Faults) -> Option<Self> {
        match &node.kind {
            Kind::Flag(flag) => Some(*flag),
            Kind::Text(text) if text.is_raw && text.secret.expose() == "true" => Some(true),
            Kind::Text(text) if text.is_raw && text.secret.expose() == "false" => Some(false),
            _ => misfit(node, place, faults, "true or false, without quotes"),
        }
    }

    fn schema() -> Value {
        or_variable(json!({"type": "boolean"}))
    }
}

/// A text that is not blank.
impl Read for String {
    fn read(node: &Node, place: &Place, faults: &mut Faults) -> Option<Self> {
        text(node, place, faults, "a text").map(|text| text.secret.expose().to_owned())
    }

    fn schema() -> Value {
        json!({"type": "string", "minLength": 1})
    }
}

/// A text that must not be seen.
impl Read for Secret {
    const IS_SECRET: bool = true;

    fn read(node: &Node, place: &Place, faults: &mut Faults) -> Option<Self> {
        let text = text(node, place, faults, "a secret")?;
        if !text.empty_variables.is_empty() {
            // Even where text stands around it: what is left of the secret is no secret.
            return blank(text, place, faults, "a secret");
        }
        let secret = text.secret.expose();
        // A line break ends a PEM, which is no secret, and which whoever takes a secret refuses.
        let is_exact = text.is_file || secret.trim() == secret || secret.contains("-----BEGIN ");
        if !is_exact {
            let message = "the secret begins or ends with white space: write it without (in YAML, \
                           `|` keeps a line break at the end and `|-` does not), or name a file \
                           that holds it, if it has to be there";
            faults.add(ConfigErrorKind::Malformed, place, message);
            return None;
        }
        Some(text.secret.clone())
    }

    fn schema() -> Value {
        json!({"type": "string", "minLength": 1})
    }
}

/// A URL, which may hold a password.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::config) struct Url(pub(in crate::config) Secret);

impl Read for Url {
    const IS_SECRET: bool = true;

    fn read(node: &Node, place: &Place, faults: &mut Faults) -> Option<Self> {
        text(
            node,
            place,
            faults,
            "a URL, such as postgres://user@host/database",
        )?;
        Secret::read(node, place, faults).map(Self)
    }

    fn schema() -> Value {
        Secret::schema()
    }
}

pub(super) fn text<'a>(
    node: &'a Node,
    place: &Place,
    faults: &mut Faults,
    wanted: &str,
) -> Option<&'a Text> {
    match &node.kind {
        Kind::Text(text) if text.secret.expose().trim().is_empty() => {
            blank(text, place, faults, wanted)
        }
        Kind::Text(text) => Some(text),
        Kind::Number(_) | Kind::Flag(_) => {
            misfit(node, place, faults, &format!("{wanted}, in quotes"))
        }
        _ => misfit(node, place, faults, wanted),
    }
}

/// An id of a chat platform: many are numbers.
#[derive(Clone, Debug)]
pub(in crate::config) struct Id(pub(in crate::config) String);

impl Read for Id {
    fn read(node: &Node, place: &Place, faults: &mut Faults) -> Option<Self> {
        match &node.kind {
            Kind::Number(number) if is_plain_integer(number.expose()) => {
                Some(Self(number.expose().to_owned()))
            }
            _ => text(node, place, faults, "an id").map(|text| Self(text.secret.expose().into())),
        }
    }

    fn schema() -> Value {
        json!({"type": ["string", "integer"], "minLength": 1})
    }
}

/// Whether the digits are the id, and not one spelling of a number among several.
pub(super) fn is_plain_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    digits.bytes().all(|byte| byte.is_ascii_digit())
        && (digits == "0" && text == digits || !digits.is_empty() && !digits.starts_with('0'))
}

/// A block of whatever its reader wants, without null: a line that was commented out leaves one.
#[derive(Clone, Debug)]
pub(in crate::config) struct Free(pub(in crate::config) Map<String, Value>);

impl Read for Free {
    const IS_STRUCTURE: bool = true;

    fn read(node: &Node, place: &Place, faults: &mut Faults) -> Option<Self> {
        let Kind::Map(_) = &node.kind else {
            return misfit(node, place, faults, "a block");
        };
        match free(node, place, faults)? {
            Value::Object(members) => Some(Self(members)),
            _ => None,
        }
    }

    fn schema() -> Value {
        or_variable(json!({"type": "object", "additionalProperties": true}))
    }
}

/// Any value but null.
struct AnyValue(Value);

impl Read for AnyValue {
    fn read(node: &Node, place: &Place, faults: &mut Faults) -> Option<Self> {
        free(node, place, faults).map(Self)
    }

    fn schema() -> Value {
        json!({})
    }
}

fn free(node: &Node, place: &Place, faults: &mut Faults) -> Option<Value> {
    let before = faults.len();
    let value = match &node.kind {
        Kind::Flag(flag) => Value::Bool(*flag),
        Kind::Text(text) => Value::String(text.secret.expose().to_owned()),
        Kind::Number(number) => match number.expose().parse() {
            Ok(number) => Value::Number(number),
            Err(_) => return misfit(node, place, faults, "a number as JSON writes it"),
        },
        Kind::List(items) => {
            let read_item = |(index, item): (usize, &Node)| {
                let AnyValue(value) = read(item, &place.item(index, &item.at), faults)?;
                Some(value)
            };
            Value::Array(items.iter().enumerate().filter_map(read_item).collect())
        }
        Kind::Map(members) => {
            let read_member = |member: &Member| {
                let place = place.unknown_member(&member.name, &member.node.at);
                let AnyValue(value) = read(&member.node, &place, faults)?;
                Some((member.name.to_string(), value))
            };
            Value::Object(members.iter().filter_map(read_member).collect())
        }
        Kind::Null | Kind::Alias | Kind::Faulty | Kind::Unset(_) => {
            return misfit(node, place, faults, "a value, or leave the member out");
        }
    };
    (faults.len() == before).then_some(value)
}

impl Read for SystemTime {
    fn read(node: &Node, place: &Place, faults: &mut Faults) -> Option<Self> {
        let text = text(node, place, faults, DATE)?;
        match date::parse(text.secret.expose()) {
            Ok(time) => Some(time),
            Err(why) => {
                faults.add(
                    ConfigErrorKind::Malformed,
                    place,
                    format!("{why}: write {DATE}"),
                );
                None
            }
        }
    }

    fn schema() -> Value {
        json!({"type": "string", "anyOf": [{"format": "date-time"}, {"pattern": VARIABLE}]})
    }
}

impl Read for Algorithm {
    fn read(node: &Node, place: &Place, faults: &mut Faults) -> Option<Self> {
        choice(
            node,
            place,
            faults,
            "signature algorithm",
            &algorithms(Self::ALL),
        )
    }

    fn schema() -> Value {
        choice_schema(&algorithms(Self::ALL))
    }
}

fn algorithms(all: &[Algorithm]) -> Vec<(&'static str, Algorithm)> {
    all.iter().map(|one| (one.as_str(), *one)).collect()
}

/// An algorithm whose keys can be published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) struct PublicAlgorithm(pub(in crate::config) Algorithm);

impl Read for PublicAlgorithm {
    fn read(node: &Node, place: &Place, faults: &mut Faults) -> Option<Self> {
        if let Kind::Text(text) = &node.kind
            && let Some(secret) = Algorithm::from_name(text.secret.expose())
            && secret.is_symmetric()
        {
            let message = format!(
                "{secret} needs a secret, and an issuer publishes none: write the algorithm that \
                 it signs with, such as RS256"
            );
            faults.add(ConfigErrorKind::Unsupported, place, message);
            return None;
        }
        choice(node, place, faults, "signature algorithm", &Self::names()).map(Self)
    }

    fn schema() -> Value {
        choice_schema(&Self::names())
    }
}

impl PublicAlgorithm {
    fn names() -> Vec<(&'static str, Algorithm)> {
        let mut all = algorithms(Algorithm::ALL);
        all.retain(|(_, one)| !one.is_symmetric());
        all
    }
}

/// One of some names, which are compared exactly.
pub(in crate::config) fn choice<T: Copy>(
    node: &Node,
    place: &Place,
    faults: &mut Faults,
    what: &str,
    names: &[(&'static str, T)],
) -> Option<T> {
    let wanted = match names {
        [(only, _)] => format!("{only:?}"),
        _ => format!(
            "one of {}",
            suggest::list(names.iter().map(|(name, _)| *name))
        ),
    };
    let text = text(node, place, faults, &wanted)?;
    let written = text.secret.expose();
    let found = names.iter().find(|(name, _)| *name == written);
    if found.is_none() {
        let hint = suggest::hint(written, names.iter().map(|(name, _)| *name));
        let message = format!("there is no such {what}: {hint}write {wanted}");
        faults.add(ConfigErrorKind::Unknown, place, message);
    }
    found.map(|(_, value)| *value)
}

pub(in crate::config) fn choice_schema<T>(names: &[(&'static str, T)]) -> Value {
    let names: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
    json!({"anyOf": [{"enum": names}, {"type": "string", "pattern": VARIABLE}]})
}

/// The schema, or a text with a variable in it.
pub(super) fn or_variable(schema: Value) -> Value {
    json!({"anyOf": [schema, {"type": "string", "pattern": VARIABLE}]})
}

const DATE: &str = "a date and time with its offset, such as 2027-01-31T00:00:00Z";
const VARIABLE: &str = r"\$\{[A-Za-z_]";
