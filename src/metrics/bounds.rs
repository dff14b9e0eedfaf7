//! The bounds of the number of series.

use std::sync::{Mutex, PoisonError};

/// Values that are told apart; the first ones that come, up to a bound.
pub(super) struct Known<T>(Mutex<Vec<T>>);

impl<T> Known<T> {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// Whether the value is one of at most `most`.
    pub(super) fn admits<Q: ?Sized>(
        &self,
        value: &Q,
        most: usize,
        is_same: impl Fn(&T, &Q) -> bool,
        to_owned: impl FnOnce(&Q) -> T,
    ) -> bool {
        // Nothing is left half-changed.
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.iter().any(|one| is_same(one, value)) {
            return true;
        }
        let has_room = known.len() < most;
        if has_room {
            known.push(to_owned(value));
        }
        has_room
    }
}

/// What is beyond the bound.
pub(super) const OTHER: &str = "other";
/// What is not there.
pub(super) const NONE: &str = "none";
