//! Those who are told of changes that this process carried out.

use std::{fmt, sync::Arc};

use super::AuditRecord;
use crate::{caught::caught, log::TARGET};

/// A closure that is told of changes, if there is one.
#[derive(Clone, Default)]
pub(super) struct Told(pub(super) Option<Arc<OnChange>>);

pub(super) type OnChange = dyn Fn(&AuditRecord) + Send + Sync;

impl Told {
    /// Tells of changes that the store has written.
    pub(super) fn tell(&self, records: &[AuditRecord]) {
        let Some(told) = &self.0 else {
            return;
        };
        for record in records {
            if caught(|| told(record)).is_none() {
                tracing::error!(
                    target: TARGET,
                    "a closure of `on_change` panicked; the change of a key is carried out"
                );
            }
        }
    }
}

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Told").field(&self.0.is_some()).finish()
    }
}
