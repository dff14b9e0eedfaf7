//! Reads a body once, within bounds, and restores it byte for byte.

mod collected;
mod deadline;
mod restored;
mod room;

pub use self::restored::RestoredBody;
pub(crate) use self::{
    collected::Unread,
    room::{BodyRoom, Reading},
};
