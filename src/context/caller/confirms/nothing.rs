//! Nobody asks.

/// A list of what was revoked that nobody reads anew.
pub(crate) trait Confirms {}
