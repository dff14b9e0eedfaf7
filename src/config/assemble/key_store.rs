//! Managed keys.

use std::{sync::Arc, time::Duration};

use http::HeaderName;

use super::{
    assembly::{Assembly, Provider, ProviderBlock},
    engine_url::WrittenUrl,
    kept::KeptKeys,
};
use crate::{
    config::{
        fault::Place, method_name::method_name, read::Located, shape::key_store::ManagedKeyStore,
    },
    error::{ConfigError, ConfigErrorKind},
    keys::{KeyStoreUrl, KeyStores, LazyKeyStore, ManagedKeys},
};

impl ProviderBlock for ManagedKeyStore {
    fn provider(&self, assembly: &mut Assembly<'_>, place: &Place) -> Option<Provider> {
        assembly.key_store(self, place)
    }
}

impl<'a> Assembly<'a> {
    fn key_store(&mut self, block: &ManagedKeyStore, place: &Place) -> Option<Provider> {
        let before = self.faults.len();
        let url = self.store_url(block, place);
        self.check_label(block, place);
        // Where no store is named, the other members can be looked at all the same.
        let store = match &url {
            Some(url) => self.store_of(&url.value),
            None => stand_in()?,
        };
        let prefix = block.prefix.present();
        let made = prefix.and_then(|prefix| {
            let made = ManagedKeys::of(Arc::new(store.clone()), &prefix.value);
            self.faults.keep(&prefix.place, made)
        });
        let made = made.or_else(|| ManagedKeys::of(Arc::new(store.clone()), "sk").ok())?;
        let made = self.with_clock(made);
        let mut keys = self.with_label(made, block);
        keys = self.with_header(keys, block);
        keys = self.with_limits(keys, block);
        keys = with_names(keys, block);
        if let Some(audit) = &self.kept.audit {
            keys = keys.with_audit(&audit.sink);
        }
        let url = url?;
        if let Some(former) = self.former_keys(&url.value) {
            keys = former.keys.successor(&keys);
            self.check_copy(block, &former.block, place);
        }
        let has_faults = self.faults.len() > before;
        if has_faults || block.source.is_faulty() || block.shared_source.is_faulty() {
            // Without its label the layer would find another fault.
            return None;
        }
        let shown = url.value.to_string();
        self.summary
            .providers
            .push(format!("key_store ({})", shown.escape_debug()));
        self.kept.managed_keys = Some(KeptKeys {
            place: url.place,
            url: url.value,
            block: block.clone(),
            store,
            keys: keys.clone(),
        });
        Some(Arc::new(keys))
    }

    fn store_url(
        &mut self,
        block: &ManagedKeyStore,
        place: &Place,
    ) -> Option<Located<KeyStoreUrl>> {
        let stores = &self.config.registry.key_stores;
        let former = self.last_keys();
        self.engine_url(
            &WrittenUrl {
                url: &block.url,
                file: &block.url_file,
                place,
                missing: "no store is named: add `url`, such as `url: sqlite:keys.db`, or `url_file` \
                          with a file that holds it",
                another: "another store than before is named: that takes a restart",
            },
            KeyStoreUrl::parse,
            |url| stores.check(url),
            former.map(|former| &former.url),
        )
    }

    /// The store, which is open already if a file before named it.
    fn store_of(&self, url: &KeyStoreUrl) -> LazyKeyStore {
        match self.former_keys(url) {
            Some(former) => former.store.clone(),
            None => LazyKeyStore::new(self.config.registry.key_stores.clone(), url.clone()),
        }
    }

    /// The keys of the last file before that had some, if they are of the same store.
    fn former_keys(&self, url: &KeyStoreUrl) -> Option<&'a KeptKeys> {
        self.last_keys().filter(|former| former.url == *url)
    }

    fn last_keys(&self) -> Option<&'a KeptKeys> {
        self.former?.kept.last_keys()
    }

    /// The copy of the keys is kept: who the callers are stands in it, and it is as large as it is.
    fn check_copy(&mut self, block: &ManagedKeyStore, former: &ManagedKeyStore, place: &Place) {
        let is_same = block.source == former.source
            && block.shared_source == former.shared_source
            && block.owner_methods == former.owner_methods
            && block.max_known == former.max_known;
        if !is_same {
            let message = "the keys stay as they were read, so another `source`, `shared_source`, \
                           `owner_methods` or `max_known` takes a restart";
            self.conflict(place, message);
        }
    }

    /// A key of `api_keys` and one of the store are callers of one method.
    fn check_label(&mut self, block: &ManagedKeyStore, place: &Place) {
        let has_label = !block.source.is_absent() || !block.shared_source.is_absent();
        if self.has_api_keys && !has_label {
            let message = "`api_keys` are there too, and a user id of theirs would be the same caller \
                           as that user id in the store: add a label of this block's own, such as \
                           `source: managed`";
            self.conflict(place, message);
        }
    }

    fn with_clock(&self, keys: ManagedKeys) -> ManagedKeys {
        match &self.config.clock {
            Some(clock) => keys.with_clock(clock.clone()),
            None => keys,
        }
    }

    fn with_header(&mut self, keys: ManagedKeys, block: &ManagedKeyStore) -> ManagedKeys {
        let Some(header) = block.header.present() else {
            return keys;
        };
        let name = HeaderName::try_from(&header.value).map_err(|_| {
            let message = "this is no name of a header: write one such as X-API-Key";
            ConfigError::new(ConfigErrorKind::Malformed, message)
        });
        match self.faults.keep(&header.place, name) {
            Some(name) => keys.with_header(name),
            None => keys,
        }
    }

    fn with_label(&mut self, keys: ManagedKeys, block: &ManagedKeyStore) -> ManagedKeys {
        let (place, labelled) = match (block.source.present(), block.shared_source.present()) {
            (None, None) => return keys,
            (Some(own), None) => (&own.place, keys.clone().with_source(&own.value)),
            (None, Some(shared)) => (
                &shared.place,
                keys.clone().with_shared_source(&shared.value),
            ),
            (Some(_), Some(shared)) => {
                let message = "both `source` and `shared_source` are there: keep one of the two";
                self.conflict(&shared.place, message);
                return keys;
            }
        };
        self.faults.keep(place, labelled).unwrap_or(keys)
    }

    fn with_limits(&mut self, mut keys: ManagedKeys, block: &ManagedKeyStore) -> ManagedKeys {
        if let Some(limit) = block.stale_limit_seconds.present() {
            keys = keys.with_stale_limit(Duration::from_secs(limit.value.0));
            if limit.value.0 > LONG_STALE_LIMIT {
                self.weak(format!(
                    "{}: while the store cannot be asked, a key that was revoked meanwhile is \
                     accepted for more than an hour",
                    limit.place.path
                ));
            }
        }
        if let Some(limit) = block.max_lifetime_seconds.present() {
            keys = keys.with_max_lifetime(Duration::from_secs(limit.value.0));
            if limit.value.0 == 0 {
                let message = "no key could be made: write how many seconds a key may live, such as \
                               7776000 for 90 days";
                self.malformed(&limit.place, message);
            }
        }
        match block.max_known.value() {
            Some(most) => keys.with_max_known(most.0),
            None => keys,
        }
    }
}

/// The methods of owners, and the metadata that is free.
fn with_names(mut keys: ManagedKeys, block: &ManagedKeyStore) -> ManagedKeys {
    for method in block
        .owner_methods
        .value()
        .into_iter()
        .flat_map(|all| &all.0)
    {
        keys = keys.add_owner_method(method_name(&method.value));
    }
    for name in block
        .free_metadata
        .value()
        .into_iter()
        .flat_map(|all| &all.0)
    {
        keys = keys.add_free_metadata(&*name.value);
    }
    keys
}

/// A store that nothing opens.
fn stand_in() -> Option<LazyKeyStore> {
    let url = KeyStoreUrl::parse("sqlite:stand-in").ok()?;
    Some(LazyKeyStore::new(KeyStores::new(), url))
}

/// In seconds.
const LONG_STALE_LIMIT: u64 = 3_600;
