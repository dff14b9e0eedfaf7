//! A layer as data, and what it does: both say the same [16.3].

mod agreement;
mod openapi;
mod parts;
