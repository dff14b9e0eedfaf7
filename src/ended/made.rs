//! Ends of credentials that a source knows.

use std::{sync::atomic::Ordering, task::Waker};

use super::end::{End, OnLastDrop};
use crate::caught::caught;

impl End {
    /// An end that has not come. `on_last_drop` forgets it.
    pub(crate) fn forgotten_by(on_last_drop: OnLastDrop) -> Self {
        let mut end = Self::default();
        end.on_last_drop = Some(on_last_drop);
        end
    }

    /// An end that has come.
    pub(crate) fn over() -> Self {
        let end = Self::default();
        end.is_over.store(true, Ordering::Release);
        end
    }

    /// Ends the credential and wakes those who wait, if it has not ended before. An end is for ever.
    ///
    /// Whoever calls this holds no lock: a waker is not ours.
    pub(crate) fn finish(&self) {
        if self.is_over.swap(true, Ordering::AcqRel) {
            return;
        }
        // Whoever leaves a waker from now on finds that it is over.
        let wakers: Vec<Waker> = {
            let mut waiting = self.waiting();
            let places = waiting.places.iter_mut();
            places.filter_map(Option::take).collect()
        };
        for waker in wakers {
            // It may panic.
            caught(|| waker.wake());
        }
    }
}
