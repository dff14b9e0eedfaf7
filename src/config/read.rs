//! From the document to values of a type: what a value may be, and what a fault says.

use std::{borrow::Cow, time::SystemTime};

use serde_json::{Value, json};

use super::{
    date,
    fault::{Faults, Place},
    node::{Extra, Kind, Member, Node, Text},
    source::parse_json,
    suggest,
};
use crate::{ConfigErrorKind, Secret, jose::Algorithm};

/// A type that stands in a document.
pub(super) trait Read: Sized {
    /// Whether it is a list or a block, which a variable can give as JSON.
    const IS_STRUCTURE: bool = false;

    /// Reads a value, or adds a fault.
    fn read(node: &Node, place: &Place, faults: &mut Faults) -> Option<Self>;

    /// The JSON Schema of it.
    fn schema() -> Value;
}

/// A member of a block.
#[derive(Clone, Debug)]
pub(super) enum Slot<T> {
    Absent,
    /// Something stands there, and what is wrong with it has been told.
    Faulty,
    Here(Spot<T>),
}

/// A value and its place.
#[derive(Clone, Debug)]
pub(super) struct Spot<T> {
    pub(super) value: T,
    pub(super) place: Place,
    /// Which member of its block it is.
    pub(super) order: usize,
}

impl<T> Slot<T> {
    pub(super) fn here(&self) -> Option<&Spot<T>> {
        match self {
            Self::Here(spot) => Some(spot),
            _ => None,
        }
    }

    pub(super) fn value(&self) -> Option<&T> {
        self.here().map(|spot| &spot.value)
    }

    pub(super) fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
}

/// The members of a block that is read.
pub(super) struct Members<'a> {
    members: &'a [Member],
    place: &'a Place,
}

impl<'a> Members<'a> {
    /// The members of a block, each of which must be known.
    pub(super) fn of(
        node: &'a Node,
        place: &'a Place,
        known: &[&str],
        faults: &mut Faults,
    ) -> Option<Self> {
        let Kind::Map(members) = &node.kind else {
            let wanted = format!("a block with {}", suggest::list(known.iter().copied()));
            return misfit(node, place, faults, &wanted);
        };
        for member in members {
            if !known.contains(&&*member.name) {
                unknown(member, place, known, faults);
            }
        }
        Some(Self { members, place })
    }

    pub(super) fn optional<T: Read>(&self, name: &str, faults: &mut Faults) -> Slot<T> {
        let found = self
            .members
            .iter()
            .enumerate()
            .find(|(_, member)| *member.name == *name);
        let Some((order, member)) = found else {
            return Slot::Absent;
        };
        let place = self.place.member(name, &member.node.at);
        match read(&member.node, &place, faults) {
            Some(value) => Slot::Here(Spot {
                value,
                place,
                order,
            }),
            None => Slot::Faulty,
        }
    }

    pub(super) fn required<T: Read>(&self, name: &str, faults: &mut Faults) -> Slot<T> {
        let slot = self.optional(name, faults);
        if slot.is_absent() {
            let message = format!("{name:?} is missing: add it");
            faults.add(ConfigErrorKind::Empty, self.place, message);
        }
        slot
    }
}

/// Reads a value. INVARIANT: one that is not there has left a fault.
pub(super) fn read<T: Read>(node: &Node, place: &Place, faults: &mut Faults) -> Option<T> {
    let unsupported = match (&node.kind, node.extra) {
        (Kind::Told, _) => return None,
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
pub(super) fn misfit<T>(
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

fn blank<T>(text: &Text, place: &Place, faults: &mut Faults, wanted: &str) -> Option<T> {
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

/// A member that no block has.
fn unknown(member: &Member, place: &Place, known: &[&str], faults: &mut Faults) {
    let hint = suggest::hint(&member.name, known.iter().copied());
    // What is nearly a name is no key that somebody wrote where a name belongs.
    let place = match hint.is_empty() {
        true => place.unknown_member(&member.name, &member.at),
        false => place.member(&member.name, &member.at),
    };
    let message = match &*member.name {
        "<<" => "a merge key stands here: write each member out".to_owned(),
        _ => format!(
            "there is no such member: {hint}write one of {}",
            suggest::list(known.iter().copied())
        ),
    };
    faults.add(ConfigErrorKind::Unknown, &place, message);
}

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
    fn read(node: &Node, place: &Place, faults: &mut Faults) -> Option<Self> {
        let text = text(node, place, faults, "a secret")?;
        if text.empty_variables.is_empty() {
            return Some(text.secret.clone());
        }
        // Even where text stands around it: what is left of the secret is no secret.
        blank(text, place, faults, "a secret")
    }

    fn schema() -> Value {
        json!({"type": "string", "minLength": 1})
    }
}

fn text<'a>(node: &'a Node, place: &Place, faults: &mut Faults, wanted: &str) -> Option<&'a Text> {
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
pub(super) struct Id(pub(super) String);

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
fn is_plain_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    digits.bytes().all(|byte| byte.is_ascii_digit())
        && (digits == "0" && text == digits || !digits.is_empty() && !digits.starts_with('0'))
}

/// A number of seconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seconds(pub(super) u64);

impl Read for Seconds {
    fn read(node: &Node, place: &Place, faults: &mut Faults) -> Option<Self> {
        let digits = match &node.kind {
            Kind::Number(number) => Some(number.expose()),
            Kind::Text(text) if text.is_raw => Some(text.secret.expose()),
            _ => None,
        };
        let number = digits
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|digits| digits.parse().ok());
        match number {
            Some(number) => Some(Self(number)),
            None => misfit(node, place, faults, "a whole number of seconds, such as 30"),
        }
    }

    fn schema() -> Value {
        or_variable(json!({"type": "integer", "minimum": 0}))
    }
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
pub(super) struct PublicAlgorithm(pub(super) Algorithm);

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
pub(super) fn choice<T: Copy>(
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

pub(super) fn choice_schema<T>(names: &[(&'static str, T)]) -> Value {
    let names: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
    json!({"anyOf": [{"enum": names}, {"type": "string", "pattern": VARIABLE}]})
}

/// A list, which may be empty.
impl<T: Read> Read for Vec<Spot<T>> {
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
            Some(Spot {
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
#[derive(Clone, Debug)]
pub(super) struct Filled<T>(pub(super) Vec<Spot<T>>);

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

/// One text, or a list of texts that is not empty.
#[derive(Clone, Debug)]
pub(super) struct OneOrMore(pub(super) Vec<String>);

impl Read for OneOrMore {
    const IS_STRUCTURE: bool = true;

    fn read(node: &Node, place: &Place, faults: &mut Faults) -> Option<Self> {
        if matches!(node.kind, Kind::List(_)) {
            let Filled(texts) = Filled::<String>::read(node, place, faults)?;
            return Some(Self(texts.into_iter().map(|spot| spot.value).collect()));
        }
        text(node, place, faults, "a text, or a list of texts")
            .map(|text| Self(vec![text.secret.expose().to_owned()]))
    }

    fn schema() -> Value {
        json!({"anyOf": [
            {"type": "string", "minLength": 1},
            {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1},
        ]})
    }
}

/// The same, or a text with a variable in it.
pub(super) fn or_variable(schema: Value) -> Value {
    json!({"anyOf": [schema, {"type": "string", "pattern": VARIABLE}]})
}

/// A type whose members are those of a block; the comments become the schema's descriptions.
macro_rules! block {
    (
        $(#[doc = $about:literal])+
        $name:ident {
            $( $(#[doc = $doc:literal])+ $field:ident: $need:ident $type:ty, )*
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug)]
        pub(in crate::config) struct $name {
            $( pub(in crate::config) $field: $crate::config::read::Slot<$type>, )*
        }

        impl $name {
            pub(in crate::config) const MEMBERS: &'static [&'static str] =
                &[$(stringify!($field)),*];
        }

        impl $crate::config::read::Read for $name {
            const IS_STRUCTURE: bool = true;

            fn read(
                node: &$crate::config::node::Node,
                place: &$crate::config::fault::Place,
                faults: &mut $crate::config::fault::Faults,
            ) -> Option<Self> {
                let members =
                    $crate::config::read::Members::of(node, place, Self::MEMBERS, faults)?;
                Some(Self {
                    $( $field: members.$need(stringify!($field), faults), )*
                })
            }

            fn schema() -> serde_json::Value {
                $crate::config::schema::block(
                    &[$($about),+],
                    vec![$((
                        stringify!($field),
                        stringify!($need) == "required",
                        &[$($doc),+][..],
                        <$type as $crate::config::read::Read>::schema(),
                    )),*],
                )
            }
        }
    };
}
pub(super) use block;

const DATE: &str = "a date and time with its offset, such as 2027-01-31T00:00:00Z";
pub(super) const VARIABLE: &str = r"\$\{[A-Za-z_]";
