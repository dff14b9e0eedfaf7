//! The place of a replica in the feed of its store.

use super::{Epoch, KeyChange, KeyChanges, Revision, RevocationChanges, Timestamp};

#[derive(Default)]
pub(super) struct Place {
    /// Where the table stands in the feed; `None` where everything has to be read.
    pub(super) at: Option<Position>,
    /// The number of times that reading everything was begun. What was known before and what is known
    /// afterwards may belong to two histories of the store, whose revisions cannot be compared.
    pub(super) history: History,
    /// The changes by this process while everything is read again.
    pub(super) during: Option<During>,
}

/// A history of the store, as far as this process can tell.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct History(pub(super) u64);

/// A position in the feed of a store.
#[derive(Clone, Copy)]
pub(crate) struct Position {
    pub(crate) epoch: Epoch,
    pub(crate) revision: Revision,
}

/// A page of a feed.
pub(crate) trait FeedPage {
    fn epoch(&self) -> Epoch;
    fn latest(&self) -> Revision;
    fn is_complete(&self) -> bool;
    /// The revision of its last change.
    fn last(&self) -> Option<Revision>;
}

impl Position {
    /// Whether a page of the feed goes on from here: the store has no other history, and none that ends
    /// before this position.
    pub(crate) fn is_continued_by(self, page: &impl FeedPage) -> bool {
        self.epoch == page.epoch() && page.latest() >= self.revision
    }

    /// The position at the end of a page that was asked for after a revision; `None` where the feed does
    /// not go on.
    pub(crate) fn after(page: &impl FeedPage, after: Revision) -> Option<Self> {
        let revision = match page.last() {
            _ if page.is_complete() => page.latest(),
            last => last.filter(|last| *last > after)?,
        };
        let epoch = page.epoch();
        Some(Self { epoch, revision })
    }
}

impl FeedPage for KeyChanges {
    fn epoch(&self) -> Epoch {
        self.epoch
    }

    fn latest(&self) -> Revision {
        self.latest
    }

    fn is_complete(&self) -> bool {
        self.is_complete
    }

    fn last(&self) -> Option<Revision> {
        self.changes.last().map(KeyChange::revision)
    }
}

impl FeedPage for RevocationChanges {
    fn epoch(&self) -> Epoch {
        self.epoch
    }

    fn latest(&self) -> Revision {
        self.latest
    }

    fn is_complete(&self) -> bool {
        self.is_complete
    }

    fn last(&self) -> Option<Revision> {
        self.changes.last().map(|stored| stored.revision)
    }
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
