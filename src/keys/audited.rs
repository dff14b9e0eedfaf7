//! Changes as lines of an audit file.

use std::sync::Arc;

use super::{
    AuditRecord, KeyAction, KeyActor, ManagedKeys, RevocationRecord,
    told::{Auditor, ChangeAudit},
};
use crate::{
    audit::{AuditSink, Line},
    context::Principal,
};

impl ManagedKeys {
    /// Writes every change that this process carries out into an audit file too.
    ///
    /// The line of a change has the `event` `change`, the `action`, the `key`, the `revision` of the store, the `scopes` of the
    /// key then, and whose change it was: `by_operator`, or `by_auth_method`, `by_source`, `by_user_id` and `by_key`.
    /// Of revoked tokens it tells whose or which they were (`revoked_method`, `revoked_source`, `revoked_user_id`,
    /// `revoked_token_id`, `revoked_tenant`), and the `reason` that the administrator gave.
    ///
    /// Where the sink [requires](crate::audit::AuditSettings::require_written) that lines are written, and can write
    /// none, no change is carried out ([`KeyAdminError::NotAudited`](super::KeyAdminError::NotAudited), a 503), no
    /// revocation either: revoke with `tower-auth`, whose changes are in the store's own records.
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
    /// # let _ = std::fs::remove_dir_all(folder); // it may be opened again just then
    /// # let _ = keys;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_audit(self, audit: &AuditSink) -> Self {
        let audit = ChangeAudit::of(audit);
        self.with(|settings| settings.changes.audit = audit)
    }
}

impl ChangeAudit {
    pub(crate) fn of(audit: &AuditSink) -> Self {
        Self(Some(Arc::new(audit.clone())))
    }
}

impl Auditor for AuditSink {
    fn admits(&self) -> bool {
        self.admits_changes()
    }

    fn write(&self, record: &AuditRecord) {
        self.write_change(line(record));
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
    if let Some(revocation) = record.revocation() {
        add_revoked(&mut line, revocation);
    }
    line.number("revision", record.revision().as_u64().into());
    line
}

fn add_revoked(line: &mut Line, revoked: &RevocationRecord) {
    let who = revoked.principal();
    let method = who.map(Principal::method).or(revoked.method());
    line.text("revoked_method", method);
    let source = who.and_then(Principal::source).or(revoked.issuer());
    line.text("revoked_source", source);
    let user_id = who.map(Principal::user_id).or(revoked.user_id());
    line.text("revoked_user_id", user_id);
    line.text("revoked_token_id", revoked.jti());
    line.text("revoked_tenant", revoked.tenant().flatten());
    line.text(
        "reason",
        Some(revoked.reason()).filter(|reason| !reason.is_empty()),
    );
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
