//! Whether a shared state is asked.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

/// After some failures in a row, or where more questions fail than are answered, nobody waits for a state any more, until it has answered a question for which no request waits.
#[derive(Default)]
pub(super) struct Circuit {
    /// Each failure adds one, each answer takes one away.
    score: AtomicU32,
    is_open: AtomicBool,
    watch: Task,
}

impl Circuit {
    pub(super) fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Relaxed)
    }

    /// The state has answered somebody.
    pub(super) fn succeed(&self) {
        // Requests on other cores read it too.
        if self.score.load(Ordering::Relaxed) != 0 {
            let less = |score: u32| score.checked_sub(1);
            let (order, read) = (Ordering::Relaxed, Ordering::Relaxed);
            let _ = self.score.fetch_update(order, read, less);
        }
    }

    /// The state has not answered somebody; whether it is not asked any more.
    pub(super) fn fail(&self) -> bool {
        let score = self.score.fetch_add(1, Ordering::Relaxed);
        if score.saturating_add(1) >= MOST_FAILURES {
            self.is_open.store(true, Ordering::Relaxed);
        }
        self.is_open()
    }

    /// The state is asked again.
    pub(super) fn close(&self) {
        self.score.store(0, Ordering::Relaxed);
        self.is_open.store(false, Ordering::Relaxed);
    }

    /// The task that asks whether the state is back.
    pub(super) fn watch(&self) -> &Task {
        &self.watch
    }
}

/// A task of which one runs at a time. Its runtime may end before it does, or may not be driven any more:
/// then another one may begin.
#[derive(Default)]
pub(super) struct Task(Mutex<Option<Instant>>);

impl Task {
    /// Whether one is to begin now: none has shown itself for a while.
    pub(super) fn begin(&self) -> bool {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let runs = seen.is_some_and(|seen| now.duration_since(seen) < LOST_AFTER);
        if !runs {
            *seen = Some(now);
        }
        !runs
    }

    /// Shows that it runs.
    pub(super) fn go_on(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Lets another one begin at once.
    pub(super) fn end(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// One late answer is a pause of somebody; so many more than there are answers are an outage.
const MOST_FAILURES: u32 = 3;
/// Longer than a task goes without showing itself.
const LOST_AFTER: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a circuit opens while questions go so, again and again.
    fn opens(answers: &[bool]) -> bool {
        let circuit = Circuit::default();
        for answered in answers.iter().cycle().take(1_000) {
            match answered {
                true => circuit.succeed(),
                false => drop(circuit.fail()),
            }
        }
        circuit.is_open()
    }

    #[test]
    fn a_state_that_answers_every_third_question_is_away() {
        assert!(opens(&[false, false, true]));
        assert!(opens(&[true, false, true, false, false]));
    }

    #[test]
    fn a_state_that_is_late_now_and_then_is_there() {
        assert!(!opens(&[false, true, true]));
        assert!(!opens(&[false, true]));
        assert!(!opens(&[
            true, false, false, true, true, true, true, true, true, true
        ]));
    }

    #[test]
    fn three_failures_in_a_row_are_an_outage() {
        let circuit = Circuit::default();
        assert!(!circuit.fail() && !circuit.fail() && circuit.fail());
        circuit.close();
        assert!(!circuit.fail());
    }
}
