//! Buckets that lack more than they can hold.

use super::{
    counts::{Counts, Take},
    table::Table,
};

impl Counts {
    /// Makes buckets that lack more than they can hold empty ones, as after a change to a quota with a
    /// shorter time; whether there were any.
    pub(crate) fn end_debts(&self, takes: &[Take]) -> bool {
        let now = self.now();
        let mut has_ended = false;
        for take in takes {
            let empty = now.saturating_add(take.rate.capacity);
            let mut shard = self.table.lock(Table::shard_of(take.bucket));
            if shard.get(take.bucket) > empty {
                shard.set(take.bucket, empty, now);
                has_ended = true;
            }
        }
        has_ended
    }
}
