//! The setting of who is told of changes.

use std::sync::Arc;

use super::{AuditRecord, ManagedKeys};

impl ManagedKeys {
    /// Replaces the closure that is told of every change that this process carries out, once the store has written it:
    /// keys that are made, changed, rotated, revoked or deleted, and revocations beside them.
    ///
    /// The record of a change is in the store whether or not anybody is told; changes of other processes are told
    /// there. The closure must not block. Where it panics, the log says so, and the change stays.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::keys::{AuditRecord, KeyAction, KeyRequest, ManagedKeys, MemoryKeyStore};
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let keys = ManagedKeys::new(MemoryKeyStore::new()?, "sk_live")?
    ///     .on_change(|record: &AuditRecord| assert_eq!(record.action(), KeyAction::Create));
    /// keys.as_operator("ada").create(KeyRequest::new("ci")).await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn on_change(self, told: impl Fn(&AuditRecord) + Send + Sync + 'static) -> Self {
        self.with(|settings| settings.changes.on_change = Some(Arc::new(told)))
    }
}
