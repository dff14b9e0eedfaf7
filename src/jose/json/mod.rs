//! A strict JSON reader, which allocates nothing for any object of a usual size.
//!
//! `serde_json` skips what it does not need without a depth limit and without looking at surrogate
//! escapes, and keeps the last of two equal members; a token must be refused for each of these.
//! What this reader accepts, `serde_json` accepts too. Where all of it is wanted as a value, [`tree`]
//! makes one.

use std::{borrow::Cow, str::Chars};

use self::cursor::Cursor;

mod cursor;
pub(crate) mod tree;

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
    escapes: Escapes,
}

/// As wide as a pointer: with a `bool`, a text and what it is part of would have padding, and be
/// moved about in pieces that the processor waits for.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(usize)]
enum Escapes {
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

    /// Whether the text is that one, escapes resolved.
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

    /// A number for the resolved text: equal texts have equal ones.
    fn fingerprint(self) -> u64 {
        fingerprint(self.cow().as_bytes())
    }
}

/// The members of one object, in order, each name once.
#[derive(Debug)]
pub(crate) struct Members<'a> {
    cursor: Cursor<'a>,
    /// The names of the first members, and of what few objects have beyond them.
    seen: [u64; USUAL_MEMBERS],
    seen_later: Vec<u64>,
    /// A bit for each of 64 kinds of names: what is the first of its kind needs no search.
    kinds_seen: u64,
    count: usize,
    done: bool,
}

impl<'a> Members<'a> {
    /// Opens the object that is the whole of `text`.
    // Always inlined: it is larger than what is done with it, and would be moved.
    #[inline(always)]
    pub(crate) fn of(text: &'a str) -> Result<Self, Fault> {
        let cursor = Cursor::open(text, b'{')?;
        Ok(Self {
            cursor,
            seen: [0; USUAL_MEMBERS],
            seen_later: Vec::new(),
            kinds_seen: 0,
            count: 0,
            done: false,
        })
    }

    /// The next member; after the last one, nothing else may follow in the text.
    #[inline]
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
        let kind = 1_u64 << (fingerprint >> 58);
        if self.kinds_seen & kind != 0 && self.has_seen(fingerprint) {
            return Err(Fault::DuplicateMember);
        }
        self.kinds_seen |= kind;
        match self.seen.get_mut(self.count) {
            Some(free) => *free = fingerprint,
            None if self.count < MAX_MEMBERS => self.seen_later.push(fingerprint),
            None => return Err(Fault::TooManyMembers),
        }
        self.count += 1;
        Ok(())
    }

    fn has_seen(&self, fingerprint: u64) -> bool {
        let first = self.seen.iter().take(self.count);
        first
            .chain(&self.seen_later)
            .any(|seen| *seen == fingerprint)
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

/// Every step can be undone, so texts of up to eight bytes and one length never share a number.
#[inline]
fn fingerprint(text: &[u8]) -> u64 {
    let mix = |hash: u64, word: u64| {
        let hash = (hash ^ word).wrapping_mul(ODD);
        hash ^ (hash >> 32)
    };
    let mut hash = text.len() as u64;
    let mut rest = text;
    while let Some((word, further)) = rest.split_first_chunk() {
        hash = mix(hash, u64::from_le_bytes(*word));
        rest = further;
    }
    let last = rest
        .iter()
        .fold(0, |word, byte| (word << 8) | u64::from(*byte));
    mix(hash, last)
}

const MAX_MEMBERS: usize = 256;
const USUAL_MEMBERS: usize = 24;
/// As even as can be: the fractional part of the golden ratio.
const ODD: u64 = 0x9e37_79b9_7f4a_7c15;

#[cfg(test)]
mod tests;
