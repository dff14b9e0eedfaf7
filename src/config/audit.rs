//! The audit file that a document names.

use super::{AuthConfig, AuthSetup, ReloadHandle};
use crate::audit::AuditSink;

impl AuthConfig {
    /// Leaves the audit file of the document (`auth.audit`) alone: for a program that looks at what the
    /// document comes to, and serves nothing.
    ///
    /// # Security
    ///
    /// With `required` in the document callers are let in all the same, and nobody takes that down.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::config::AuthConfig;
    ///
    /// let text = "auth: {api_keys: [{name: ada, key: sk-live-9f}], audit: {file: /no/such/folder}}";
    /// let layer = AuthConfig::from_yaml(text).insecure_without_audit().into_layer()?;
    /// # let _ = layer;
    /// # Ok::<(), tower_auth::config::ConfigFaults>(())
    /// ```
    #[must_use]
    pub fn insecure_without_audit(mut self) -> Self {
        self.is_audited = false;
        self
    }
}

impl AuthSetup {
    /// The audit file that the document names (`auth.audit`), to open it again after it was moved away, and to wait for
    /// its last lines.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    /// use tower_auth::config::AuthConfig;
    ///
    /// # let folder = std::env::temp_dir().join(format!("audit-setup-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let file = folder.join("agent.yaml");
    /// # let text = "auth: {api_keys: [{name: ada, key: sk-live-9f}], audit: {file: audit.jsonl}}";
    /// # std::fs::write(&file, text)?;
    /// let setup = AuthConfig::from_file(&file).build()?;
    /// let audit = setup.audit().expect("the document names one");
    /// audit.reopen();
    /// assert!(audit.flush(Duration::from_secs(5)));
    /// # let _ = std::fs::remove_dir_all(&folder); // it may be opened again just then
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn audit(&self) -> Option<AuditSink> {
        let kept = self.built.kept.audit.as_ref()?;
        Some(kept.sink.clone())
    }
}

impl ReloadHandle {
    /// The audit file that the document names now (`auth.audit`): a later document may name another.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::config::ReloadHandle;
    ///
    /// /// On SIGHUP, after the file was moved away.
    /// fn rotated(handle: &ReloadHandle) {
    ///     if let Some(audit) = handle.audit() {
    ///         audit.reopen();
    ///     }
    /// }
    /// # let _ = rotated;
    /// ```
    pub fn audit(&self) -> Option<AuditSink> {
        self.kept(|kept| Some(kept.audit.as_ref()?.sink.clone()))
    }
}
