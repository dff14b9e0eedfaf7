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
    takes: HashMap<u128, Count>,
    /// Whose turn it is: none waits for the others to end.
    turn: u8,
}

/// What to do with units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Errand {
    Charge,
    GiveBack,
    /// Takes one unit, if it is there: no bucket owes anything for it.
    Take,
}

impl Background {
    /// Adds units. Beyond a bound they are forgotten: a charge counts in this process then, and what
    /// would have been given back comes back with time.
    pub(super) fn add(&self, errand: Errand, counts: &[Count]) {
        let mut due = self.lock();
        let due = match errand {
            Errand::Charge => &mut due.charges,
            Errand::GiveBack => &mut due.returns,
            Errand::Take => &mut due.takes,
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
        for _ in 0..3 {
            due.turn = (due.turn + 1) % 3;
            let (errand, some) = match due.turn {
                0 => (Errand::GiveBack, take(&mut due.returns)),
                1 => (Errand::Charge, take(&mut due.charges)),
                _ => (Errand::Take, take_one(&mut due.takes)),
            };
            if !some.is_empty() {
                return Some((errand, some));
            }
        }
        None
    }

    pub(super) fn is_empty(&self) -> bool {
        let due = self.lock();
        due.charges.is_empty() && due.returns.is_empty() && due.takes.is_empty()
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

/// One unit of one bucket: of several together, one that is not there would keep the others.
fn take_one(due: &mut HashMap<u128, Count>) -> Vec<Count> {
    let Some(count) = due.values().next().copied() else {
        return Vec::new();
    };
    // More than its burst is never there.
    let left = count.units().min(count.quota().burst()).saturating_sub(1);
    match left {
        0 => due.remove(&count.bucket()),
        left => due.insert(count.bucket(), count.with_units(left)),
    };
    vec![count.with_units(1)]
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
    fn no_errand_waits_for_another_kind_to_end() {
        let background = Background::default();
        for number in 0..1_000 {
            background.add(Errand::GiveBack, &[count(&number.to_string(), 1)]);
        }
        background.add(Errand::Charge, &[count("ada", 1)]);
        background.add(Errand::Take, &[count("bob", 2), count("bob", 1_000)]);
        let first: Vec<_> = (0..9).filter_map(|_| background.next()).collect();
        assert!(first.contains(&(Errand::Charge, vec![count("ada", 1)])));
        let takes = first.iter().filter(|(errand, _)| *errand == Errand::Take);
        assert!(takes.count() > 1);
        let rest: Vec<_> = std::iter::from_fn(|| background.next()).collect();
        let all = first.iter().chain(&rest);
        let takes = all.filter(|(errand, _)| *errand == Errand::Take).count();
        assert_eq!(takes, 9, "no more than the burst");
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
