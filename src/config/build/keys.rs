//! API keys.

use std::{collections::HashMap, sync::Arc};

use super::Builder;
use crate::{
    ConfigError, ConfigErrorKind, Secret,
    config::{
        fault::Place,
        read::{Slot, Spot},
        shape::gateway::{ApiKey, ApiKeys},
    },
    provider::{ApiKeyAuth, ApiKeyRecord, AuthProvider},
};

impl Builder<'_> {
    pub(super) fn api_keys(
        &mut self,
        keys: &[Spot<ApiKey>],
        place: &Place,
    ) -> Option<Arc<dyn AuthProvider>> {
        let before = self.faults.len();
        let mut records = Vec::with_capacity(keys.len());
        let mut by_name = HashMap::new();
        let mut by_key = HashMap::new();
        for spot in keys {
            let key = &spot.value;
            if let Slot::Here(name) = &key.name
                && let Some(first) = by_name.insert(name.value.as_str(), &spot.place.path)
            {
                let message = format!(
                    "{first} has this name already: a name is a user id, so give each its own"
                );
                self.faults
                    .add(ConfigErrorKind::Duplicate, &name.place, message);
            }
            let Some((record, place)) = self.record(spot) else {
                continue;
            };
            if let Some(first) = by_key.insert(*record.digest(), &spot.place.path) {
                let message =
                    format!("{first} has this key already: give each caller a key of its own");
                self.faults.add(ConfigErrorKind::Duplicate, place, message);
            }
            records.push(record);
        }
        if self.faults.len() > before || records.len() < keys.len() || records.is_empty() {
            // What is wrong with each of them has been told.
            return None;
        }
        let count = records.len();
        let keys = self.faults.keep(place, ApiKeyAuth::new(records))?;
        let keys = match &self.config.clock {
            Some(clock) => keys.with_clock(clock.clone()),
            None => keys,
        };
        let noun = if count == 1 { "key" } else { "keys" };
        self.summary
            .providers
            .push(format!("api_key ({count} {noun})"));
        Some(Arc::new(keys))
    }

    /// A list without a key, as where the last one was taken out of it or commented out.
    ///
    /// Of a server that starts it is a fault. One that runs would keep every key that was taken away,
    /// were it a fault there too: it closes for keys instead, unless the document lets everybody in.
    pub(super) fn no_api_keys(
        &mut self,
        list: &ApiKeys,
        place: &Place,
        is_open: bool,
    ) -> Option<Arc<dyn AuthProvider>> {
        if !self.former.is_running || is_open {
            let (kind, message) = match list {
                ApiKeys::Nothing => (ConfigErrorKind::Blank, "nothing stands here: write a list"),
                _ => (ConfigErrorKind::Empty, "the list is empty: add an item"),
            };
            self.faults.add(kind, place, message);
            return None;
        }
        let weak = format!(
            "{} holds no key: every key is refused until the file has one again",
            place.path
        );
        self.summary.weak.push(weak);
        self.summary.providers.push("api_key (no key)".into());
        self.faults.keep(place, without_keys())
    }

    /// The record, and the place of its key.
    fn record<'k>(&mut self, spot: &'k Spot<ApiKey>) -> Option<(ApiKeyRecord, &'k Place)> {
        let key = &spot.value;
        self.check_scopes(key);
        // Without its name the key can still be looked at.
        let name = key.name.value().map_or("?", String::as_str);
        let (place, record) = match (&key.key, &key.key_sha256) {
            (Slot::Absent, Slot::Absent) => {
                let message = "neither `key` nor `key_sha256` is there: add one of the two";
                self.faults
                    .add(ConfigErrorKind::Empty, &spot.place, message);
                return None;
            }
            (Slot::Here(plain), Slot::Absent) => {
                let secret: Secret = plain.value.clone();
                (&plain.place, ApiKeyRecord::new(name, secret))
            }
            (Slot::Absent, Slot::Here(hash)) => (
                &hash.place,
                ApiKeyRecord::from_sha256(name, hash.value.expose()),
            ),
            (Slot::Here(_), Slot::Here(_)) => {
                let message = "both `key` and `key_sha256` are there: keep one of the two";
                self.faults
                    .add(ConfigErrorKind::Conflict, &spot.place, message);
                return None;
            }
            (Slot::Faulty, _) | (_, Slot::Faulty) => return None,
        };
        let mut record = self.faults.keep(place, record)?;
        if let Some(scopes) = key.scopes.value() {
            record = record.with_scopes(scopes.iter().map(|scope| &scope.value));
        }
        if key.scopes.is_absent() {
            let weak = format!(
                "the API key {name:?} has no `scopes` and may do everything: list what it may do, or \
                 write `scopes: [\"*\"]` where everything is meant"
            );
            self.summary.weak.push(weak);
        }
        if let Some(time) = key.expires_at.value() {
            record = record.with_expires_at(*time);
        }
        if let Some(revoked) = key.revoked.value() {
            record = record.with_revoked(*revoked);
        }
        Some((record, place))
    }

    fn check_scopes(&mut self, key: &ApiKey) {
        for scope in key.scopes.value().into_iter().flatten() {
            self.check_scope(scope);
        }
    }

    pub(super) fn check_scope(&mut self, scope: &Spot<String>) {
        if scope.value.contains(char::is_whitespace) {
            let message = "a scope has no spaces: write each as an item of its own";
            self.faults
                .add(ConfigErrorKind::Malformed, &scope.place, message);
        }
    }
}

/// A provider that knows no key, and refuses each.
fn without_keys() -> Result<Arc<dyn AuthProvider>, ConfigError> {
    let name = "none";
    let keys = ApiKeyAuth::new([ApiKeyRecord::from_sha256(name, &"0".repeat(64))?])?;
    keys.handle().remove(name)?;
    Ok(Arc::new(keys))
}
