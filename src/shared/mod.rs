//! What the processes of one service share: counts of requests, and what one of them does once.
//!
//! [`SharedState`] is the contract. [`MemorySharedState`] is one process alone. Limits count in a state
//! through [`SharedCounts`](../shared/struct.SharedCounts.html) (feature `shared`), which bounds what a
//! state that is away costs.

mod admission;
pub(crate) mod bucket_digest;
mod contract;
mod count;
pub(crate) mod counting;
pub(crate) mod counts;
#[cfg(feature = "keys")]
mod debts;
pub(crate) mod gcra;
#[cfg(feature = "config")]
mod lazy;
mod memory;
mod memory_once;
mod once;
#[cfg(feature = "shared")]
mod registry;
pub(crate) mod table;
#[cfg(feature = "shared")]
mod url;

#[cfg(feature = "config")]
pub(crate) use self::lazy::LazySharedState;
pub use self::{
    admission::Admission,
    contract::{SharedState, SharedStateError},
    count::Count,
    memory::MemorySharedState,
    once::{Begun, Once},
};
#[cfg(feature = "shared")]
pub use self::{
    counting::SharedCounts,
    registry::{SharedStateFuture, SharedStates},
    url::SharedUrl,
};

/// The most counts that one request takes.
///
/// # Example
///
/// ```
/// assert_eq!(tower_auth::shared::MOST_COUNTS, 8);
/// ```
pub const MOST_COUNTS: usize = counts::MOST;
