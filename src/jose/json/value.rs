//! Values that were checked to their end, and texts with their escapes.

use std::{borrow::Cow, str::Chars};

/// The reason why a text is not the required JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Syntax,
    /// Well-formed so far, but no object (or no array) where one is required.
    WrongType,
    LoneSurrogate,
    /// A number that no double can hold.
    HugeNumber,
    TooDeep,
    TooManyMembers,
    DuplicateMember,
}

/// A value that was checked to its end.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    Text(Text<'a>),
    Number(&'a str),
    Object(&'a str),
    Array(&'a str),
    True,
    False,
    Null,
}

/// A string: the text between its quotes, and whether it holds escapes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text<'a> {
    pub(super) raw: &'a str,
    pub(super) escapes: Escapes,
}

/// As wide as a pointer: a `bool` would leave padding in the types that hold it, and copies of them
/// would be slower.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(usize)]
pub(super) enum Escapes {
    None,
    Some,
}

impl<'a> Text<'a> {
    /// The text with its escapes resolved.
    #[inline]
    pub(crate) fn cow(self) -> Cow<'a, str> {
        if self.has_escapes() {
            Cow::Owned(self.chars().collect())
        } else {
            Cow::Borrowed(self.raw)
        }
    }

    /// Whether the text equals `other`, escapes resolved.
    #[inline]
    pub(crate) fn is(self, other: &str) -> bool {
        if self.has_escapes() {
            self.chars().eq(other.chars())
        } else {
            self.raw == other
        }
    }

    pub(crate) fn is_empty(self) -> bool {
        self.raw.is_empty()
    }

    #[inline]
    fn has_escapes(self) -> bool {
        self.escapes == Escapes::Some
    }

    fn chars(self) -> Unescape<'a> {
        Unescape(self.raw.chars())
    }
}

/// The characters of a checked string, escapes resolved.
struct Unescape<'a>(Chars<'a>);

impl Iterator for Unescape<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        let c = self.0.next()?;
        if c != '\\' {
            return Some(c);
        }
        Some(match self.0.next()? {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => self.unicode()?,
            other => other,
        })
    }
}

impl Unescape<'_> {
    fn unicode(&mut self) -> Option<char> {
        let unit = self.unit()?;
        if !(0xD800..0xDC00).contains(&unit) {
            return char::from_u32(unit);
        }
        // The other half is present: the reader checked.
        self.0.nth(1)?;
        let low = self.unit()?;
        char::from_u32(0x10000 + ((unit - 0xD800) << 10) + low.checked_sub(0xDC00)?)
    }

    fn unit(&mut self) -> Option<u32> {
        (0..4).try_fold(0, |unit, _| Some(unit * 16 + self.0.next()?.to_digit(16)?))
    }
}
