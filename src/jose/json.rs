//! A strict JSON reader that allocates nothing.
//!
//! `serde_json` skips what it does not need without a depth limit and without looking at surrogate
//! escapes, and keeps the last of two equal members; a token must be refused for each of these.
//! What this reader accepts, `serde_json` accepts too: claims can be parsed by it later.

use std::{borrow::Cow, str::Chars};

use self::cursor::Cursor;

mod cursor;

/// Why a text is not the JSON that it must be.
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

/// A string: what stands between its quotes, and whether escapes are among it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text<'a> {
    raw: &'a str,
    escaped: bool,
}

impl<'a> Text<'a> {
    /// The text with its escapes resolved.
    pub(crate) fn cow(self) -> Cow<'a, str> {
        if self.escaped {
            Cow::Owned(self.chars().collect())
        } else {
            Cow::Borrowed(self.raw)
        }
    }

    /// Whether the text is that one, escapes resolved.
    pub(crate) fn is(self, other: &str) -> bool {
        if self.escaped {
            self.chars().eq(other.chars())
        } else {
            self.raw == other
        }
    }

    pub(crate) fn is_empty(self) -> bool {
        self.raw.is_empty()
    }

    fn chars(self) -> Unescape<'a> {
        Unescape(self.raw.chars())
    }

    /// FNV-1a over the resolved text: equal texts have equal fingerprints.
    fn fingerprint(self) -> u64 {
        if self.escaped {
            let mut buffer = [0; 4];
            self.chars().fold(FNV_BASIS, |hash, c| {
                fnv(hash, c.encode_utf8(&mut buffer).as_bytes())
            })
        } else {
            fnv(FNV_BASIS, self.raw.as_bytes())
        }
    }
}

/// The members of one object, in order, each name once.
#[derive(Debug)]
pub(crate) struct Members<'a> {
    cursor: Cursor<'a>,
    seen: [u64; MAX_MEMBERS],
    count: usize,
    done: bool,
}

impl<'a> Members<'a> {
    /// Opens the object that is the whole of `text`.
    pub(crate) fn of(text: &'a str) -> Result<Self, Fault> {
        let cursor = Cursor::open(text, b'{')?;
        Ok(Self {
            cursor,
            seen: [0; MAX_MEMBERS],
            count: 0,
            done: false,
        })
    }

    /// The next member; after the last one, nothing else may follow in the text.
    pub(crate) fn next(&mut self) -> Result<Option<(Text<'a>, Value<'a>)>, Fault> {
        if self.done || !self.cursor.another(self.count, b'}')? {
            self.done = true;
            return self.cursor.finish().map(|()| None);
        }
        let name = self.cursor.name()?;
        self.remember(name)?;
        let value = self.cursor.value(1)?;
        Ok(Some((name, value)))
    }

    /// Comparing fingerprints costs the same whatever the names are, so that a hostile header
    /// cannot make it slow. Two different names that share one are refused as well: 1 in 2^64 by
    /// accident, and of no use to whoever does it on purpose.
    fn remember(&mut self, name: Text<'a>) -> Result<(), Fault> {
        let fingerprint = name.fingerprint();
        let (before, rest) = self.seen.split_at_mut(self.count);
        if before.contains(&fingerprint) {
            return Err(Fault::DuplicateMember);
        }
        *rest.first_mut().ok_or(Fault::TooManyMembers)? = fingerprint;
        self.count += 1;
        Ok(())
    }
}

/// The items of one array, in order.
#[derive(Debug)]
pub(crate) struct Items<'a> {
    cursor: Cursor<'a>,
    count: usize,
    done: bool,
}

impl<'a> Items<'a> {
    /// Opens the array that is the whole of `text`.
    pub(crate) fn of(text: &'a str) -> Result<Self, Fault> {
        let cursor = Cursor::open(text, b'[')?;
        Ok(Self {
            cursor,
            count: 0,
            done: false,
        })
    }

    /// The next item; after the last one, nothing else may follow in the text.
    pub(crate) fn next(&mut self) -> Result<Option<Value<'a>>, Fault> {
        if self.done || !self.cursor.another(self.count, b']')? {
            self.done = true;
            return self.cursor.finish().map(|()| None);
        }
        self.count += 1;
        self.cursor.value(1).map(Some)
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
        // The other half is there: the reader checked.
        self.0.nth(1)?;
        let low = self.unit()?;
        char::from_u32(0x10000 + ((unit - 0xD800) << 10) + low.checked_sub(0xDC00)?)
    }

    fn unit(&mut self) -> Option<u32> {
        (0..4).try_fold(0, |unit, _| Some(unit * 16 + self.0.next()?.to_digit(16)?))
    }
}

fn fnv(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(FNV_PRIME)
    })
}

const MAX_MEMBERS: usize = 256;
const FNV_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;

#[cfg(test)]
mod tests;
