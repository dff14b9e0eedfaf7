//! Claims for a type that reads them through serde, without the member names that have a special
//! meaning in `serde_json`.

use std::vec;

use serde::{
    Deserializer,
    de::{
        IntoDeserializer, Visitor,
        value::{BorrowedStrDeserializer, MapAccessDeserializer, MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};
use serde_json::{Error, Map, Value};

/// Whether `serde_json` would read a part of the value as another value.
pub(super) fn needs_care(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(needs_care),
        Value::Object(members) => members
            .iter()
            .any(|(name, value)| is_private(name) || needs_care(value)),
        _ => false,
    }
}

/// Covers every private name, present and future.
fn is_private(name: &str) -> bool {
    name.starts_with("$serde_json::private::")
}

/// A value whose members are all read as ordinary members.
///
/// `serde_json::Value` looks for its private names in the first member of an object, so they come
/// last; an object with no other member cannot become a `serde_json::Value`, and is an error there.
#[derive(Clone, Copy)]
pub(super) struct Ordinary<'de>(pub(super) &'de Value);

impl<'de> Ordinary<'de> {
    fn members(members: &'de Map<String, Value>) -> Members<'de> {
        let of = |wanted| {
            let is_wanted = move |(name, _): &(&String, _)| is_private(name) == wanted;
            members.iter().filter(is_wanted)
        };
        let all = of(false).chain(of(true)).enumerate();
        let all = all.map(|(at, (text, value))| {
            let is_first = at == 0;
            (Name { text, is_first }, Self(value))
        });
        MapDeserializer::new(all.collect::<Vec<_>>().into_iter())
    }
}

type Members<'de> = MapDeserializer<'de, vec::IntoIter<(Name<'de>, Ordinary<'de>)>, Error>;

impl<'de> Deserializer<'de> for Ordinary<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Array(items) => {
                let mut items = SeqDeserializer::new(items.iter().map(Self));
                let value = visitor.visit_seq(&mut items)?;
                items.end().map(|()| value)
            }
            Value::Object(members) => {
                let mut members = Self::members(members);
                let value = visitor.visit_map(&mut members)?;
                members.end().map(|()| value)
            }
            other => other.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.0 {
            Value::Object(members) => {
                visitor.visit_enum(MapAccessDeserializer::new(Self::members(members)))
            }
            other => other.deserialize_enum(name, variants, visitor),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        match is_private(name) {
            // The type asks for the text of the value, which holds everything unchanged.
            true => self.0.deserialize_newtype_struct(name, visitor),
            false => visitor.visit_newtype_struct(self),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Error> for Ordinary<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// The name of a member.
struct Name<'de> {
    text: &'de str,
    is_first: bool,
}

impl<'de> Deserializer<'de> for Name<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_borrowed_str(self.text)
    }

    /// `serde_json::Value` asks for a first name with this method; other types ask for a `String` or
    /// an identifier.
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.is_first && is_private(self.text) {
            true => Err(serde::de::Error::custom(
                "the object cannot be read as JSON of any kind",
            )),
            false => visitor.visit_borrowed_str(self.text),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        BorrowedStrDeserializer::new(self.text).deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Error> for Name<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}
