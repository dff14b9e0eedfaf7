//! The set of keys, looked up by digest.

use std::{collections::HashSet, sync::LazyLock};

use super::{ApiKeyRecord, slots::Slots};
use crate::{AuthContext, Clock, ConfigError, ConfigErrorKind, Scopes, provider::Label};

#[derive(Default)]
pub(super) struct Table {
    records: Slots,
    /// The source of every record that names no issuer.
    label: Option<Label>,
}

pub(super) enum Standing<'a> {
    Unknown,
    /// With the name of the key, as below.
    Revoked(&'a str),
    Expired(&'a str),
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
            check_user_id(record)?;
        }
        Ok(Self {
            records: Slots::of(records),
            label: None,
        })
    }

    /// The same keys under another label, or under none.
    pub(super) fn labelled(&self, label: Option<Label>) -> Self {
        let records = self.records.iter().cloned();
        Self {
            records: Slots::of(records.map(|one| one.labelled(label.as_ref())).collect()),
            label,
        }
    }

    pub(super) fn label(&self) -> Option<&Label> {
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

    /// Judges a digest: unknown, revoked, expired, in that order.
    pub(super) fn find(&self, digest: &[u8; 32], clock: &Clock) -> Standing<'_> {
        match self.records.get(digest) {
            None => Standing::Unknown,
            Some(record) if record.revoked => Standing::Revoked(record.name()),
            Some(record) if record.is_expired(clock) => Standing::Expired(record.name()),
            Some(record) => Standing::Good(&record.context),
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

    /// The same keys with one more, which takes the place of the one with its name if there is one.
    pub(super) fn with(&self, record: ApiKeyRecord) -> Result<Self, ConfigError> {
        let holder = self.records.get(&record.digest);
        if holder.is_some_and(|holder| holder.name() != record.name()) {
            return Err(duplicate_key(record.name()));
        }
        check_user_id(&record)?;
        let mut records: Vec<_> = self.all_but(record.name()).cloned().collect();
        records.push(record.labelled(self.label.as_ref()));
        Ok(Self {
            records: Slots::of(records),
            label: self.label.clone(),
        })
    }

    pub(super) fn without(&self, name: &str) -> Self {
        Self {
            records: Slots::of(self.all_but(name).cloned().collect()),
            label: self.label.clone(),
        }
    }

    fn all_but(&self, name: &str) -> impl Iterator<Item = &ApiKeyRecord> {
        self.records
            .iter()
            .filter(move |record| record.name() != name)
    }
}

/// One `*` that all records share until they are given scopes of their own.
pub(super) fn all_scopes() -> Scopes {
    static ALL: LazyLock<Scopes> = LazyLock::new(|| Scopes::new(["*"]));
    ALL.clone()
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
        format!("the API key named {name:?} is there twice: give each caller a key of its own"),
    )
}
