//! Blocks: their members, and a type for each.

use serde_json::{Map, Value, json};

use super::{
    contract::{Read, misfit, read},
    slot::{Located, Slot},
};
use crate::{
    config::{
        fault::{Faults, Place},
        node::{Kind, Member, Node},
        suggest,
    },
    error::ConfigErrorKind,
};

/// A block of the document, or a part that several blocks have in common.
pub(in crate::config) trait Block: Sized {
    /// What the schema says about it.
    const ABOUT: &'static [&'static str];

    /// Its members, in the order in which messages name them.
    fn members() -> Vec<Described>;

    /// Reads them.
    fn read_members(members: &Members<'_>, faults: &mut Faults) -> Self;
}

/// A member of a block, as messages and the schema tell it.
#[derive(Clone, Copy, Debug)]
pub(in crate::config) struct Described {
    pub(in crate::config) name: &'static str,
    pub(in crate::config) is_required: bool,
    /// The lines of its comment.
    pub(in crate::config) about: &'static [&'static str],
    pub(in crate::config) schema: fn() -> Value,
}

impl<T: Block> Read for T {
    const IS_STRUCTURE: bool = true;

    fn read(node: &Node, place: &Place, faults: &mut Faults) -> Option<Self> {
        let known: Vec<&str> = T::members().iter().map(|member| member.name).collect();
        let members = Members::of(node, place, &known, faults)?;
        Some(T::read_members(&members, faults))
    }

    fn schema() -> Value {
        schema_of(T::ABOUT, &T::members())
    }
}

/// The members of a block that is read.
pub(in crate::config) struct Members<'a> {
    members: &'a [Member],
    known: &'a [&'a str],
    place: &'a Place,
}

impl<'a> Members<'a> {
    /// The members of a block, each of which must be known.
    pub(in crate::config) fn of(
        node: &'a Node,
        place: &'a Place,
        known: &'a [&'a str],
        faults: &mut Faults,
    ) -> Option<Self> {
        let Kind::Map(members) = &node.kind else {
            let wanted = format!("a block with {}", suggest::list(known.iter().copied()));
            return misfit(node, place, faults, &wanted);
        };
        if members.len() > MOST_MEMBERS {
            let message =
                format!("the block has more than {MOST_MEMBERS} members: no block has so many");
            faults.add(ConfigErrorKind::Malformed, place, message);
            return None;
        }
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

    pub(in crate::config) fn optional<T: Read>(&self, name: &str, faults: &mut Faults) -> Slot<T> {
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

    pub(in crate::config) fn required<T: Read>(&self, name: &str, faults: &mut Faults) -> Slot<T> {
        let slot = self.optional(name, faults);
        if slot.is_absent() {
            let message = format!("{name:?} is missing: add it");
            faults.add(ConfigErrorKind::Empty, self.place, message);
        }
        slot
    }
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

/// The schema of a block.
fn schema_of(about: &[&str], members: &[Described]) -> Value {
    let required = members.iter().filter(|member| member.is_required);
    let required: Vec<&str> = required.map(|member| member.name).collect();
    let mut properties = Map::new();
    for member in members {
        let mut schema = (member.schema)();
        if let Some(schema) = schema.as_object_mut() {
            schema.insert("description".into(), joined(member.about).into());
        }
        properties.insert(member.name.into(), schema);
    }
    let mut block = json!({
        "description": joined(about),
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    });
    if let (false, Some(block)) = (required.is_empty(), block.as_object_mut()) {
        block.insert("required".into(), required.into());
    }
    block
}

/// A comment's lines as one text.
fn joined(lines: &[&str]) -> String {
    let lines: Vec<&str> = lines.iter().map(|line| line.trim()).collect();
    lines.join(" ").trim().to_owned()
}

/// Each unknown name is compared with each known one, and has a fault of its own.
const MOST_MEMBERS: usize = 500;

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

            fn members() -> Vec<$crate::config::read::Described> {
                let own = vec![$( $crate::config::read::Described {
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
pub(in crate::config) use block;
