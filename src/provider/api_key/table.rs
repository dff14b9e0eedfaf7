//! The keys of a provider, found by their digests.

use std::{collections::HashSet, hash::BuildHasher};

use foldhash::quality::RandomState;
use hashbrown::HashTable;

use super::record::ApiKeyRecord;
use crate::{
    clock::Clock,
    context::AuthContext,
    error::{ConfigError, ConfigErrorKind},
    provider::SourceLabel,
    secret,
};

/// The keys of a provider.
#[derive(Default)]
pub(super) struct KeyTable {
    records: Box<[ApiKeyRecord]>,
    /// The place in `records` of each digest. Up to half of a hash table is free, so it holds places,
    /// which are a sixth as large as records.
    index: HashTable<usize>,
    /// Digests can be chosen at will ([`ApiKeyRecord::from_sha256`]), so they are hashed with a random
    /// seed: nobody can make many collide.
    hasher: RandomState,
    /// The source of every record that names no issuer.
    label: Option<SourceLabel>,
}

/// The status of a key in the table.
pub(super) enum KeyStatus<'a> {
    Unknown,
    /// With the name of the key.
    Revoked(&'a str),
    /// With the name of the key.
    Expired(&'a str),
    Valid(&'a AuthContext),
}

impl KeyTable {
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
            check_user_id(record)?;
        }
        Ok(Self::holding(records, None))
    }

    /// A table of records whose digests all differ.
    fn holding(records: Vec<ApiKeyRecord>, label: Option<SourceLabel>) -> Self {
        let hasher = RandomState::default();
        let hash = |record: &ApiKeyRecord| hasher.hash_one(record.digest);
        let mut index = HashTable::with_capacity(records.len());
        for (place, record) in records.iter().enumerate() {
            let hash_at = |place: &usize| records.get(*place).map_or(0, hash);
            index.insert_unique(hash(record), place, hash_at);
        }
        Self {
            records: records.into(),
            index,
            hasher,
            label,
        }
    }

    /// The table with another label, or with none.
    pub(super) fn labelled(&self, label: Option<SourceLabel>) -> Self {
        let records = self.records.iter().cloned();
        let records = records.map(|one| one.labelled(label.as_ref())).collect();
        Self::holding(records, label)
    }

    pub(super) fn label(&self) -> Option<&SourceLabel> {
        self.label.as_ref()
    }

    /// The issuers that records name.
    pub(super) fn issuers(&self) -> HashSet<&str> {
        let contexts = self.records.iter().map(|record| &record.context);
        contexts.filter_map(AuthContext::issuer).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    fn get(&self, digest: &[u8; 32]) -> Option<&ApiKeyRecord> {
        let is_it = |place: &usize| {
            let record = self.records.get(*place);
            record.is_some_and(|record| secret::equal(&record.digest, digest))
        };
        let place = self.index.find(self.hasher.hash_one(digest), is_it)?;
        self.records.get(*place)
    }

    /// The status of the key with that digest. A key that is revoked and expired is revoked.
    pub(super) fn find(&self, digest: &[u8; 32], clock: &Clock) -> KeyStatus<'_> {
        match self.get(digest) {
            None => KeyStatus::Unknown,
            Some(record) if record.revoked => KeyStatus::Revoked(record.name()),
            Some(record) if record.is_expired(clock) => KeyStatus::Expired(record.name()),
            Some(record) => KeyStatus::Valid(&record.context),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &ApiKeyRecord> {
        self.records.iter()
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.records.iter().map(|record| record.name())
    }

    pub(super) fn named(&self, name: &str) -> Option<&ApiKeyRecord> {
        self.records.iter().find(|record| record.name() == name)
    }

    /// The table with this key, which replaces the key of its name if there is one.
    pub(super) fn with(&self, record: ApiKeyRecord) -> Result<Self, ConfigError> {
        let holder = self.get(&record.digest);
        if holder.is_some_and(|holder| holder.name() != record.name()) {
            return Err(duplicate_key(record.name()));
        }
        check_user_id(&record)?;
        let mut records: Vec<_> = self.all_but(record.name()).cloned().collect();
        records.push(record.labelled(self.label.as_ref()));
        Ok(Self::holding(records, self.label.clone()))
    }

    pub(super) fn without(&self, name: &str) -> Self {
        let records = self.all_but(name).cloned().collect();
        Self::holding(records, self.label.clone())
    }

    fn all_but(&self, name: &str) -> impl Iterator<Item = &ApiKeyRecord> {
        self.records
            .iter()
            .filter(move |record| record.name() != name)
    }
}

fn check_user_id(record: &ApiKeyRecord) -> Result<(), ConfigError> {
    if record.user_id().trim().is_empty() {
        let message = format!(
            "the user id of the API key named {:?} is blank: give it one, or leave it out",
            record.name()
        );
        return Err(ConfigError::new(ConfigErrorKind::Blank, message));
    }
    Ok(())
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
        format!("two entries have the API key named {name:?}: give each caller a key of its own"),
    )
}

#[cfg(test)]
mod tests {
    use proptest::{collection::btree_set, prelude::*};

    use super::*;

    /// A record with a digest of which only the first and the last byte are not zero.
    fn record((first, last): (u8, u8)) -> ApiKeyRecord {
        let mut digest = [0; 32];
        (digest[0], digest[31]) = (first, last);
        let mut record = ApiKeyRecord::new(format!("{first}-{last}"), "key").unwrap();
        record.digest = digest;
        record
    }

    fn named(table: &KeyTable, digest: (u8, u8)) -> Option<&str> {
        table.get(&record(digest).digest).map(ApiKeyRecord::name)
    }

    #[test]
    fn in_a_table_without_keys_nothing_is_found() {
        assert_eq!(named(&KeyTable::default(), (0, 0)), None);
        assert_eq!(
            named(&KeyTable::holding(Vec::new(), None), (255, 255)),
            None
        );
    }

    #[test]
    fn digests_that_somebody_chose_are_hashed_with_a_seed_of_each_tables_own() {
        let hash = |table: &KeyTable| table.hasher.hash_one([0_u8; 32]);
        assert_ne!(hash(&KeyTable::default()), hash(&KeyTable::default()));
    }

    proptest! {
        #[test]
        fn finds_whoever_is_there_and_nobody_else(
            known in btree_set((0..8_u8, 0..8_u8), 0..64),
        ) {
            let table = KeyTable::holding(known.iter().copied().map(record).collect(), None);
            prop_assert_eq!(table.len(), known.len());
            prop_assert_eq!(table.iter().count(), known.len());
            for digest in (0..8).flat_map(|first| (0..8).map(move |last| (first, last))) {
                let name = format!("{}-{}", digest.0, digest.1);
                let expected = known.contains(&digest).then_some(&*name);
                prop_assert_eq!(named(&table, digest), expected);
            }
        }
    }
}
