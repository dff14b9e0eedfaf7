//! The table that a provider and its handles share.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::{ArcSwap, Guard};

use super::table::Table;
use crate::{ConfigError, per_thread::PerThread};

/// Readers take a snapshot and never wait; writers go one after the other.
pub(super) struct Keys {
    /// Where there are few keys, a table for each of several threads: their callers are counted in
    /// each by itself, and a key that many share is no place where threads meet.
    table: ArcSwap<PerThread<Table>>,
    writing: Mutex<()>,
}

impl Keys {
    pub(super) fn new(table: Table) -> Self {
        Self {
            table: ArcSwap::new(spread(table)),
            writing: Mutex::new(()),
        }
    }

    pub(super) fn load(&self) -> Guard<Arc<PerThread<Table>>> {
        self.table.load()
    }

    /// Puts what the table is to become in its place, or leaves it as it is.
    pub(super) fn change(
        &self,
        changed: impl FnOnce(&Table) -> Result<Table, ConfigError>,
    ) -> Result<(), ConfigError> {
        // A writer that panicked has stored nothing, so the table is whole.
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let table = changed(self.load().first())?;
        self.table.store(spread(table));
        Ok(())
    }
}

fn spread(table: Table) -> Arc<PerThread<Table>> {
    Arc::new(if table.len() <= FEW {
        PerThread::copied(table, Table::copy)
    } else {
        PerThread::shared(table)
    })
}

/// Beyond this many keys, a table for each thread would take more memory than it is worth.
const FEW: usize = 256;
