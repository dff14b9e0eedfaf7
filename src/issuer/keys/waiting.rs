//! Requests that wait for keys.

use std::sync::Arc;

use tokio::time::Instant;

use super::{Keyring, Snapshot, report, schedule::FetchTicket, unavailable::KeysUnavailable};
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
                // Keys are present, so every waiting request named an unknown one, and so does this
                // request.
                let left = self.state().schedule.cool_down_left(&self.settings, now);
                return KeysUnavailable::UnknownKey {
                    retry_seconds: left.max(1),
                };
            }
            KeysUnavailable::Crowded
        })
    }

    /// Waits until a fetch has finished, with or without keys, at most until the deadline.
    pub(crate) async fn wait(
        &self,
        ticket: FetchTicket,
        deadline: Instant,
    ) -> Result<(), KeysUnavailable> {
        let mut finished = self.finished.subscribe();
        let waiting = finished.wait_for(|finished| *finished >= ticket.number);
        match tokio::time::timeout_at(deadline, waiting).await {
            // The sender lives as long as the keyring.
            Ok(_) => Ok(()),
            Err(_) => Err(KeysUnavailable::Slow),
        }
    }
}
