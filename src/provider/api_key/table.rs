//! The set of keys, looked up by digest.

use std::{collections::HashSet, sync::LazyLock};

use hashbrown::HashTable;

use super::ApiKeyRecord;
use crate::{AuthContext, Clock, ConfigError, ConfigErrorKind, Scopes, secret};

/// The records stand in the table itself: among a million keys, each step to somewhere else waits
/// for the memory.
#[derive(Clone, Default)]
pub(super) struct Table {
    entries: HashTable<ApiKeyRecord>,
}

pub(super) enum Standing<'a> {
    Unknown,
    Revoked,
    Expired,
    Good(&'a AuthContext),
}

impl Table {
    pub(super) fn of(
        records: impl IntoIterator<Item = Result<ApiKeyRecord, ConfigError>>,
    ) -> Result<Self, ConfigError> {
        let records = records.into_iter().collect::<Result<Vec<_>, _>>()?;
        let mut names = HashSet::with_capacity(records.len());
        let mut digests = HashSet::with_capacity(records.len());
        for record in &records {
            if !digests.insert(&record.digest) {
                return Err(duplicate_key(record.name()));
            }
            if !names.insert(record.name()) {
                return Err(duplicate_name(record.name()));
            }
        }
        let mut table = Self {
            entries: HashTable::with_capacity(records.len()),
        };
        for record in records {
            table.insert(record);
        }
        if table.entries.is_empty() {
            return Err(ConfigError::new(
                ConfigErrorKind::Empty,
                "there is no API key: give at least one, made with `openssl rand -base64 32`",
            ));
        }
        Ok(table)
    }

    /// The same keys, for callers of their own.
    pub(super) fn copy(&self) -> Self {
        let mut copy = self.clone();
        for record in &mut copy.entries {
            record.context = record.context.copy();
        }
        copy
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Judges a digest: unknown, revoked, expired, in that order.
    pub(super) fn find(&self, digest: &[u8; 32], clock: &Clock) -> Standing<'_> {
        match self.get(digest) {
            None => Standing::Unknown,
            Some(record) if record.revoked => Standing::Revoked,
            Some(record) if record.is_expired(clock) => Standing::Expired,
            Some(record) => Standing::Good(&record.context),
        }
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|record| record.name())
    }

    pub(super) fn named(&self, name: &str) -> Option<&ApiKeyRecord> {
        self.entries.iter().find(|record| record.name() == name)
    }

    /// Puts a record in, in the place of the one with its name if there is one.
    pub(super) fn put(&mut self, record: ApiKeyRecord) -> Result<(), ConfigError> {
        self.entries.retain(|entry| entry.name() != record.name());
        if self.get(&record.digest).is_some() {
            return Err(duplicate_key(record.name()));
        }
        self.insert(record);
        Ok(())
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.entries.retain(|entry| entry.name() != name);
    }

    fn get(&self, digest: &[u8; 32]) -> Option<&ApiKeyRecord> {
        self.entries.find(bucket(digest), |record| {
            secret::equal(&record.digest, digest)
        })
    }

    fn insert(&mut self, record: ApiKeyRecord) {
        self.entries
            .insert_unique(bucket(&record.digest), record, |record| {
                bucket(&record.digest)
            });
    }
}

/// The digest's own first bytes: it is as even as a hash can be, and a caller who could choose
/// where it lands would have to find a key for it first.
fn bucket(digest: &[u8; 32]) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = *digest;
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

/// One `*` that all records share until they are given scopes of their own.
pub(super) fn all_scopes() -> Scopes {
    static ALL: LazyLock<Scopes> = LazyLock::new(|| Scopes::new(["*"]));
    ALL.clone()
}

pub(super) fn duplicate_name(name: &str) -> ConfigError {
    ConfigError::new(
        ConfigErrorKind::Duplicate,
        format!("two API keys are named {name:?}: a name is a user id, so give each its own"),
    )
}

fn duplicate_key(name: &str) -> ConfigError {
    ConfigError::new(
        ConfigErrorKind::Duplicate,
        format!("the API key named {name:?} is there twice: give each caller a key of its own"),
    )
}
