//! The progress of a replica in the feed of its store.

use super::{Epoch, KeyChange, KeyChanges, KeyStoreError, Revision, Timestamp};
use crate::clock::Tick;

#[derive(Default)]
pub(super) struct Progress {
    /// Where the table stands in the feed; `None` where everything has to be read.
    pub(super) at: Option<Position>,
    /// The number of times that reading everything was begun. What was known before and what is known
    /// afterwards may belong to two histories of the store, whose revisions cannot be compared.
    pub(super) history: History,
    /// The changes by this process while everything is read again.
    pub(super) during: Option<During>,
    /// The number of polls that have begun.
    pub(super) polls: u64,
    /// The task that polls: an earlier one that still runs may apply nothing.
    pub(super) turn: u64,
    /// The last sign of life of that task.
    pub(super) alive: Option<Tick>,
}

/// A history of the store, as far as this process can tell.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct History(pub(super) u64);

#[derive(Clone, Copy)]
pub(super) struct Position {
    pub(super) epoch: Epoch,
    pub(super) revision: Revision,
}

/// The changes by this process while a task reads everything.
pub(super) struct During {
    /// The turn of that task.
    pub(super) turn: u64,
    pub(super) changes: Vec<LocalChange>,
}

/// A change by this process.
pub(super) struct LocalChange {
    pub(super) change: KeyChange,
    /// The time at which the key has ended, if it has: it is deleted, revoked or expired.
    pub(super) ended: Option<Timestamp>,
    /// Whether its revision is one of the history that is read.
    pub(super) is_certain: bool,
}

/// The position after a page.
pub(super) fn position_after(
    page: &KeyChanges,
    after: Revision,
) -> Result<Position, KeyStoreError> {
    let epoch = page.epoch;
    let revision = match page.changes.last() {
        _ if page.is_complete => page.latest,
        Some(last) if last.revision() > after => last.revision(),
        _ => {
            return Err(KeyStoreError::unavailable(
                "the store's feed does not go on",
            ));
        }
    };
    Ok(Position { epoch, revision })
}
