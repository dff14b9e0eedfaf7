//! A position in the text, and the grammar of RFC 8259.

use super::value::{Escapes, Fault, Text, Value};

/// A position in the text.
#[derive(Debug)]
pub(crate) struct Cursor<'a> {
    text: &'a str,
    at: usize,
    max_depth: usize,
}

impl<'a> Cursor<'a> {
    /// Goes inside the object or array that is the whole of the text.
    pub(crate) fn open(text: &'a str, bracket: u8) -> Result<Self, Fault> {
        Self::open_within(text, bracket, MAX_DEPTH)
    }

    /// Goes inside, where brackets may be nested so deep.
    pub(super) fn open_within(text: &'a str, bracket: u8, max_depth: usize) -> Result<Self, Fault> {
        let mut cursor = Self {
            text,
            at: 0,
            max_depth,
        };
        cursor.space();
        if cursor.take(bracket) {
            return Ok(cursor);
        }
        // A scalar or the other bracket is JSON of another type; anything else is not JSON. The
        // value is read to its end first, so that `[` alone is a syntax error.
        cursor.value(0)?;
        cursor.finish()?;
        Err(Fault::WrongType)
    }

    /// Whether another element follows; else the closing bracket has been taken.
    #[inline]
    pub(crate) fn another(&mut self, count: usize, close: u8) -> Result<bool, Fault> {
        self.space();
        if self.take(close) {
            return Ok(false);
        }
        if count > 0 {
            self.expect(b',')?;
            self.space();
        }
        Ok(true)
    }

    #[inline]
    pub(crate) fn name(&mut self) -> Result<Text<'a>, Fault> {
        let name = self.string()?;
        self.space();
        self.expect(b':')?;
        self.space();
        Ok(name)
    }

    /// Reads one value to its end. `depth` is how many brackets are open around it.
    // Inlined for the objects that are read, where it saves a third of the time; those inside are
    // passed over by one function that calls itself.
    #[inline(always)]
    pub(crate) fn value(&mut self, depth: usize) -> Result<Value<'a>, Fault> {
        let start = self.at;
        match self.peek().ok_or(Fault::Syntax)? {
            b'"' => self.string().map(Value::Text),
            b'{' => {
                self.nested(depth, b'}')?;
                self.since(start).map(Value::Object)
            }
            b'[' => {
                self.nested(depth, b']')?;
                self.since(start).map(Value::Array)
            }
            b'-' | b'0'..=b'9' => {
                self.number()?;
                self.since(start).map(Value::Number)
            }
            b't' => self.literal("true").map(|()| Value::True),
            b'f' => self.literal("false").map(|()| Value::False),
            b'n' => self.literal("null").map(|()| Value::Null),
            _ => Err(Fault::Syntax),
        }
    }

    /// Passes over one value.
    #[inline(never)]
    fn skip(&mut self, depth: usize) -> Result<(), Fault> {
        self.value(depth).map(drop)
    }

    /// Passes over an object or an array. It recurses, at most `max_depth` times.
    fn nested(&mut self, depth: usize, close: u8) -> Result<(), Fault> {
        if depth >= self.max_depth {
            return Err(Fault::TooDeep);
        }
        self.at += 1;
        let mut count = 0;
        while self.another(count, close)? {
            if close == b'}' {
                self.name()?;
            }
            self.skip(depth + 1)?;
            count += 1;
        }
        Ok(())
    }

    #[inline(always)]
    fn string(&mut self) -> Result<Text<'a>, Fault> {
        self.expect(b'"')?;
        let start = self.at;
        let mut escapes = Escapes::None;
        loop {
            self.at += plain(self.rest());
            match self.peek() {
                Some(b'"') => {
                    let raw = self.since(start)?;
                    self.at += 1;
                    return Ok(Text { raw, escapes });
                }
                Some(b'\\') => {
                    escapes = Escapes::Some;
                    self.at += 1;
                    self.escape()?;
                }
                // A control character, which must be written as an escape, or the end.
                _ => return Err(Fault::Syntax),
            }
        }
    }

    fn escape(&mut self) -> Result<(), Fault> {
        let kind = self.peek().ok_or(Fault::Syntax)?;
        self.at += 1;
        match kind {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(()),
            b'u' => match self.hex()? {
                0xD800..0xDC00 => {
                    if !(self.take(b'\\') && self.take(b'u')) {
                        return Err(Fault::LoneSurrogate);
                    }
                    match self.hex()? {
                        0xDC00..0xE000 => Ok(()),
                        _ => Err(Fault::LoneSurrogate),
                    }
                }
                0xDC00..0xE000 => Err(Fault::LoneSurrogate),
                _ => Ok(()),
            },
            _ => Err(Fault::Syntax),
        }
    }

    fn hex(&mut self) -> Result<u32, Fault> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            unit = unit * 16 + digit.ok_or(Fault::Syntax)?;
            self.at += 1;
        }
        Ok(unit)
    }

    fn number(&mut self) -> Result<(), Fault> {
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        let exponent = self.take(b'e') || self.take(b'E');
        if exponent {
            let _sign = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        // `serde_json` has no number for what overflows a double, and the claims could not be
        // read later. Without an exponent that takes more than 300 digits.
        if exponent || self.at - start > MAX_PLAIN_DIGITS {
            match self.since(start)?.parse::<f64>() {
                Ok(number) if number.abs() <= MAX_NUMBER => {}
                _ => return Err(Fault::HugeNumber),
            }
        }
        Ok(())
    }

    #[inline]
    fn digits(&mut self) -> Result<(), Fault> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == start {
            Err(Fault::Syntax)
        } else {
            Ok(())
        }
    }

    fn literal(&mut self, word: &str) -> Result<(), Fault> {
        word.bytes().try_for_each(|byte| self.expect(byte))
    }

    pub(crate) fn finish(&mut self) -> Result<(), Fault> {
        self.space();
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(Fault::Syntax),
        }
    }

    #[inline]
    fn space(&mut self) {
        // Nearly always there is none, and nothing else is that low.
        while self.peek().is_some_and(|byte| byte <= b' ') {
            if !matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
                return;
            }
            self.at += 1;
        }
    }

    #[inline]
    fn expect(&mut self, byte: u8) -> Result<(), Fault> {
        if self.take(byte) {
            Ok(())
        } else {
            Err(Fault::Syntax)
        }
    }

    #[inline]
    fn take(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    #[inline]
    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline]
    fn since(&self, start: usize) -> Result<&'a str, Fault> {
        self.text.get(start..self.at).ok_or(Fault::Syntax)
    }
}

/// The number of leading bytes that need no check: no quote, no backslash, no control character.
///
/// Eight at a time. In each word the lowest mark is always right (a borrow can only mark what stands
/// above a byte that is marked rightly), and only the lowest is used.
#[inline]
fn plain(bytes: &[u8]) -> usize {
    let mut at = 0;
    let mut rest = bytes;
    while let Some((word, further)) = rest.split_first_chunk() {
        let marks = marks(u64::from_le_bytes(*word));
        if marks != 0 {
            return at + marks.trailing_zeros() as usize / 8;
        }
        at += word.len();
        rest = further;
    }
    let needs_look = |byte: &u8| matches!(byte, b'"' | b'\\' | ..0x20);
    at + rest.iter().position(needs_look).unwrap_or(rest.len())
}

/// Sets the highest bit of each byte that [`plain`] looks for.
#[inline]
fn marks(word: u64) -> u64 {
    let zero = |word: u64| word.wrapping_sub(ONES) & !word;
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    (control | zero(word ^ (ONES * 0x22)) | zero(word ^ (ONES * 0x5c))) & (ONES * 0x80)
}

/// A one in each byte.
const ONES: u64 = 0x0101_0101_0101_0101;

/// No token of any issuer nests deeper.
const MAX_DEPTH: usize = 32;

const MAX_PLAIN_DIGITS: usize = 300;
const MAX_NUMBER: f64 = 1e300;
