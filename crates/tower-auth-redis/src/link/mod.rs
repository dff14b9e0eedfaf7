//! The one connection that all calls share, and what becomes of it.

mod ask;
mod attempt;
mod probe;
mod shared;

pub(crate) use self::{ask::Link, shared::Run};
