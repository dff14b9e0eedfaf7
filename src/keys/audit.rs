//! Audit records: the actor, the change and the key.

use serde::{Deserialize, Serialize};

use super::{KeyActor, KeyId, KeyRecord, Revision, RevocationRecord, Timestamp};

/// The kind of a change of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum KeyAction {
    /// A key was made.
    Create,
    /// A key was made from a digest.
    Import,
    /// A key was changed.
    Update,
    /// A key got a successor.
    Rotate,
    /// A key was revoked.
    Revoke,
    /// A revoked key was made valid again.
    Unrevoke,
    /// A key was deleted.
    Delete,
    /// Tokens were revoked: one, or everything of a principal.
    RevokeTokens,
    /// A process wrote revocations again, which the store had lost.
    RestoreRevocations,
}

/// One change: it is written in the transaction of the change itself.
///
/// It holds no key and no digest. It serializes to JSON and back without loss.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditRecord {
    pub(crate) revision: Revision,
    pub(crate) at: Timestamp,
    pub(crate) by: KeyActor,
    pub(crate) action: KeyAction,
    pub(crate) key: KeyId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) before: Option<Box<KeyRecord>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) after: Option<Box<KeyRecord>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) credits: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) revocation: Option<Box<RevocationRecord>>,
}

impl AuditRecord {
    /// The number of the change. Each audit record has its own.
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// The time of the change, by the store's clock.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// The actor of the change.
    pub fn by(&self) -> &KeyActor {
        &self.by
    }

    /// The kind of the change.
    pub fn action(&self) -> KeyAction {
        self.action
    }

    /// The changed key; for a rotation, the old key, whose `after` names its successor. Its text is
    /// empty where the change is of no key: tokens were revoked.
    pub fn key(&self) -> &KeyId {
        &self.key
    }

    /// The record of the key before the change.
    pub fn before(&self) -> Option<&KeyRecord> {
        self.before.as_deref()
    }

    /// The record of the key after the change.
    pub fn after(&self) -> Option<&KeyRecord> {
        self.after.as_deref()
    }

    /// The credits that the change gave, if any.
    pub fn credits(&self) -> Option<u64> {
        self.credits
    }

    /// The tokens that were revoked, if the change is that.
    pub fn revocation(&self) -> Option<&RevocationRecord> {
        self.revocation.as_deref()
    }
}
