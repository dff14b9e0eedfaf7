//! The key table that a provider and its handles share.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::{ArcSwap, Guard};

use super::table::KeyTable;

/// A key table that changes while serving. Readers take a snapshot and never wait; writers wait for each
/// other.
pub(super) struct SharedKeys {
    table: ArcSwap<KeyTable>,
    writer: Mutex<()>,
}

impl SharedKeys {
    pub(super) fn new(table: KeyTable) -> Self {
        Self {
            table: ArcSwap::from_pointee(table),
            writer: Mutex::new(()),
        }
    }

    pub(super) fn load(&self) -> Guard<Arc<KeyTable>> {
        self.table.load()
    }

    /// Replaces the table by the result of `changed`; on an error the table stays.
    pub(super) fn change<E>(
        &self,
        changed: impl FnOnce(&KeyTable) -> Result<KeyTable, E>,
    ) -> Result<(), E> {
        // A writer that panicked has stored nothing, so the table is whole.
        let _writing = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let table = changed(&self.load())?;
        self.table.store(Arc::new(table));
        Ok(())
    }
}
