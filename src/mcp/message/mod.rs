//! Messages in a body, read as strictly as the most lenient reader behind the layer demands.
//!
//! Whatever two readers could read in two ways is refused: a doubled member, a member that differs from a known one
//! by its case alone (some readers do not tell them apart), a name that `serde_json` gives a meaning of its own,
//! bytes that are not UTF-8, and all that RFC 8259 does not allow.

mod call;
mod members;
mod read;

pub(super) use self::{
    call::{Call, Item, Kind},
    read::{Content, Messages, read},
};
