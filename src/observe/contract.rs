//! The contract of observers.

use super::decision::Decision;

/// Somebody who is told of decisions.
pub(crate) trait Observer: Send + Sync {
    /// Whether its answer counts: whoever is required is asked before others are told.
    fn is_required(&self) -> bool {
        false
    }

    /// Takes a decision; answers whether a request that it lets in may go in.
    fn observe(&self, decision: &Decision<'_>) -> bool;
}
