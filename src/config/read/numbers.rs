//! Numbers of something.

use serde_json::{Value, json};

use super::{
    contract::{Read, misfit},
    values::or_variable,
};
use crate::config::{
    fault::{Faults, Place},
    node::{Kind, Node},
};

/// A number of seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) struct Seconds(pub(in crate::config) u64);

impl Read for Seconds {
    fn read(node: &Node, place: &Place, faults: &mut Faults) -> Option<Self> {
        match whole(node) {
            Some(number) => Some(Self(number)),
            None => misfit(node, place, faults, "a whole number of seconds, such as 30"),
        }
    }

    fn schema() -> Value {
        or_variable(json!({"type": "integer", "minimum": 0}))
    }
}

/// A number of bytes, which is not 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) struct Bytes(pub(in crate::config) usize);

impl Read for Bytes {
    fn read(node: &Node, place: &Place, faults: &mut Faults) -> Option<Self> {
        match whole(node).map(usize::try_from) {
            Some(Ok(number)) if number > 0 => Some(Self(number)),
            _ => misfit(
                node,
                place,
                faults,
                "a whole number of bytes, such as 65536",
            ),
        }
    }

    fn schema() -> Value {
        or_variable(json!({"type": "integer", "minimum": 1}))
    }
}

/// A number of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) struct Keys(pub(in crate::config) usize);

impl Read for Keys {
    fn read(node: &Node, place: &Place, faults: &mut Faults) -> Option<Self> {
        match whole(node).map(usize::try_from) {
            Some(Ok(number)) => Some(Self(number)),
            _ => misfit(
                node,
                place,
                faults,
                "a whole number of keys, such as 1000000",
            ),
        }
    }

    fn schema() -> Value {
        or_variable(json!({"type": "integer", "minimum": 0}))
    }
}

/// How many of something, at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) struct Count(pub(in crate::config) u16);

impl Read for Count {
    fn read(node: &Node, place: &Place, faults: &mut Faults) -> Option<Self> {
        match whole(node).map(u16::try_from) {
            Some(Ok(number)) if number > 0 => Some(Self(number)),
            _ => misfit(node, place, faults, "a whole number, such as 3"),
        }
    }

    fn schema() -> Value {
        or_variable(json!({"type": "integer", "minimum": 1}))
    }
}

fn whole(node: &Node) -> Option<u64> {
    let digits = match &node.kind {
        Kind::Number(number) => Some(number.expose()),
        Kind::Text(text) if text.is_raw => Some(text.secret.expose()),
        _ => None,
    };
    digits
        .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|digits| digits.parse().ok())
}
