//! Settings that a reload replaces, without another copy of the list.

use std::sync::Arc;

use super::Revocations;

impl Revocations {
    /// These revocations with the settings of `next`, which is of the same list and clock. The copy that
    /// was read already is shared, so nothing is read again.
    pub(crate) fn successor(&self, next: &Self) -> Self {
        let settings = Arc::clone(&next.backend.settings);
        Self {
            backend: self.backend.with_same_copy(settings),
        }
    }

    /// Puts the settings of this value in force: for whoever is asked about, for open streams, and for
    /// whoever revokes with a clone.
    pub(crate) fn take_effect(&self) {
        let shared = &self.backend.shared;
        shared.current.store(Arc::clone(&self.backend.settings));
        if let Some(replica) = shared.replica.get() {
            // Somebody may have ended by them.
            replica.begin_turn();
            replica.polling.poll_now();
        }
    }
}
