//! Going on from a copy that was read already.

use std::sync::atomic::Ordering;

use super::{ask::StoreError, state::Polling};

impl<P: Copy + Default, A, E: StoreError> Polling<P, A, E> {
    /// Stands where a former copy of one store and clock stands. `take` takes over what that copy holds.
    pub(crate) fn take_over(&self, former: &Self, take: impl FnOnce()) {
        // What the former copy reads meanwhile is read once more.
        let (place, answered) = (former.progress().place, former.answered.load_full());
        take();
        self.progress().place = place;
        self.answered.store(answered);
        self.last_error.store(former.last_error.load_full());
        let is_failing = former.failing.load(Ordering::Acquire);
        self.failing.store(is_failing, Ordering::Release);
    }
}
