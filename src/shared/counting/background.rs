//! What a shared state is told while no request waits.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::circuit::Task;
use crate::shared::{Count, MOST_COUNTS};

/// Units to charge and to give back, added up for each bucket: a flood of requests to one bucket is one
/// call at a time.
#[derive(Default)]
pub(super) struct Background {
    due: Mutex<Due>,
    /// The task that tells them.
    pub(super) task: Task,
}

#[derive(Default)]
struct Due {
    charges: HashMap<u128, Count>,
    returns: HashMap<u128, Count>,
}

/// What to do with units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Errand {
    Charge,
    GiveBack,
}

impl Background {
    /// Adds units. Beyond a bound they are forgotten: a charge counts in this process then, and what
    /// would have been given back comes back with time.
    pub(super) fn add(&self, errand: Errand, counts: &[Count]) {
        let mut due = self.lock();
        let due = match errand {
            Errand::Charge => &mut due.charges,
            Errand::GiveBack => &mut due.returns,
        };
        for count in counts.iter().filter(|count| count.units() > 0) {
            if let Some(there) = due.get_mut(&count.bucket()) {
                *there = there.with_units(there.units().saturating_add(count.units()));
            } else if due.len() < MOST_DUE {
                due.insert(count.bucket(), *count);
            }
        }
    }

    /// The next errand, of as many buckets as one call takes.
    pub(super) fn next(&self) -> Option<(Errand, Vec<Count>)> {
        let mut due = self.lock();
        let returns = take(&mut due.returns);
        if !returns.is_empty() {
            return Some((Errand::GiveBack, returns));
        }
        let charges = take(&mut due.charges);
        (!charges.is_empty()).then_some((Errand::Charge, charges))
    }

    pub(super) fn is_empty(&self) -> bool {
        let due = self.lock();
        due.charges.is_empty() && due.returns.is_empty()
    }

    /// Forgets everything: a state that comes back is told nothing old.
    pub(super) fn forget(&self) {
        *self.lock() = Due::default();
    }

    fn lock(&self) -> MutexGuard<'_, Due> {
        // No step between two statements leaves it half-changed.
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn take(due: &mut HashMap<u128, Count>) -> Vec<Count> {
    let some: Vec<Count> = due.values().take(MOST_COUNTS).copied().collect();
    for count in &some {
        due.remove(&count.bucket());
    }
    some
}

/// So many buckets are remembered.
const MOST_DUE: usize = 4_096;

#[cfg(test)]
mod tests {
    use super::*;

    fn count(subject: &str, units: u32) -> Count {
        Count::new("caller", subject, "9 per minute".parse().unwrap()).with_units(units)
    }

    #[test]
    fn units_of_one_bucket_are_one_errand() {
        let background = Background::default();
        background.add(Errand::Charge, &[count("ada", 2), count("bob", 1)]);
        background.add(Errand::Charge, &[count("ada", u32::MAX), count("eve", 0)]);
        let (errand, mut counts) = background.next().unwrap();
        counts.sort_by_key(Count::units);
        assert_eq!(errand, Errand::Charge);
        assert_eq!(counts, [count("bob", 1), count("ada", u32::MAX)]);
        assert_eq!(background.next(), None);
    }

    #[test]
    fn a_flood_of_buckets_takes_bounded_memory_and_goes_in_small_calls() {
        let background = Background::default();
        for number in 0..100_000 {
            background.add(Errand::GiveBack, &[count(&number.to_string(), 1)]);
        }
        let calls: Vec<_> = std::iter::from_fn(|| background.next()).collect();
        assert!(calls.iter().all(|(_, counts)| counts.len() <= MOST_COUNTS));
        let buckets: usize = calls.iter().map(|(_, counts)| counts.len()).sum();
        assert_eq!(buckets, MOST_DUE);
    }
}
