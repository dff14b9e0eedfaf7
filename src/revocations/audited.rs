//! Revocations as lines of an audit file.

use super::Revocations;
use crate::{audit::AuditSink, keys::ChangeAudit};

impl Revocations {
    /// Writes every revocation that this process carries out into an audit file too, where they stand in a store of
    /// their own; of those beside managed keys [`ManagedKeys::with_audit`](crate::keys::ManagedKeys::with_audit) tells.
    ///
    /// The line is that of such keys: `event` is `change`, `action` is `revoke_tokens`. Where the sink
    /// [requires](crate::audit::AuditSettings::require_written) that lines are written, and can write none, nothing is
    /// revoked ([`KeyAdminError::NotAudited`](crate::keys::KeyAdminError::NotAudited), a 503).
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::{audit::AuditSink, revocations::{MemoryRevocationStore, Revocations}};
    ///
    /// # let folder = std::env::temp_dir().join(format!("audit-revoked-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// let audit = AuditSink::open(folder.join("audit.jsonl"))?;
    /// let list = MemoryRevocationStore::new()?; // yours: Redis
    /// let revocations = Revocations::new(list).with_audit(&audit);
    /// # let _ = std::fs::remove_dir_all(folder); // it may be opened again just then
    /// # let _ = revocations;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_audit(self, audit: &AuditSink) -> Self {
        let audit = ChangeAudit::of(audit);
        self.with(|settings| settings.audit = audit)
    }
}
