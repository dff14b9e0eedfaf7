//! Objects and arrays that may be nested deeper than a token: what programs exchange.

use super::{
    cursor::Cursor,
    members::{Items, Members},
    value::{Fault, Text},
};

impl<'a> Members<'a> {
    /// Opens the object that is the whole of `text`, in which brackets are nested up to 128 deep: the bound
    /// of `serde_json`.
    pub(crate) fn of_deep(text: &'a str) -> Result<Self, Fault> {
        Cursor::open_within(text, b'{', MAX_DEPTH).map(Self::inside)
    }
}

impl<'a> Items<'a> {
    /// Opens the array that is the whole of `text`, in which brackets are nested up to 128 deep.
    pub(crate) fn of_deep(text: &'a str) -> Result<Self, Fault> {
        Cursor::open_within(text, b'[', MAX_DEPTH).map(Self::inside)
    }
}

impl<'a> Text<'a> {
    /// The text between its quotes, as it stands in the JSON.
    pub(crate) fn raw(self) -> &'a str {
        self.raw
    }
}

const MAX_DEPTH: usize = 128;
