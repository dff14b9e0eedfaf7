//! Who changed what.

use serde::{Deserialize, Serialize};

use super::{KeyActor, KeyId, KeyRecord, Revision, Timestamp};

/// What was done to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum KeyAction {
    /// Made.
    Create,
    /// Made of a digest.
    Import,
    /// Changed.
    Update,
    /// Given a successor.
    Rotate,
    /// Revoked.
    Revoke,
    /// Revoked no more.
    Unrevoke,
    /// Deleted.
    Delete,
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
}

impl AuditRecord {
    /// The number of the change. Each audit record has its own.
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// When, by the store's clock.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// Who did it.
    pub fn by(&self) -> &KeyActor {
        &self.by
    }

    /// What was done.
    pub fn action(&self) -> KeyAction {
        self.action
    }

    /// To which key; of a rotation, the old one, whose `after` names its successor.
    pub fn key(&self) -> &KeyId {
        &self.key
    }

    /// What the key was before.
    pub fn before(&self) -> Option<&KeyRecord> {
        self.before.as_deref()
    }

    /// What the key is after it.
    pub fn after(&self) -> Option<&KeyRecord> {
        self.after.as_deref()
    }

    /// The credits that were given, where the change gave some.
    pub fn credits(&self) -> Option<u64> {
        self.credits
    }
}
