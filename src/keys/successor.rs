//! Settings that a reload replaces, without another copy of the keys.

use std::sync::Arc;

use super::ManagedKeys;

impl ManagedKeys {
    /// The same keys with the settings of another value, to come after this one: it has the copy that is
    /// read already.
    ///
    /// Who the callers of the keys are stands in that copy, so both have the same label, owner methods,
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
