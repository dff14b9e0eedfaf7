//! The settings that are in force, for what describes them.

use super::ManagedKeys;

impl ManagedKeys {
    /// These keys with the settings that are in force: a reload may have replaced those of this value.
    pub(crate) fn in_force(&self) -> Self {
        Self {
            backend: self.backend.current(),
        }
    }
}
