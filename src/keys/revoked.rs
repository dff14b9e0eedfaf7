//! Revocations as stores and replicas keep them: digests and times.

use std::{fmt, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use super::{Epoch, Revision, Timestamp, revoked_digest::RevokedDigest};

/// A revocation as a store and every process keep it: a digest and times, none of the texts.
///
/// Entries only grow: two that have one [`id`](Self::id) are [merged](Self::merge) into the one that ends
/// more, and none is taken back before its time. So it is always right to write an entry again, in
/// any order. It serializes to JSON and back without loss.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use tower_auth::keys::{RevocationEntry, Timestamp};
///
/// let json = format!(r#"{{"token": "{}", "until": 60000}}"#, "5e".repeat(32));
/// let entry: RevocationEntry = serde_json::from_str(&json)?;
/// assert_eq!(entry.id()[0], 0x5e);
/// assert_eq!(entry.until(), Timestamp::from_unix_millis(60_000));
/// assert!(!entry.is_over(entry.until()) && entry.is_over(entry.kept_until()));
/// assert_eq!(entry.merge(entry), entry);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RevocationEntry {
    #[serde(flatten)]
    pub(crate) subject: RevokedSubject,
    pub(crate) until: Timestamp,
}

/// What an entry ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RevokedSubject {
    /// One token of an issuer.
    Token(RevokedDigest),
    /// Everything of a principal that was issued before an instant.
    Principal {
        who: RevokedDigest,
        /// The tenant, where the revocation is of one tenant alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tenant: Option<RevokedDigest>,
        before: Timestamp,
    },
}

impl RevocationEntry {
    /// The 32 bytes that tell it from other entries.
    pub fn id(&self) -> [u8; 32] {
        match self.subject {
            RevokedSubject::Token(token) => token.0,
            RevokedSubject::Principal { who, tenant, .. } => match tenant {
                None => who.0,
                Some(tenant) => who.within(tenant).0,
            },
        }
    }

    /// The time until which what it ends could be accepted otherwise.
    pub fn until(&self) -> Timestamp {
        self.until
    }

    /// The time at which a store may forget it: ten minutes after [`until`](Self::until), because clocks
    /// differ and a provider accepts a token for up to five minutes after its `exp`.
    pub fn kept_until(&self) -> Timestamp {
        self.until.saturating_add(MARGIN)
    }

    /// Whether a store may forget it.
    pub fn is_over(&self, now: Timestamp) -> bool {
        now >= self.kept_until()
    }

    /// The instant before which everything of a principal has ended; `None` for an entry of a token.
    pub fn before(&self) -> Option<Timestamp> {
        match self.subject {
            RevokedSubject::Token(_) => None,
            RevokedSubject::Principal { before, .. } => Some(before),
        }
    }

    /// The entry that ends all that either ends. Give it two entries with one [`id`](Self::id).
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        let mut merged = self;
        merged.until = self.until.max(other.until);
        if let (RevokedSubject::Principal { before, .. }, Some(others)) =
            (&mut merged.subject, other.before())
        {
            *before = (*before).max(others);
        }
        merged
    }
}

/// An entry as a store has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StoredRevocation {
    /// The entry.
    pub entry: RevocationEntry,
    /// Its last change.
    pub revision: Revision,
}

/// A page of the revocations of a store.
///
/// # Example
///
/// ```
/// use tower_auth::keys::{RevocationChanges, StoredRevocation};
///
/// fn show(page: RevocationChanges) {
///     for StoredRevocation { entry, revision } in page.changes {
///         println!("{revision:?}: until {} ({:?})", entry.until(), entry.before());
///     }
/// }
/// # let _ = show;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevocationChanges {
    /// The history that the revisions belong to.
    pub epoch: Epoch,
    /// The last revision that the store has.
    pub latest: Revision,
    /// The entries in the order of their revisions. If there are more than the limit, the first of
    /// them.
    pub changes: Vec<StoredRevocation>,
    /// Whether this page ends at `latest`.
    pub is_complete: bool,
}

impl fmt::Debug for RevokedDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

impl Serialize for RevokedDigest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_hex())
    }
}

impl<'de> Deserialize<'de> for RevokedDigest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_hex(&text).ok_or_else(|| D::Error::custom("no digest of 64 hex digits"))
    }
}

/// The greatest leeway of a provider, and as much again for clocks that differ.
const MARGIN: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_unix_millis(millis)
    }

    fn of_ada(tenant: Option<&str>, before: u64, until: u64) -> RevocationEntry {
        RevocationEntry {
            subject: RevokedSubject::Principal {
                who: RevokedDigest::of_principal(&crate::context::Principal::new(
                    "jwt", None, "ada",
                )),
                tenant: tenant.map(|tenant| RevokedDigest::of_tenant(Some(tenant))),
                before: at(before),
            },
            until: at(until),
        }
    }

    #[test]
    fn a_merged_entry_ends_what_either_ends() {
        let (early, late) = (of_ada(None, 10, 500), of_ada(None, 20, 400));
        assert_eq!(early.merge(late), of_ada(None, 20, 500));
        assert_eq!(late.merge(early), of_ada(None, 20, 500));
    }

    #[test]
    fn an_entry_of_one_tenant_is_another_than_that_of_all() {
        let ids = [None, Some("a"), Some("b"), Some("")].map(|tenant| of_ada(tenant, 1, 1).id());
        for (place, id) in ids.iter().enumerate() {
            assert!(!ids[..place].contains(id));
        }
    }

    #[test]
    fn an_entry_is_read_as_it_was_written() {
        for entry in [of_ada(None, 1, 2), of_ada(Some("a"), 3, 4)] {
            let json = serde_json::to_value(entry).unwrap();
            assert_eq!(RevocationEntry::deserialize(json).unwrap(), entry);
        }
        assert!(RevocationEntry::deserialize(json!({"token": "5e", "until": 1})).is_err());
        assert!(RevocationEntry::deserialize(json!({"until": 1})).is_err());
    }
}
