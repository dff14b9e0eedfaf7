//! How many requests wait for keys.

use std::sync::Arc;

use super::{Keyring, Shortage, Snapshot, report};
use crate::{request::ClientAddress, shares::Share};

impl Keyring {
    /// A place to wait in, for as long as it is held.
    ///
    /// Nothing about the token is proven yet, so no client has more than its share.
    pub(crate) fn place(&self, client: Option<ClientAddress>, now: u64) -> Result<Share, Shortage> {
        self.places.take(client).ok_or_else(|| {
            let told = self.places.refusals_to_report(now);
            report::crowded(&self.source.issuer, told);
            let loaded = self.load();
            let is_usable = |keys: &Arc<Snapshot>| now < self.stale_at(keys);
            if loaded.as_ref().is_some_and(is_usable) {
                // Those who wait named unknown keys, as this one did.
                let seconds = self.state().plan.cooling(&self.pace, now).max(1);
                return Shortage::UnknownKey { seconds };
            }
            Shortage::Crowded
        })
    }
}

/// How many requests wait at a time. With a token of 8 KiB each that is 8 MiB.
pub(super) const MOST: usize = 1024;
