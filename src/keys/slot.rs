//! An entry of the table of known keys, and its claim to a place.

use super::{KeyDigest, Revision, Timestamp, held::Known};

/// An entry: the state of a key at a revision.
pub(super) struct Slot {
    pub(super) digest: KeyDigest,
    pub(super) revision: Revision,
    /// `None` where the key was deleted, until the feed has reported the deletion.
    pub(super) known: Option<Known>,
}

/// What may give way to a new entry.
#[derive(Clone, Copy)]
pub(super) struct Room {
    /// The store's time: expired keys give way first.
    pub(super) now: Timestamp,
    /// Only entries up to this revision give way: the feed has reported them, so nothing that was read
    /// earlier follows.
    pub(super) up_to: Revision,
    pub(super) claim: Claim,
}

/// The claim of a new entry to a place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Claim {
    /// The feed reports it: no live key gives way.
    Reported,
    /// It was looked up: the key that was not used for longest gives way.
    Found,
    /// This process changed it: it stays until the feed has reported it, for what was read before the
    /// change may still come.
    Changed,
}

impl Slot {
    pub(super) fn may_go(&self, room: Room) -> bool {
        self.known.is_some() && self.revision <= room.up_to
    }

    pub(super) fn is_live(&self, now: Timestamp) -> bool {
        self.known.as_ref().is_some_and(|known| known.is_live(now))
    }

    pub(super) fn used(&self) -> u32 {
        self.known.as_ref().map_or(0, Known::used)
    }
}

/// 1 for an imported key, 0 for others.
pub(super) fn imported(slot: &Slot) -> u64 {
    u64::from(slot.known.as_ref().is_some_and(Known::is_imported))
}
