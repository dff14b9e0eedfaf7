//! Claims: which one, and what it must hold.

use serde_json::{Value, json};

use super::{
    block::block,
    contract::{Read, misfit},
    lists::{Filled, one},
    slot::Located,
    values::{is_plain_integer, text},
};
use crate::{
    config::{
        fault::{Faults, Place},
        node::{Kind, Node},
    },
    context::ClaimPath,
    jose::ClaimValue,
};

/// A claim: its name, a path with dots, or a block with the names on the way.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::config) struct Claim(pub(in crate::config) ClaimPath);

block! {
    /// A claim by the names on the way to it, each taken as it is.
    Way {
        /// The names, the outermost first; a dot in one is a part of the name.
        path: required Filled<String>,
    }
}

impl Read for Claim {
    const IS_STRUCTURE: bool = true;

    fn read(node: &Node, place: &Place, faults: &mut Faults) -> Option<Self> {
        if matches!(node.kind, Kind::Map(_)) {
            let way = Way::read(node, place, faults)?;
            let Filled(names) = way.path.value()?;
            let names = names.iter().map(|located| &*located.value);
            return Some(Self(ClaimPath::from_segments(names)));
        }
        text(node, place, faults, "the name of a claim")
            .map(|text| Self(text.secret.expose().into()))
    }

    fn schema() -> Value {
        json!({"anyOf": [{"type": "string", "minLength": 1}, Way::schema()]})
    }
}

/// One claim, or a list of them that is not empty.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::config) struct Claims(pub(in crate::config) Vec<Located<Claim>>);

impl Claims {
    pub(in crate::config) fn paths(&self) -> impl Iterator<Item = &ClaimPath> {
        self.0.iter().map(|located| &located.value.0)
    }
}

impl Read for Claims {
    const IS_STRUCTURE: bool = true;

    fn read(node: &Node, place: &Place, faults: &mut Faults) -> Option<Self> {
        match node.kind {
            Kind::List(_) => Filled::read(node, place, faults).map(|Filled(claims)| Self(claims)),
            _ => one(node, place, faults).map(Self),
        }
    }

    fn schema() -> Value {
        let one = Claim::schema();
        json!({"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]})
    }
}

block! {
    /// A claim that every token must have.
    RequiredClaim: PartialEq {
        /// The claim: a name, a path with dots, or `path` with the names on the way.
        claim: required Claim,
        /// What it must be equal to: a text, true or false, or an integer.
        value: required Wanted,
    }
}

/// What a claim must be equal to.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::config) struct Wanted(pub(in crate::config) ClaimValue);

impl Read for Wanted {
    fn read(node: &Node, place: &Place, faults: &mut Faults) -> Option<Self> {
        let wanted = "a text, true or false, or an integer";
        let value = match &node.kind {
            Kind::Flag(flag) => (*flag).into(),
            Kind::Number(number) if is_plain_integer(number.expose()) => {
                match number.expose().parse::<i64>() {
                    Ok(number) => number.into(),
                    Err(_) => return misfit(node, place, faults, wanted),
                }
            }
            Kind::Text(_) => text(node, place, faults, wanted)?.secret.expose().into(),
            _ => return misfit(node, place, faults, wanted),
        };
        Some(Self(value))
    }

    fn schema() -> Value {
        json!({"type": ["string", "boolean", "integer"], "minLength": 1})
    }
}
