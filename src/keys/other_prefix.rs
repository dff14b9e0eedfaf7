//! Telling that a store has keys with another prefix than this program's: they are refused as if nothing were
//! shown.

use std::sync::atomic::{AtomicBool, Ordering};

use super::{KeyFormat, KeyRecord, Timestamp};
use crate::log::{Clean, TARGET};

/// Whether it was logged.
#[derive(Default)]
pub(super) struct OtherPrefix(AtomicBool);

impl OtherPrefix {
    /// Looks at a key that was read, and tells of the first one with another prefix.
    pub(super) fn note(&self, record: &KeyRecord, format: &KeyFormat, now: Timestamp) {
        let is_live = record.revoked.is_none() && record.expires_at.is_none_or(|end| now < end);
        if record.imported || !is_live || format.begins(&record.start) {
            return;
        }
        if !self.0.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                target: TARGET,
                key = %Clean(record.id.as_str()),
                "a key of the store begins with {}…, and this program takes keys that begin with {}_ alone: \
                 such a key is refused as if none were shown. Give the program the prefix of its keys \
                 (`prefix` of a file), or make the key anew",
                Clean(&record.start),
                format.prefix(),
            );
        }
    }
}
