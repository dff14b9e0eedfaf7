//! API keys.

use std::{collections::HashMap, sync::Arc};

use serde_json::{Map, Value};

use super::assembly::{Assembly, Provider, ProviderBlock};
use crate::{
    config::{
        fault::Place,
        read::{Free, Located, OneOf, Slot, Which},
        shape::caller::{ApiKey, ApiKeys},
    },
    error::ConfigErrorKind,
    provider::{ApiKeyAuth, ApiKeyRecord},
};

impl ProviderBlock for ApiKeys {
    fn provider(&self, assembly: &mut Assembly<'_>, place: &Place) -> Option<Provider> {
        match self {
            Self::Some(keys) => assembly.api_keys(keys, place),
            none => assembly.no_api_keys(none, place),
        }
    }
}

impl Assembly<'_> {
    fn api_keys(&mut self, keys: &[Located<ApiKey>], place: &Place) -> Option<Provider> {
        let before = self.faults.len();
        let mut records = Vec::with_capacity(keys.len());
        let mut by_name = HashMap::new();
        let mut by_key = HashMap::new();
        for located in keys {
            let key = &located.value;
            if let Slot::Present(name) = &key.name
                && let Some(first) = by_name.insert(name.value.as_str(), &located.place.path)
            {
                let message = format!(
                    "{first} has this name already: give each its own, and the same `user_id` where \
                     two keys are one caller"
                );
                self.duplicate(&name.place, message);
            }
            let Some((record, place)) = self.record(located) else {
                continue;
            };
            if let Some(first) = by_key.insert(record.digest, &located.place.path) {
                let message =
                    format!("{first} has this key already: give each caller a key of its own");
                self.duplicate(&place, message);
            }
            records.push(record);
        }
        if self.faults.len() > before || records.len() < keys.len() || records.is_empty() {
            // What is wrong with each of them has been told.
            return None;
        }
        let count = records.len();
        let keys = self
            .faults
            .keep(place, ApiKeyAuth::of_records(records.into_iter().map(Ok)))?;
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
    fn no_api_keys(&mut self, list: &ApiKeys, place: &Place) -> Option<Provider> {
        if self.former.is_none() || self.is_open {
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
        Some(Arc::new(ApiKeyAuth::empty()))
    }

    /// The record, and the place of its key.
    fn record(&mut self, located: &Located<ApiKey>) -> Option<(ApiKeyRecord, Place)> {
        let key = &located.value;
        self.check_scopes(key);
        let claims = self.claims(key);
        // Without its name the key can still be looked at.
        let name = key.name.value().map_or("?", String::as_str);
        let plain = self.secret(OneOf {
            first: &key.key,
            second: &key.key_file,
            names: ["`key`", "`key_file`"],
            place: &located.place,
        });
        let key_or_hash = OneOf {
            first: &plain,
            second: &key.key_sha256,
            names: ["a key", "`key_sha256`"],
            place: &located.place,
        };
        let (place, record) = match key_or_hash.find(&mut self.faults) {
            Which::First(plain) => (&plain.place, ApiKeyRecord::new(name, plain.value.clone())),
            Which::Second(hash) => (
                &hash.place,
                ApiKeyRecord::from_sha256(name, hash.value.expose()),
            ),
            Which::Neither => {
                let message = "no key is there: add one of `key`, `key_file` and `key_sha256`";
                self.missing(&located.place, message);
                return None;
            }
            Which::Faulty => return None,
        };
        let place = place.clone();
        let mut record = self.faults.keep(&place, record)?;
        if record.is_short() {
            let min = ApiKeyRecord::MIN_SAFE_LEN;
            self.weak(format!(
                "{} ({name:?}) has fewer than {min} characters: it may be guessed",
                place.path
            ));
        }
        if let Some(user_id) = key.user_id.value() {
            record = record.with_user_id(user_id);
        }
        for (name, value) in claims {
            record = record.with_metadata(name, value);
        }
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

    /// The caller's roles, tenant and metadata.
    fn claims(&mut self, key: &ApiKey) -> Map<String, Value> {
        let mut claims = match key.metadata.value() {
            Some(Free(claims)) => claims.clone(),
            None => Map::new(),
        };
        let roles = key.roles.present().map(|roles| {
            let names = roles.value.iter().map(|role| role.value.as_str().into());
            ("roles", &roles.place, Value::Array(names.collect()))
        });
        let tenant = key.tenant.present();
        let tenant =
            tenant.map(|located| ("tenant", &located.place, located.value.as_str().into()));
        for (name, place, value) in roles.into_iter().chain(tenant) {
            if claims.insert(name.to_owned(), value).is_some() {
                let message = format!("`metadata` has `{name}` too: keep one of the two");
                self.conflict(place, message);
            }
        }
        claims
    }

    fn check_scopes(&mut self, key: &ApiKey) {
        for scope in key.scopes.value().into_iter().flatten() {
            self.check_scope(scope);
        }
    }

    pub(super) fn check_scope(&mut self, scope: &Located<String>) {
        if scope.value.contains(char::is_whitespace) {
            let message = "a scope has no spaces: write each as an item of its own";
            self.malformed(&scope.place, message);
        }
    }
}
