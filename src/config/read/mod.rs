//! From the document to values of a type: what a value may be, and what a fault says.

mod claims;
mod lists;
mod slot;
mod values;

use std::borrow::Cow;

use serde_json::Value;

pub(super) use self::{
    claims::{Claim, Claims, RequiredClaim},
    lists::{Filled, OneOrList, OneOrMore, OneOrMoreSecrets, PublicAlgorithms},
    slot::{Located, OneOf, Slot, Which},
    values::{Bytes, Count, Free, Id, Seconds, choice, choice_schema},
};
use super::{
    fault::{Faults, Place},
    node::{Extra, Kind, Member, Node, Text},
    schema::{self, Described},
    source::parse_json,
    suggest,
};
use crate::error::ConfigErrorKind;

/// A type that stands in a document.
pub(super) trait Read: Sized {
    /// Whether it is a list or a block, which a variable can give as JSON.
    const IS_STRUCTURE: bool = false;

    /// Whether it must not be seen.
    const IS_SECRET: bool = false;

    /// Reads a value, or adds a fault.
    fn read(node: &Node, place: &Place, faults: &mut Faults) -> Option<Self>;

    /// The JSON Schema of it.
    fn schema() -> Value;
}

/// The members of a block that is read.
pub(super) struct Members<'a> {
    members: &'a [Member],
    known: &'a [&'a str],
    place: &'a Place,
}

impl<'a> Members<'a> {
    /// The members of a block, each of which must be known.
    pub(super) fn of(
        node: &'a Node,
        place: &'a Place,
        known: &'a [&'a str],
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
        Some(Self {
            members,
            known,
            place,
        })
    }

    pub(super) fn optional<T: Read>(&self, name: &str, faults: &mut Faults) -> Slot<T> {
        let Some((order, member)) = self.find(name) else {
            return Slot::Absent;
        };
        let place = self.place.member(&member.name, &member.node.at);
        match read(&member.node, &place, faults) {
            Some(value) => Slot::Present(Located {
                value,
                place,
                order,
            }),
            None => Slot::Faulty,
        }
    }

    /// The member of that name, or the one that was probably meant to have it: that is a fault, which
    /// has been told, and what is wrong with its value is told as well. INVARIANT: nothing is built
    /// from a configuration in which a fault was found.
    fn find(&self, name: &str) -> Option<(usize, &'a Member)> {
        let members = || self.members.iter().enumerate();
        let is_meant = |member: &Member| {
            let known = || self.known.iter().copied();
            !known().any(|known| *member.name == *known)
                && suggest::closest(&member.name, known()) == Some(name)
        };
        members()
            .find(|(_, member)| *member.name == *name)
            .or_else(|| members().find(|(_, member)| is_meant(member)))
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

/// A block of the document, or a part that several blocks have in common.
pub(super) trait Block: Sized {
    /// What the schema says about it.
    const ABOUT: &'static [&'static str];

    /// Its members, in the order in which messages name them.
    fn members() -> Vec<Described>;

    /// Reads them.
    fn read_members(members: &Members<'_>, faults: &mut Faults) -> Self;
}

impl<T: Block> Read for T {
    const IS_STRUCTURE: bool = true;

    fn read(node: &Node, place: &Place, faults: &mut Faults) -> Option<Self> {
        let known: Vec<&str> = T::members().iter().map(|member| member.name).collect();
        let members = Members::of(node, place, &known, faults)?;
        Some(T::read_members(&members, faults))
    }

    fn schema() -> Value {
        schema::block(T::ABOUT, &T::members())
    }
}

/// A type whose members are those of a block; the comments become the schema's descriptions. After
/// two dots stands a part that other blocks have too.
macro_rules! block {
    (
        $(#[doc = $about:literal])+
        $name:ident $(: $derived:ident)? {
            $( $(#[doc = $doc:literal])+ $field:ident: $need:ident $type:ty, )*
            $( ..$part:ident: $shared:ty, )*
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug $(, $derived)?)]
        pub(in crate::config) struct $name {
            $( pub(in crate::config) $field: $crate::config::read::Slot<$type>, )*
            $( pub(in crate::config) $part: $shared, )*
        }

        impl $crate::config::read::Block for $name {
            const ABOUT: &'static [&'static str] = &[$($about),+];

            fn members() -> Vec<$crate::config::schema::Described> {
                let own = vec![$( $crate::config::schema::Described {
                    name: stringify!($field),
                    is_required: stringify!($need) == "required",
                    about: &[$($doc),+],
                    schema: <$type as $crate::config::read::Read>::schema,
                }),*];
                [own $(, <$shared as $crate::config::read::Block>::members())*].concat()
            }

            fn read_members(
                members: &$crate::config::read::Members<'_>,
                faults: &mut $crate::config::fault::Faults,
            ) -> Self {
                Self {
                    $( $field: members.$need(stringify!($field), faults), )*
                    $( $part: <$shared as $crate::config::read::Block>::read_members(members, faults), )*
                }
            }
        }
    };
}
pub(super) use block;
