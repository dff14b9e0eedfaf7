//! Other settings for a list that was read already.

use super::Revocations;

impl Revocations {
    /// These revocations with what the former ones have read. Both are of one list and one clock.
    pub(crate) fn continuing(self, former: &Self) -> Self {
        let (next, former) = (self.replica(), former.replica());
        let take = || next.take(former.table.all());
        next.polling.take_over(&former.polling, take);
        self
    }
}
