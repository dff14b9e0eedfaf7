//! The lines that are not written yet, within bounds.

use std::{
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use super::{line::Line, sums::Bounded};

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
    bounded: [Bounded; 2],
    reopen: bool,
    closing: bool,
    /// Lines that were dropped, and decisions that were summed, and are in no metric yet.
    uncounted: (u64, u64),
    /// Bytes that were taken, and those of them that were written, since the beginning.
    taken: u64,
    done: u64,
}

/// Who caused a decision.
#[derive(Clone, Copy)]
pub(super) enum Cause {
    /// Anybody: it is not known who.
    Stranger,
    /// A caller who was accepted.
    Caller,
}

/// What the thread does next.
pub(super) struct Work {
    pub(super) lines: String,
    pub(super) reopen: bool,
    pub(super) closing: bool,
}

impl Queue {
    pub(super) fn new(max_bytes: usize) -> Self {
        let now = Instant::now();
        Self {
            state: Mutex::new(State {
                lines: String::new(),
                dropped: 0,
                bounded: ["strangers", "callers"].map(|of| Bounded::new(of, now)),
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

    /// Takes a line, whether there is room or not.
    pub(super) fn push_always(&self, line: Line) {
        Self::append(&mut self.state(), line);
        self.changed.notify_one();
    }

    /// Whether there is room for whatever line.
    pub(super) fn has_room_for_any(&self) -> bool {
        self.state().lines.len().saturating_add(LONGEST_LINE) <= self.max_bytes
    }

    /// Takes the line of a decision that somebody can cause as often as they like, or counts it where there are too
    /// many in this second. What is counted has its line.
    pub(super) fn push_bounded(
        &self,
        of: Cause,
        code: &'static str,
        line: impl FnOnce() -> Line,
    ) -> bool {
        let mut state = self.state();
        let [strangers, callers] = &mut state.bounded;
        let bounded = match of {
            Cause::Stranger => strangers,
            Cause::Caller => callers,
        };
        let is_first = !bounded.is_summing();
        if bounded.add(code, Instant::now()) {
            drop(state);
            return self.push(line());
        }
        state.uncounted.1 = state.uncounted.1.saturating_add(1);
        let has_room = self.has_room(&state);
        drop(state);
        if is_first {
            self.changed.notify_one();
        }
        has_room
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

    /// Adds the lines of the sums that may wait no longer, once there is room for them.
    fn tell_due(&self, state: &mut State, now: Instant) {
        for number in 0..state.bounded.len() {
            if !self.has_room(state) {
                return;
            }
            let bounded = state.bounded.get_mut(number);
            let due =
                bounded.filter(|bounded| bounded.left(now).is_some_and(|left| left.is_zero()));
            if let Some(sum) = due.and_then(Bounded::take) {
                Self::append(state, sum);
            }
        }
    }

    /// The lines of what is summed so far, whether there is room or not.
    fn tell_sums(state: &mut State) {
        let sums = state.bounded.each_mut().map(Bounded::take);
        for sum in sums.into_iter().flatten() {
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
            self.tell_due(&mut state, Instant::now());
            if state.closing {
                Self::tell_sums(&mut state);
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
            let now = Instant::now();
            let left = state.bounded.iter().filter_map(|one| one.left(now)).min();
            state = self.wait(state, left.unwrap_or(LONG));
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
        Self::tell_sums(&mut state);
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

/// In bytes: a line of long texts that have to be escaped.
const LONGEST_LINE: usize = 16 << 10;
/// In bytes.
const LONGEST_SUM: usize = 4 << 10;
const LONG: Duration = Duration::from_secs(3_600);
