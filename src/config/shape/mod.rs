//! What a file may say: the two shapes.

pub(super) mod agent;
pub(super) mod gateway;
