//! The results of revoking tokens, and of writing revocations again.

use std::time::Duration;

use super::{
    Applied, AuditRecord, KeyAction, KeyActor, KeyId, Revision, Revocation, RevocationEntry,
    RevocationPut, RevocationRecord, Timestamp,
};

/// Tokens to revoke.
#[derive(Clone, Debug)]
pub(crate) struct RevokedTokens {
    pub(crate) revocation: Revocation,
    /// The longest life of a token.
    pub(crate) max_lifetime: Duration,
    /// The number of entries that the store may keep.
    pub(crate) max_kept: usize,
}

pub(super) fn revoked(
    tokens: RevokedTokens,
    by: KeyActor,
    now: Timestamp,
    revision: Revision,
) -> Applied {
    let entry = tokens.revocation.entry(now, tokens.max_lifetime);
    let record = tokens.revocation.record(&entry);
    let audit = record_of_revoked(record, by, now, revision);
    Applied {
        revocations: vec![RevocationPut {
            entry,
            revision,
            max_kept: Some(tokens.max_kept),
        }],
        audit: vec![audit],
        ..Applied::nothing(revision)
    }
}

pub(super) fn restored(
    lost: Vec<RevocationEntry>,
    by: KeyActor,
    now: Timestamp,
    first: Revision,
) -> Applied {
    let mut revision = first;
    let mut revocations = Vec::with_capacity(lost.len());
    for entry in lost {
        if !revocations.is_empty() {
            revision = revision.next();
        }
        revocations.push(RevocationPut {
            entry,
            revision,
            max_kept: None,
        });
    }
    Applied {
        revocations,
        audit: vec![of_no_key(by, KeyAction::RestoreRevocations, now, first)],
        ..Applied::nothing(revision)
    }
}

/// The audit record of revoked tokens.
pub(crate) fn record_of_revoked(
    revoked: RevocationRecord,
    by: KeyActor,
    at: Timestamp,
    revision: Revision,
) -> AuditRecord {
    AuditRecord {
        revocation: Some(Box::new(revoked)),
        ..of_no_key(by, KeyAction::RevokeTokens, at, revision)
    }
}

fn of_no_key(by: KeyActor, action: KeyAction, at: Timestamp, revision: Revision) -> AuditRecord {
    AuditRecord {
        revision,
        at,
        by,
        action,
        key: KeyId::new(""),
        before: None,
        after: None,
        credits: None,
        revocation: None,
    }
}
