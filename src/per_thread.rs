//! One value for each of several threads.

use std::{
    cell::Cell,
    sync::{
        LazyLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// Values alike, one for each of several threads: those that answer requests at the same time would
/// otherwise pass a reference count or a lock to and fro between their processors.
pub(crate) struct PerThread<T> {
    first: T,
    /// INVARIANT: together with the first, a power of two.
    others: Box<[T]>,
}

impl<T> PerThread<T> {
    /// A value and copies of it, as many as there are threads that run at the same time.
    pub(crate) fn copied(first: T, copy: impl Fn(&T) -> T) -> Self {
        static THREADS: LazyLock<usize> =
            LazyLock::new(|| thread::available_parallelism().map_or(1, usize::from));
        let all = THREADS.next_power_of_two().min(MOST);
        Self {
            others: (1..all).map(|_| copy(&first)).collect(),
            first,
        }
    }

    /// One value for all threads.
    pub(crate) fn shared(value: T) -> Self {
        Self {
            first: value,
            others: Box::default(),
        }
    }

    /// The value of the thread that asks.
    #[inline]
    pub(crate) fn mine(&self) -> &T {
        // The remainder by their number, which is quicker to have so than by a division.
        let at = thread_number() & self.others.len();
        let other = self.others.get(at.wrapping_sub(1));
        other.unwrap_or(&self.first)
    }

    /// The value that the others are copies of.
    pub(crate) fn first(&self) -> &T {
        &self.first
    }
}

/// Threads are numbered as they come.
fn thread_number() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static NUMBER: Cell<Option<usize>> = const { Cell::new(None) };
    }
    NUMBER.with(|number| {
        number.get().unwrap_or_else(|| {
            let new = NEXT.fetch_add(1, Ordering::Relaxed);
            number.set(Some(new));
            new
        })
    })
}

/// Enough for the threads of most servers; more of them share a value by turns. A power of two.
const MOST: usize = 16;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_thread_has_the_same_value_each_time() {
        let next = AtomicUsize::new(1);
        let values = PerThread::copied(0, |_| next.fetch_add(1, Ordering::Relaxed));
        let mine = *values.mine();
        assert!((0..100).all(|_| *values.mine() == mine));
    }

    #[test]
    fn every_value_has_threads() {
        let next = AtomicUsize::new(1);
        let values = PerThread::copied(0, |_| next.fetch_add(1, Ordering::Relaxed));
        let all = next.load(Ordering::Relaxed);
        assert!(all.is_power_of_two());
        // By turns, but for the threads of other tests, which are numbered too.
        let mut seen = HashSet::new();
        for _ in 0..10_000 {
            seen.insert(thread::scope(|scope| {
                let asks = scope.spawn(|| *values.mine());
                asks.join().unwrap()
            }));
            if seen.len() == all {
                return;
            }
        }
        panic!("of {all} values, threads have but {seen:?}");
    }

    #[test]
    fn what_is_shared_is_there_for_every_thread() {
        let value = PerThread::shared(7);
        for _ in 0..4 {
            thread::scope(|scope| {
                scope.spawn(|| assert_eq!(*value.mine(), 7));
            });
        }
        assert_eq!(*value.first(), 7);
    }
}
