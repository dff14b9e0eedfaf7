//! Settings that a reload replaces, without another copy of the keys.

use std::sync::Arc;

use super::ManagedKeys;

impl ManagedKeys {
    /// These keys with the settings of `next`. The copy of the store that was read already is shared, so
    /// nothing is read again.
    ///
    /// The callers of the keys are part of that copy, so `next` must have the same label, owner methods,
    /// clock and number of known keys.
    pub(crate) fn successor(&self, next: &Self) -> Self {
        let settings = Arc::clone(&next.backend.settings);
        Self {
            backend: self.backend.with_same_copy(settings),
        }
    }

    /// Puts the settings of this value in force: for administrators, and for an outage.
    pub(crate) fn take_effect(&self) {
        let settings = Arc::clone(&self.backend.settings);
        self.backend.shared.current.store(settings);
    }
}
