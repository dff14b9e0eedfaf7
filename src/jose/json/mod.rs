//! A strict JSON reader, which allocates nothing for any object of a usual size.
//!
//! `serde_json` skips what it does not need without a depth limit and without looking at surrogate
//! escapes, and keeps the last of two equal members; a token must be refused for each of these.
//! What this reader accepts, `serde_json` accepts too. Where all of it is wanted as a value, [`tree`]
//! makes one.

mod cursor;
#[cfg(feature = "mcp")]
mod deep;
mod members;
#[cfg(test)]
mod tests;
pub(crate) mod tree;
mod value;

pub(crate) use self::{
    members::{Items, Members},
    value::{Fault, Text, Value},
};
