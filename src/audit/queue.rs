//! The lines that are not written yet, within bounds.

use std::{
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use super::line::Line;
use crate::metrics;

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
            drop(state);
            metrics::audited(metrics::SUMMED, 1);
            self.changed.notify_one();
            return true;
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
            metrics::audited(metrics::DROPPED, 1);
        }
        has_room
    }

    /// Sums the decisions of a second that is over.
    fn end_second(&self, state: &mut State, now: Instant) {
        if let Some(sum) = state.strangers.end_second(now) {
            let line = sum.end();
            self.take(state, &line);
        }
    }

    /// Waits for work.
    pub(super) fn next(&self) -> Work {
        let mut state = self.state();
        loop {
            self.end_second(&mut state, Instant::now());
            let has_room = state.lines.len() < self.max_bytes / 2;
            if state.dropped > 0 && has_room {
                let mut line = Line::new("lines_dropped");
                line.number("count", std::mem::take(&mut state.dropped).into());
                let line = line.end();
                state.taken = state.taken.saturating_add(line.len() as u64);
                state.lines.push_str(&line);
            }
            if !state.lines.is_empty() || state.reopen || state.closing {
                return Work {
                    lines: std::mem::take(&mut state.lines),
                    reopen: std::mem::take(&mut state.reopen),
                    closing: state.closing,
                };
            }
            let limit = match state.strangers.is_summing() {
                true => SECOND,
                false => LONG,
            };
            state = self.wait(state, limit);
        }
    }

    /// Waits before another attempt; answers what was asked for meanwhile.
    pub(super) fn pause(&self, limit: Duration) -> Work {
        let mut state = self.state();
        if !state.closing && !state.reopen {
            state = self.wait(state, limit);
        }
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

    /// Waits until everything that was taken so far is written; answers whether it is.
    pub(super) fn flush(&self, limit: Duration) -> bool {
        let until = Instant::now().checked_add(limit);
        let mut state = self.state();
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

    /// Begins the next second, where this one is over; the line of those that have none of their own.
    fn end_second(&mut self, now: Instant) -> Option<Line> {
        if now.saturating_duration_since(self.since) < SECOND {
            return None;
        }
        let last = std::mem::replace(self, Self::new());
        (last.summed > 0).then(|| {
            let mut line = Line::new("decisions_summed");
            line.number("count", last.summed.into());
            line.numbers("codes", &last.codes);
            line
        })
    }
}

/// The decisions in a second that have lines of their own.
const MOST_LINES: u32 = 1_000;
const MOST_CODES: usize = 32;
const SECOND: Duration = Duration::from_secs(1);
const LONG: Duration = Duration::from_secs(3_600);
