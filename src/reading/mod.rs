//! Reads a body once, within bounds, and restores it byte for byte.

mod coding;
mod collected;
mod deadline;
mod restored;
mod room;

pub use self::restored::RestoredBody;
pub(crate) use self::{
    coding::is_uncompressed,
    collected::Unread,
    room::{BodyRoom, Reading},
};
