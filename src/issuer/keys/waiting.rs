//! How many requests wait for keys.

use std::sync::Arc;

use super::{Keyring, Snapshot, report, unavailable::KeysUnavailable};
use crate::{client_limit::Permit, request::ClientAddress};

impl Keyring {
    /// Permits one request to wait for keys, for as long as the permit is held.
    ///
    /// Nothing about the token is proven yet, so no client has more than a quarter of the permits.
    pub(crate) fn permit_to_wait(
        &self,
        client: Option<ClientAddress>,
        now: u64,
    ) -> Result<Permit, KeysUnavailable> {
        self.waiting.acquire(client).ok_or_else(|| {
            report::crowded(&self.source.issuer, self.waiting.refusals_to_report(now));
            let loaded = self.load();
            let is_usable = |keys: &Arc<Snapshot>| now < self.stale_at(keys);
            if loaded.as_ref().is_some_and(is_usable) {
                // There are keys, so every request that waits named an unknown one, this one too.
                let left = self.state().schedule.cool_down_left(&self.settings, now);
                return KeysUnavailable::UnknownKey {
                    retry_seconds: left.max(1),
                };
            }
            KeysUnavailable::Crowded
        })
    }
}
