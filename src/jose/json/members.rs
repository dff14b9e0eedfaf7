//! Iterates over the members of an object and the items of an array.

use super::{
    cursor::Cursor,
    value::{Fault, Text, Value},
};

/// The members of one object, in order, each name once.
#[derive(Debug)]
pub(crate) struct Members<'a> {
    cursor: Cursor<'a>,
    /// The fingerprints of the first names; those of later names stand in `seen_later`.
    seen: [u64; USUAL_MEMBERS],
    seen_later: Vec<u64>,
    /// A bit for each of 64 kinds of names: the first name of its kind needs no search.
    kinds_seen: u64,
    count: usize,
    done: bool,
}

impl<'a> Members<'a> {
    /// Opens the object that is the whole of `text`.
    // Always inlined: the optimizer would otherwise move it out of line because of its size.
    #[inline(always)]
    pub(crate) fn of(text: &'a str) -> Result<Self, Fault> {
        Cursor::open(text, b'{').map(Self::inside)
    }

    #[inline(always)]
    pub(super) fn inside(cursor: Cursor<'a>) -> Self {
        Self {
            cursor,
            seen: [0; USUAL_MEMBERS],
            seen_later: Vec::new(),
            kinds_seen: 0,
            count: 0,
            done: false,
        }
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

    /// Notes a name, or refuses it where it was seen before.
    ///
    /// Comparing fingerprints costs the same whatever the names are, so that a hostile header cannot
    /// make it slow. Two different names with one fingerprint are refused as well: 1 in 2^64 by
    /// accident, and of no use to an attacker.
    fn remember(&mut self, name: Text<'a>) -> Result<(), Fault> {
        // Equal names have equal fingerprints, escapes or not.
        let fingerprint = fingerprint(name.cow().as_bytes());
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
        Cursor::open(text, b'[').map(Self::inside)
    }

    pub(super) fn inside(cursor: Cursor<'a>) -> Self {
        Self {
            cursor,
            count: 0,
            done: false,
        }
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
