//! Revocations of tokens.

use std::time::Duration;

use super::{assembly::Assembly, gateway::Gateway, kept::KeptRevocations};
use crate::{
    auth::layer::AuthLayer,
    config::{
        read::{Seconds, Slot},
        shape::revocations::RevocationRules,
    },
    revocations::Revocations,
};

impl Assembly<'_> {
    /// Holds the layer to the revocations in the key store, where the document says so.
    pub(super) fn revocations(&mut self, layer: AuthLayer, gateway: &Gateway) -> AuthLayer {
        let Slot::Present(block) = &gateway.revocations else {
            return layer;
        };
        if !gateway.providers.has("key_store") {
            let message = "revocations stand in a key store, and none is named: add `key_store` with \
                           its `url` and `prefix`";
            self.conflict(&block.place, message);
            return layer;
        }
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
        // What is wrong with the store is told already.
        let Some(keys) = self.kept.managed_keys.as_ref() else {
            return layer;
        };
        let former = self
            .former
            .and_then(|former| former.kept.revocations.as_ref());
        let same = former.filter(|former| former.block == block.value && former.url == keys.url);
        let revocations = match same {
            Some(former) => former.revocations.clone(),
            None => {
                let revocations = with_rules(Revocations::of_keys(&keys.keys), &block.value);
                match &self.config.clock {
                    Some(clock) => revocations.with_clock(clock.clone()),
                    None => revocations,
                }
            }
        };
        self.kept.revocations = Some(KeptRevocations {
            block: block.value.clone(),
            url: keys.url.clone(),
            revocations: revocations.clone(),
        });
        layer.revocations(&revocations)
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
    match block.require_issued_at.is_true() {
        true => revocations.require_issued_at(),
        false => revocations,
    }
}

/// In seconds.
const LONG_STALE_LIMIT: u64 = 3_600;
