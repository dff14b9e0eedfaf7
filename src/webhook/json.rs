//! JSON bodies without duplicate names at any depth, so that two parsers read them alike.

use std::borrow::Cow;

use crate::{
    error::AuthError,
    jose::json::{Items, Members, Text, Value},
};

/// An object of a body.
pub(in crate::webhook) struct Object<'a>(Vec<(Text<'a>, Value<'a>)>);

impl<'a> Object<'a> {
    /// Reads a whole body, with all nested values.
    pub(super) fn parse(body: &'a [u8]) -> Result<Self, AuthError> {
        let text = std::str::from_utf8(body).map_err(|_| malformed("body_not_utf8"))?;
        check(Value::Object(text))?;
        Self::open(text)
    }

    fn open(text: &'a str) -> Result<Self, AuthError> {
        let mut members = Members::of(text).map_err(|_| malformed("body_not_json"))?;
        let mut all = Vec::new();
        while let Some(member) = members.next().map_err(|_| malformed("body_not_json"))? {
            all.push(member);
        }
        Ok(Self(all))
    }

    pub(super) fn names(&self) -> impl Iterator<Item = Text<'a>> {
        self.0.iter().map(|(name, _)| *name)
    }

    /// The member of that name; `None` where it is absent or null.
    pub(super) fn get(&self, name: &str) -> Option<Value<'a>> {
        self.0
            .iter()
            .find(|(shown, _)| shown.is(name))
            .map(|(_, value)| *value)
            .filter(|value| !matches!(value, Value::Null))
    }

    /// The object of that name; `None` where it is absent or null.
    pub(super) fn object(&self, name: &str) -> Result<Option<Self>, AuthError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Object(text)) => Self::open(text).map(Some),
            Some(_) => Err(malformed("member_of_another_type")),
        }
    }

    /// The objects in the array of that name; empty where it is absent or null.
    pub(super) fn objects(&self, name: &str) -> Result<Vec<Self>, AuthError> {
        let text = match self.get(name) {
            None => return Ok(Vec::new()),
            Some(Value::Array(text)) => text,
            Some(_) => return Err(malformed("member_of_another_type")),
        };
        let mut items = Items::of(text).map_err(|_| malformed("body_not_json"))?;
        let mut all = Vec::new();
        while let Some(item) = items.next().map_err(|_| malformed("body_not_json"))? {
            match item {
                Value::Object(text) => all.push(Self::open(text)?),
                _ => return Err(malformed("member_of_another_type")),
            }
        }
        Ok(all)
    }

    /// The text of that name; `None` where it is absent or null.
    pub(super) fn text(&self, name: &str) -> Result<Option<Cow<'a, str>>, AuthError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text.cow())),
            Some(_) => Err(malformed("member_of_another_type")),
        }
    }

    /// The text of that name if it can be an id, which is not empty.
    pub(super) fn id(&self, name: &str) -> Option<String> {
        let id = self.text(name).ok()??;
        (!id.is_empty()).then(|| id.into_owned())
    }

    /// The whole number of that name; `None` where it is absent or null.
    ///
    /// The number is an id or a kind: a fraction, an exponent, `-0`, or a number larger than any
    /// platform's is refused. Another parser may round it to the id of another user.
    pub(super) fn integer(&self, name: &str) -> Result<Option<i64>, AuthError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Number(digits)) => match digits.parse() {
                Ok(number) if digits != "-0" => Ok(Some(number)),
                _ => Err(malformed("number_not_whole")),
            },
            Some(_) => Err(malformed("member_of_another_type")),
        }
    }

    /// The time of that name in milliseconds, as whole seconds; `None` where it is absent, null or
    /// negative. Any JSON number (RFC 8259) is a time, `1.76e12` too.
    pub(super) fn milliseconds(&self, name: &str) -> Result<Option<u64>, AuthError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Number(text)) => {
                let milliseconds: f64 = text.parse().map_err(|_| malformed("number_not_finite"))?;
                let is_time = (0.0..LATEST).contains(&milliseconds);
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "it is within the range in which a double holds every whole number"
                )]
                Ok(is_time.then_some((milliseconds / 1000.0) as u64))
            }
            Some(_) => Err(malformed("member_of_another_type")),
        }
    }

    /// The value at the end of a path of names, read by `read`; `None` where a name on the path is
    /// absent or null.
    pub(super) fn at<T>(
        &self,
        path: &str,
        read: impl Fn(&Self, &str) -> Result<Option<T>, AuthError>,
    ) -> Result<Option<T>, AuthError> {
        match path.split_once('.') {
            None => read(self, path),
            Some((first, rest)) => match self.object(first)? {
                None => Ok(None),
                Some(inner) => inner.at(rest, read),
            },
        }
    }
}

/// Reads every object in a value; the parser bounds the depth.
fn check(value: Value<'_>) -> Result<(), AuthError> {
    match value {
        Value::Object(text) => {
            let object = Object::open(text)?;
            object.0.iter().try_for_each(|(_, value)| check(*value))
        }
        Value::Array(text) => {
            let mut items = Items::of(text).map_err(|_| malformed("body_not_json"))?;
            while let Some(item) = items.next().map_err(|_| malformed("body_not_json"))? {
                check(item)?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// In milliseconds: the year 287396. A double holds every whole number up to this one.
const LATEST: f64 = 9_007_199_254_740_992.0;

pub(super) fn malformed(reason: &'static str) -> AuthError {
    AuthError::invalid_request(reason).with_message(
        "the body is not what the platform sends, or can be read in more than one way",
    )
}
