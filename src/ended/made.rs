//! Ends of credentials that a source knows.

use std::sync::atomic::Ordering;

use super::end::{End, OnLastDrop};

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
}
