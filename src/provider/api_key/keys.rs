//! The table that a provider and its handles share.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::{ArcSwap, Guard};

use super::table::Table;
use crate::error::ConfigError;

/// Readers take a snapshot and never wait; writers go one after the other.
pub(super) struct Keys {
    table: ArcSwap<Table>,
    writing: Mutex<()>,
}

impl Keys {
    pub(super) fn new(table: Table) -> Self {
        Self {
            table: ArcSwap::from_pointee(table),
            writing: Mutex::new(()),
        }
    }

    pub(super) fn load(&self) -> Guard<Arc<Table>> {
        self.table.load()
    }

    /// Puts what the table is to become in its place, or leaves it as it is.
    pub(super) fn change(
        &self,
        changed: impl FnOnce(&Table) -> Result<Table, ConfigError>,
    ) -> Result<(), ConfigError> {
        // A writer that panicked has stored nothing, so the table is whole.
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let table = changed(&self.load())?;
        self.table.store(Arc::new(table));
        Ok(())
    }
}
