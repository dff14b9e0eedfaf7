//! Lists.

use serde_json::{Value, json};

use super::{
    contract::{Read, misfit, read},
    slot::Located,
    values::{PublicAlgorithm, or_variable, text},
};
use crate::{
    config::{
        fault::{Faults, Place},
        node::{Kind, Node},
    },
    error::ConfigErrorKind,
    jose::Algorithm,
    secret::{self, Secret},
};

/// A list, which may be empty.
impl<T: Read> Read for Vec<Located<T>> {
    const IS_STRUCTURE: bool = true;

    fn read(node: &Node, place: &Place, faults: &mut Faults) -> Option<Self> {
        let Kind::List(items) = &node.kind else {
            let wanted = match &node.kind {
                Kind::Text(text) if text.is_raw => "a JSON list, as in [\"a\", \"b\"]",
                _ => "a list",
            };
            return misfit(node, place, faults, wanted);
        };
        let read_item = |(order, item): (usize, &Node)| {
            let place = place.item(order, &item.at);
            let value = read(item, &place, faults)?;
            Some(Located {
                value,
                place,
                order,
            })
        };
        Some(items.iter().enumerate().filter_map(read_item).collect())
    }

    fn schema() -> Value {
        or_variable(json!({"type": "array", "items": T::schema()}))
    }
}

/// A list that must not be empty.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::config) struct Filled<T>(pub(in crate::config) Vec<Located<T>>);

impl<T: Read> Read for Filled<T> {
    const IS_STRUCTURE: bool = true;

    fn read(node: &Node, place: &Place, faults: &mut Faults) -> Option<Self> {
        if matches!(&node.kind, Kind::List(items) if items.is_empty()) {
            let message = "the list is empty: add an item";
            faults.add(ConfigErrorKind::Empty, place, message);
            return None;
        }
        Vec::read(node, place, faults).map(Self)
    }

    fn schema() -> Value {
        or_variable(json!({"type": "array", "items": T::schema(), "minItems": 1}))
    }
}

/// One of something, or a list of it that is not empty.
#[derive(Clone, Debug)]
pub(in crate::config) struct OneOrList<T>(pub(in crate::config) Vec<Located<T>>);

impl<T: Read> Read for OneOrList<T> {
    const IS_STRUCTURE: bool = true;

    fn read(node: &Node, place: &Place, faults: &mut Faults) -> Option<Self> {
        if matches!(node.kind, Kind::List(_)) {
            return Filled::read(node, place, faults).map(|Filled(items)| Self(items));
        }
        one(node, place, faults).map(Self)
    }

    fn schema() -> Value {
        json!({"anyOf": [T::schema(), {"type": "array", "items": T::schema(), "minItems": 1}]})
    }
}

/// One algorithm whose keys can be published, or a list of them that is not empty.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::config) struct PublicAlgorithms(pub(in crate::config) Vec<Algorithm>);

impl Read for PublicAlgorithms {
    const IS_STRUCTURE: bool = true;

    fn read(node: &Node, place: &Place, faults: &mut Faults) -> Option<Self> {
        let found: Vec<Located<PublicAlgorithm>> = match node.kind {
            Kind::List(_) => Filled::read(node, place, faults)?.0,
            _ => one(node, place, faults)?,
        };
        let mut algorithms = Vec::with_capacity(found.len());
        for located in found {
            if algorithms.contains(&located.value.0) {
                let message = "the algorithm is there twice: leave this one out";
                faults.add(ConfigErrorKind::Duplicate, &located.place, message);
            }
            algorithms.push(located.value.0);
        }
        Some(Self(algorithms))
    }

    fn schema() -> Value {
        let one = PublicAlgorithm::schema();
        json!({"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]})
    }
}

/// What stands alone where a list could stand.
pub(super) fn one<T: Read>(
    node: &Node,
    place: &Place,
    faults: &mut Faults,
) -> Option<Vec<Located<T>>> {
    let only = Located {
        value: T::read(node, place, faults)?,
        place: place.clone(),
        order: 0,
    };
    Some(vec![only])
}

/// One text, or a list of texts that is not empty.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::config) struct OneOrMore(pub(in crate::config) Vec<String>);

impl Read for OneOrMore {
    const IS_STRUCTURE: bool = true;

    fn read(node: &Node, place: &Place, faults: &mut Faults) -> Option<Self> {
        if matches!(node.kind, Kind::List(_)) {
            let Filled(texts) = Filled::<String>::read(node, place, faults)?;
            return Some(Self(
                texts.into_iter().map(|located| located.value).collect(),
            ));
        }
        text(node, place, faults, "a text, or a list of texts")
            .map(|text| Self(vec![text.secret.expose().to_owned()]))
    }

    fn schema() -> Value {
        one_or_more()
    }
}

/// One secret, or a list of secrets that is not empty. A variable holds one: a secret may look like
/// a list.
#[derive(Clone, Debug)]
pub(in crate::config) struct OneOrMoreSecrets(pub(in crate::config) Vec<Located<Secret>>);

impl Read for OneOrMoreSecrets {
    const IS_SECRET: bool = true;

    fn read(node: &Node, place: &Place, faults: &mut Faults) -> Option<Self> {
        if !matches!(node.kind, Kind::List(_)) {
            return one(node, place, faults).map(Self);
        }
        let Filled(secrets) = Filled::<Secret>::read(node, place, faults)?;
        Some(Self::distinct(secrets, faults))
    }

    fn schema() -> Value {
        one_or_more()
    }
}

impl OneOrMoreSecrets {
    /// The secrets, of which each must be another.
    pub(in crate::config) fn distinct(secrets: Vec<Located<Secret>>, faults: &mut Faults) -> Self {
        for (index, located) in secrets.iter().enumerate() {
            let is_same = |other: &&Located<Secret>| is_same(&other.value, &located.value);
            if let Some(first) = secrets.iter().take(index).find(is_same) {
                let message = format!("{} is the same: leave one of the two out", first.place.path);
                faults.add(ConfigErrorKind::Duplicate, &located.place, message);
            }
        }
        Self(secrets)
    }
}

fn is_same(one: &Secret, other: &Secret) -> bool {
    secret::equal(one.expose().as_bytes(), other.expose().as_bytes())
}

fn one_or_more() -> Value {
    json!({"anyOf": [
        {"type": "string", "minLength": 1},
        {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1},
    ]})
}
