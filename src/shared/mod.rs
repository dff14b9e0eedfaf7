//! What the processes of one service share: counts of requests.
//!
//! [`SharedState`] is the contract. [`MemorySharedState`] is one process alone.

mod contract;
mod count;
pub(crate) mod counts;
#[cfg(feature = "keys")]
mod debts;
pub(crate) mod gcra;
mod memory;
pub(crate) mod seed;
pub(crate) mod table;

pub use self::{
    contract::{Admission, SharedState, SharedStateError},
    count::Count,
    memory::MemorySharedState,
};

/// The most counts that one request takes.
///
/// # Example
///
/// ```
/// assert_eq!(tower_auth::shared::MOST_COUNTS, 8);
/// ```
pub const MOST_COUNTS: usize = counts::MOST;
