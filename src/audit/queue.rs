//! The lines that are not written yet, within bounds.

use std::{
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use super::line::Line;

pub(super) struct Queue {
    state: Mutex<State>,
    /// There is something to do for the thread.
    changed: Condvar,
    /// Something was written.
    written: Condvar,
    /// Whether the last attempt to write failed.
    failing: AtomicBool,
    max_bytes: usize,
}

struct State {
    lines: String,
    /// Lines for which there was no room.
    dropped: u64,
    strangers: Strangers,
    reopen: bool,
    closing: bool,
    /// Lines that were dropped, and decisions that were summed, and are in no metric yet.
    uncounted: (u64, u64),
    /// Bytes that were taken, and those of them that were written, since the beginning.
    taken: u64,
    done: u64,
}

/// What the thread does next.
pub(super) struct Work {
    pub(super) lines: String,
    pub(super) reopen: bool,
    pub(super) closing: bool,
}

impl Queue {
    pub(super) fn new(max_bytes: usize) -> Self {
        Self {
            state: Mutex::new(State {
                lines: String::new(),
                dropped: 0,
                strangers: Strangers::new(),
                reopen: false,
                closing: false,
                uncounted: (0, 0),
                taken: 0,
                done: 0,
            }),
            changed: Condvar::new(),
            written: Condvar::new(),
            failing: AtomicBool::new(false),
            max_bytes,
        }
    }

    /// Takes a line; answers whether there was room.
    pub(super) fn push(&self, line: Line) -> bool {
        let line = line.end();
        let mut state = self.state();
        let is_taken = self.take(&mut state, &line);
        drop(state);
        self.changed.notify_one();
        is_taken
    }

    /// Takes the line of a decision that anybody can cause, or counts it where there are too many in this second. What
    /// is counted has its line.
    pub(super) fn push_by_strangers(
        &self,
        code: &'static str,
        line: impl FnOnce() -> Line,
    ) -> bool {
        let mut state = self.state();
        self.end_second(&mut state, Instant::now());
        if !state.strangers.add(code) {
            state.uncounted.1 = state.uncounted.1.saturating_add(1);
            let is_first = state.strangers.summed == 1;
            let has_room = self.has_room(&state);
            drop(state);
            if is_first {
                self.changed.notify_one();
            }
            return has_room;
        }
        drop(state);
        self.push(line())
    }

    fn take(&self, state: &mut State, line: &str) -> bool {
        let has_room = state.lines.len().saturating_add(line.len()) <= self.max_bytes;
        if has_room {
            state.lines.push_str(line);
            state.taken = state.taken.saturating_add(line.len() as u64);
        } else {
            state.dropped = state.dropped.saturating_add(1);
            state.uncounted.0 = state.uncounted.0.saturating_add(1);
        }
        has_room
    }

    /// Sums the decisions of a second that is over, once there is room for the line.
    fn end_second(&self, state: &mut State, now: Instant) {
        if state.strangers.left(now).is_zero()
            && (!state.strangers.is_summing() || self.has_room(state))
        {
            Self::sum(state);
            state.strangers = Strangers::new();
        }
    }

    /// The line of what is summed so far, whether there is room or not.
    fn sum(state: &mut State) {
        if let Some(sum) = state.strangers.take_sum() {
            Self::append(state, sum);
        }
    }

    /// The line of what was dropped so far, whether there is room or not.
    fn tell_dropped(state: &mut State) {
        if state.dropped > 0 {
            let mut line = Line::new("lines_dropped");
            line.number("count", std::mem::take(&mut state.dropped).into());
            Self::append(state, line);
        }
    }

    fn append(state: &mut State, line: Line) {
        let line = line.end();
        state.taken = state.taken.saturating_add(line.len() as u64);
        state.lines.push_str(&line);
    }

    /// Whether there is room for the line of a sum.
    fn has_room(&self, state: &State) -> bool {
        state.lines.len().saturating_add(LONGEST_SUM) <= self.max_bytes
    }

    /// Waits for work.
    pub(super) fn next(&self) -> Work {
        let mut state = self.state();
        loop {
            self.end_second(&mut state, Instant::now());
            if state.closing {
                Self::sum(&mut state);
            }
            if state.closing || state.lines.len() < self.max_bytes / 2 {
                Self::tell_dropped(&mut state);
            }
            if !state.lines.is_empty() || state.reopen || state.closing {
                return Work {
                    lines: std::mem::take(&mut state.lines),
                    reopen: std::mem::take(&mut state.reopen),
                    closing: state.closing,
                };
            }
            let limit = match state.strangers.is_summing() {
                true => state.strangers.left(Instant::now()),
                false => LONG,
            };
            state = self.wait(state, limit);
        }
    }

    /// Waits before another attempt; answers what was asked for meanwhile.
    pub(super) fn pause(&self, limit: Duration) -> Work {
        let is_asked = |state: &mut State| !state.closing && !state.reopen;
        let waited = self
            .changed
            .wait_timeout_while(self.state(), limit, is_asked);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner).0;
        Work {
            lines: String::new(),
            reopen: std::mem::take(&mut state.reopen),
            closing: state.closing,
        }
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>, limit: Duration) -> MutexGuard<'a, State> {
        let waited = self.changed.wait_timeout(state, limit);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Notes that so many bytes were written.
    pub(super) fn done(&self, bytes: u64) {
        self.failing.store(false, Ordering::Release);
        let mut state = self.state();
        state.done = state.done.saturating_add(bytes);
        drop(state);
        self.written.notify_all();
    }

    /// Notes that nothing can be written.
    pub(super) fn fail(&self) {
        self.failing.store(true, Ordering::Release);
    }

    pub(super) fn is_failing(&self) -> bool {
        self.failing.load(Ordering::Acquire)
    }

    pub(super) fn reopen(&self) {
        self.state().reopen = true;
        self.changed.notify_one();
    }

    pub(super) fn close(&self) {
        self.state().closing = true;
        self.changed.notify_one();
    }

    /// What was dropped and summed since this was asked last.
    pub(super) fn uncounted(&self) -> (u64, u64) {
        std::mem::take(&mut self.state().uncounted)
    }

    /// Waits until everything that was taken so far is written; answers whether it is.
    pub(super) fn flush(&self, limit: Duration) -> bool {
        let until = Instant::now().checked_add(limit);
        let mut state = self.state();
        Self::sum(&mut state);
        Self::tell_dropped(&mut state);
        self.changed.notify_one();
        let taken = state.taken;
        while state.done < taken {
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            let left = left.unwrap_or(LONG);
            if left.is_zero() {
                return false;
            }
            let waited = self.written.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No step between two statements leaves it half-changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The decisions of the current second that anybody can cause: refusals, and what nobody is asked about.
struct Strangers {
    since: Instant,
    written: u32,
    summed: u64,
    codes: Vec<(&'static str, u64)>,
}

impl Strangers {
    fn new() -> Self {
        Self {
            since: Instant::now(),
            written: 0,
            summed: 0,
            codes: Vec::new(),
        }
    }

    fn is_summing(&self) -> bool {
        self.summed > 0
    }

    /// Counts a decision; answers whether it has a line of its own.
    fn add(&mut self, code: &'static str) -> bool {
        if self.written < MOST_LINES {
            self.written += 1;
            return true;
        }
        self.summed = self.summed.saturating_add(1);
        let is_new_told = self.codes.len() < MOST_CODES;
        match self.codes.iter_mut().find(|(known, _)| *known == code) {
            Some((_, count)) => *count = count.saturating_add(1),
            None => self.codes.extend(is_new_told.then_some((code, 1))),
        }
        false
    }

    /// What is left of the second.
    fn left(&self, now: Instant) -> Duration {
        SECOND.saturating_sub(now.saturating_duration_since(self.since))
    }

    /// The line of the decisions that have none of their own, if there are some.
    fn take_sum(&mut self) -> Option<Line> {
        let codes = std::mem::take(&mut self.codes);
        let summed = std::mem::take(&mut self.summed);
        (summed > 0).then(|| {
            let mut line = Line::new("decisions_summed");
            line.number("count", summed.into());
            line.numbers("codes", &codes);
            line
        })
    }
}

/// The decisions in a second that have lines of their own.
const MOST_LINES: u32 = 1_000;
const MOST_CODES: usize = 32;
/// In bytes.
const LONGEST_SUM: usize = 4 << 10;
const SECOND: Duration = Duration::from_secs(1);
const LONG: Duration = Duration::from_secs(3_600);
