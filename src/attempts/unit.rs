//! The unit of an attempt in a shared state.

use super::settings::Inner;
use crate::shared::Count;

/// The unit of an attempt in a shared state.
pub(super) struct Everywhere {
    pub(super) count: Count,
    pub(super) unit: SharedUnit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SharedUnit {
    /// It is not asked for yet.
    Due,
    /// The credential is known from this address: it is taken where the credential turns out to be wrong.
    Known,
    /// It was taken at that time, and so many were left.
    Taken { at: u64, remaining: u32 },
    /// Nobody could be asked, or it is settled.
    Missing,
}

impl Inner {
    /// Gives back the unit of an attempt that did not count, as far as it has not come back with time.
    pub(super) fn give_back_everywhere(&self, bucket: u128, everywhere: &Everywhere) {
        let (SharedUnit::Taken { at, remaining }, Some(shared)) = (everywhere.unit, self.shared())
        else {
            return;
        };
        let now = self.counts.now();
        let interval = self.interval();
        // What is surely missing of the bucket since this unit was taken.
        let units = everywhere.count.quota().burst();
        let units = units.saturating_sub(remaining).saturating_sub(1).max(1);
        let missing = interval.saturating_mul(u64::from(units));
        let left = missing.saturating_sub(now.saturating_sub(at));
        // A part of a unit is given back by chance, as often as it is large: who holds many attempts
        // until they have come back with time gains nothing by it.
        let parts = [bucket.to_ne_bytes(), u128::from(now).to_ne_bytes()];
        let chance = self.seed.hash(parts.iter().map(<[u8; 16]>::as_slice));
        if left >= interval || chance % u128::from(interval.max(1)) < u128::from(left) {
            shared.give_back(&[everywhere.count]);
        }
    }

    /// Takes the unit of a credential that was known and is wrong now. No debt: an address that shows many
    /// revoked keys waits no longer than one that guesses.
    pub(super) fn charge_everywhere(&self, everywhere: &Everywhere) {
        if let (SharedUnit::Known, Some(shared)) = (everywhere.unit, self.shared()) {
            shared.take_if_there(&[everywhere.count]);
        }
    }
}
