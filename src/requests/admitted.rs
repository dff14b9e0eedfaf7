//! A request within its limits.

use super::running::RunPermit;

/// A request within its limits.
pub(crate) struct Admitted {
    /// The limit that has the least left, and what is left of it; nothing where none counted.
    pub(super) tightest: Option<(u8, u32)>,
    /// The limits that counted, a bit for each.
    pub(super) counted: u8,
    /// The limits for routes that mean the request, a bit for each limit for a route.
    pub(super) routes: u8,
    pub(super) permit: Option<RunPermit>,
}
