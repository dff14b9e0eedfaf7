//! Changes as lines of an audit file.

use super::{AuditRecord, KeyAction, KeyActor, ManagedKeys};
use crate::audit::{AuditSink, Line};

impl ManagedKeys {
    /// Writes every change that this process carries out into an audit file too: an
    /// [`on_change`](Self::on_change) of its own.
    ///
    /// Such a line has the `event` `change`, the `action`, the `key`, the `revision` of the store, the `scopes` of the
    /// key then, and whose change it was: `by_operator`, or `by_auth_method`, `by_source`, `by_user_id` and `by_key`.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::{audit::AuditSink, keys::{ManagedKeys, MemoryKeyStore}};
    ///
    /// # let folder = std::env::temp_dir().join(format!("audit-keys-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// let audit = AuditSink::open(folder.join("audit.jsonl"))?;
    /// let keys = ManagedKeys::new(MemoryKeyStore::new()?, "sk_live")?.with_audit(&audit);
    /// # std::fs::remove_dir_all(folder)?;
    /// # let _ = keys;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_audit(self, audit: &AuditSink) -> Self {
        let audit = audit.clone();
        self.on_change(move |record| audit.write(line(record)))
    }
}

fn line(record: &AuditRecord) -> Line {
    let mut line = Line::new("change");
    line.text("action", Some(word(record.action())));
    match record.by() {
        KeyActor::Operator(name) => line.text("by_operator", Some(name)),
        KeyActor::Caller { principal, key } => {
            line.text("by_auth_method", Some(principal.method()));
            line.text("by_source", principal.source());
            line.text("by_user_id", Some(principal.user_id()));
            line.text("by_key", key.as_ref().map(|key| key.as_str()));
        }
    }
    let key = record.key().as_str();
    line.text("key", Some(key).filter(|key| !key.is_empty()));
    if let Some(after) = record.after() {
        let scopes: Vec<&str> = after.scopes().collect();
        line.text("scopes", Some(&scopes.join(" ")));
    }
    line.number("revision", record.revision().as_u64().into());
    line
}

fn word(action: KeyAction) -> &'static str {
    match action {
        KeyAction::Create => "create",
        KeyAction::Import => "import",
        KeyAction::Update => "update",
        KeyAction::Rotate => "rotate",
        KeyAction::Revoke => "revoke",
        KeyAction::Unrevoke => "unrevoke",
        KeyAction::Delete => "delete",
        KeyAction::RevokeTokens => "revoke_tokens",
        KeyAction::RestoreRevocations => "restore_revocations",
    }
}
