//! Those who are told of changes that this process carries out.

use std::{fmt, sync::Arc};

use super::{AuditRecord, KeyAdminError};
use crate::{caught::caught, log::TARGET};

/// Those who are told of changes: a closure, and an audit file.
#[derive(Clone, Default)]
pub(super) struct Told {
    pub(super) on_change: Option<Arc<OnChange>>,
    pub(super) audit: ChangeAudit,
}

pub(super) type OnChange = dyn Fn(&AuditRecord) + Send + Sync;

impl Told {
    /// Tells of changes that the store has written.
    pub(super) fn tell(&self, records: &[AuditRecord]) {
        for record in records {
            self.audit.tell(record);
            if let Some(told) = &self.on_change
                && caught(|| told(record)).is_none()
            {
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
        f.debug_struct("Told")
            .field("on_change", &self.on_change.is_some())
            .field("audit", &self.audit)
            .finish()
    }
}

/// The audit file of changes, if there is one.
#[derive(Clone, Default)]
pub(crate) struct ChangeAudit(pub(crate) Option<Arc<dyn Auditor>>);

/// An audit file.
pub(crate) trait Auditor: Send + Sync {
    /// Whether a change may be carried out: not where it has to have a line, and none can be written.
    fn admits(&self) -> bool;

    fn write(&self, record: &AuditRecord);
}

impl ChangeAudit {
    /// Refuses a change that has to have a line and can have none [16.2].
    pub(crate) fn admit(&self) -> Result<(), KeyAdminError> {
        match &self.0 {
            Some(audit) if !audit.admits() => Err(KeyAdminError::NotAudited),
            _ => Ok(()),
        }
    }

    /// Tells of a change that the store has written.
    pub(crate) fn tell(&self, record: &AuditRecord) {
        if let Some(audit) = &self.0 {
            audit.write(record);
        }
    }
}

impl fmt::Debug for ChangeAudit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ChangeAudit")
            .field(&self.0.is_some())
            .finish()
    }
}
