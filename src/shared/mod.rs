//! What the processes of one service share: counts of requests, and what one of them does once.
//!
//! [`SharedState`] is the contract. [`MemorySharedState`] is one process alone.

mod admission;
mod contract;
mod count;
pub(crate) mod counts;
#[cfg(feature = "keys")]
mod debts;
pub(crate) mod gcra;
mod memory;
mod memory_once;
mod once;
pub(crate) mod seed;
pub(crate) mod table;

pub use self::{
    admission::Admission,
    contract::{SharedState, SharedStateError},
    count::Count,
    memory::MemorySharedState,
    once::{Begun, Once},
};

/// The most counts that one request takes.
///
/// # Example
///
/// ```
/// assert_eq!(tower_auth::shared::MOST_COUNTS, 8);
/// ```
pub const MOST_COUNTS: usize = counts::MOST;
