//! Revocations of tokens.

use std::time::Duration;

use super::{
    assembly::Assembly,
    gateway::Gateway,
    kept::{KeptRevocations, RevocationsIn},
};
use crate::{
    auth::layer::AuthLayer,
    config::{
        read::{Located, Seconds, Slot},
        shape::revocations::{KeptIn, RevocationRules},
    },
    revocations::{LazyRevocationStore, Revocations},
};

impl<'a> Assembly<'a> {
    /// Holds the layer to the revocations, where the document says so.
    pub(super) fn revocations(&mut self, layer: AuthLayer, gateway: &Gateway) -> AuthLayer {
        let Slot::Present(block) = &gateway.revocations else {
            return layer;
        };
        let lifetime = block.value.max_token_lifetime_seconds.present();
        if let Some(lifetime) = lifetime.filter(|lifetime| lifetime.value.0 == 0) {
            let message = "every token would be refused: write how many seconds a token may live, such \
                           as 86400 for a day";
            self.malformed(&lifetime.place, message);
        }
        if let Some(limit) = block.value.stale_limit_seconds.present()
            && limit.value.0 > LONG_STALE_LIMIT
        {
            self.weak(format!(
                "{}: while the store cannot be asked, a token that was revoked meanwhile is accepted \
                 for more than an hour",
                limit.place.path
            ));
        }
        if block.value.insecure_allow_missing_iat.is_true() {
            self.weak(
                "auth.revocations accepts tokens without iat: one that lives longer than tokens may \
                 counts again after its revocation is forgotten",
            );
        }
        let Some(store) = self.store_of_revocations(block, gateway) else {
            return layer;
        };
        let former = self.last_revocations();
        if let Some(former) = former
            && !former.store.is_as(&store)
        {
            let message = "the revocations stood in another store before: that takes a restart";
            self.conflict(&block.place, message);
            return layer;
        }
        let revocations = match (&store, self.kept.managed_keys.as_ref()) {
            (RevocationsIn::Shared { store, .. }, None) => Revocations::new(store.clone()),
            (RevocationsIn::Shared { store, .. }, Some(keys)) => {
                Revocations::new(store.clone()).add_keys(&keys.keys)
            }
            (RevocationsIn::KeyStore(_), Some(keys)) => Revocations::of_keys(&keys.keys),
            // INVARIANT: it is answered only where the document has keys.
            (RevocationsIn::KeyStore(_), None) => return layer,
        };
        let mut revocations = with_rules(revocations, &block.value);
        if let Some(clock) = &self.config.clock {
            revocations = revocations.with_clock(clock.clone());
        }
        if let Some(audit) = &self.kept.audit {
            revocations = revocations.with_audit(&audit.sink);
        }
        if let Some(former) = former {
            revocations = former.revocations.successor(&revocations);
        }
        self.kept.revocations = Some(KeptRevocations {
            store,
            revocations: revocations.clone(),
        });
        layer.revocations(&revocations)
    }

    /// Those of the last file before that had some.
    fn last_revocations(&self) -> Option<&'a KeptRevocations> {
        self.former?.kept.last_revocations()
    }

    /// The store that a block means, or faults that say why there is none.
    fn store_of_revocations(
        &mut self,
        block: &Located<RevocationRules>,
        gateway: &Gateway,
    ) -> Option<RevocationsIn> {
        let written = &block.value.store;
        let place = written.present().map_or(&block.place, |store| &store.place);
        let kept_in = match written {
            Slot::Present(store) => store.value,
            slot if slot.is_absent() => KeptIn::KeyStore,
            // It is told already.
            _ => return None,
        };
        self.summary.revocations = Some(kept_in.as_str());
        match kept_in {
            KeptIn::KeyStore if !gateway.providers.has("key_store") => {
                let message = "revocations stand in a key store, and none is named: add `key_store` \
                               with its `url` and `prefix`; or write `store: shared`, with the `url` of \
                               a Redis or Valkey server in the block `shared`";
                self.conflict(place, message);
                None
            }
            // What is wrong with the store is told already.
            KeptIn::KeyStore => {
                let keys = self.kept.managed_keys.as_ref()?;
                Some(RevocationsIn::KeyStore(keys.url.clone()))
            }
            KeptIn::Shared if gateway.shared.is_absent() => {
                let message = "revocations stand in what processes share, and nothing is named: add \
                               the block `shared`, such as `shared: {url: redis://host:6379}`";
                self.conflict(place, message);
                None
            }
            KeptIn::Shared => self.shared_revocations(block),
        }
    }

    fn shared_revocations(&mut self, block: &Located<RevocationRules>) -> Option<RevocationsIn> {
        let shared = self.kept.shared.as_ref()?;
        let (url, place) = (shared.url.clone(), shared.place.clone());
        if DATABASES.contains(&url.scheme()) {
            let message = "a database keeps revocations beside managed keys: name it as `key_store`, \
                           and leave `store` out";
            self.conflict(&block.place, message);
            return None;
        }
        let stores = &self.config.registry.revocation_stores;
        let checked = stores.check(&url);
        self.faults.keep(&place, checked)?;
        let former = self.last_revocations();
        let former = former.and_then(|former| match &former.store {
            same @ RevocationsIn::Shared { url: former, .. } if *former == url => {
                Some(same.clone())
            }
            _ => None,
        });
        Some(former.unwrap_or_else(|| {
            let stores = self.config.registry.revocation_stores.clone();
            RevocationsIn::Shared {
                store: LazyRevocationStore::new(stores, url.clone()),
                url,
            }
        }))
    }
}

fn with_rules(mut revocations: Revocations, block: &RevocationRules) -> Revocations {
    let seconds = |slot: &Slot<Seconds>| slot.value().map(|seconds| Duration::from_secs(seconds.0));
    if let Some(limit) = seconds(&block.max_token_lifetime_seconds) {
        revocations = revocations.with_max_token_lifetime(limit);
    }
    if let Some(leeway) = seconds(&block.leeway_seconds) {
        revocations = revocations.with_leeway(leeway);
    }
    if let Some(limit) = seconds(&block.stale_limit_seconds) {
        revocations = revocations.with_stale_limit(limit);
    }
    if let Some(most) = block.max_revocations.value() {
        revocations = revocations.with_max_revocations(most.0);
    }
    match block.insecure_allow_missing_iat.is_true() {
        true => revocations.insecure_allow_missing_iat(),
        false => revocations,
    }
}

/// In seconds.
const LONG_STALE_LIMIT: u64 = 3_600;
/// The schemes of databases that keep revocations beside keys.
const DATABASES: [&str; 2] = ["postgres", "postgresql"];
