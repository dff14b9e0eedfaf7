//! What happens with every decision: handles are kept for each thread.
#![allow(dead_code, reason = "without tokens nobody remembers one")]

use std::{
    cell::{Cell, RefCell},
    sync::atomic::{AtomicBool, Ordering},
    time::Instant,
};

use metrics::{Counter, Histogram, Label, Recorder, with_recorder};

use super::{
    bounds::{Known, NONE, OTHER},
    record::{METADATA, address, describe_all, key},
    table::{DECISION_DURATION, DECISIONS, REMEMBERED},
};

/// Counts a decision.
#[inline]
pub(crate) fn decided(outcome: &'static str, provider: &'static str, code: &'static str) {
    count(Series {
        outcome,
        provider,
        code,
    });
}

/// Counts a remembered token.
#[inline]
pub(crate) fn remembered(provider: &'static str) {
    count(Series {
        outcome: "",
        provider,
        code: "",
    });
}

/// A series of decisions, or of remembered tokens, which have no outcome.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Series {
    outcome: &'static str,
    provider: &'static str,
    code: &'static str,
}

impl Series {
    /// Whether it is the same text in the same place: two places with one text are two entries of one series.
    #[inline]
    fn is(&self, other: &Self) -> bool {
        std::ptr::eq(self.outcome, other.outcome)
            && std::ptr::eq(self.provider, other.provider)
            && std::ptr::eq(self.code, other.code)
    }

    /// The place of the series in a thread's table.
    #[inline]
    fn slot(&self) -> usize {
        let of = |text: &'static str| text.as_ptr().addr();
        let mixed =
            of(self.outcome) ^ of(self.provider).rotate_left(7) ^ of(self.code).rotate_left(13);
        mixed.wrapping_mul(MULTIPLIER) >> (usize::BITS - SLOT_BITS)
    }

    /// The series as it is counted: with `other` beyond the bound.
    fn register(&self, recorder: &dyn Recorder) -> Counter {
        static DECIDED: Known<Series> = Known::new();
        static PROVIDERS: Known<&'static str> = Known::new();
        describe_all(recorder);
        let provider = or_none(self.provider);
        if self.outcome.is_empty() {
            let is_known = PROVIDERS.admits(
                &provider,
                MAX_PROVIDERS,
                |one, other| one == other,
                |one| *one,
            );
            let provider = if is_known { provider } else { OTHER };
            let labels = vec![Label::from_static_parts("provider", provider)];
            return recorder.register_counter(&key(&REMEMBERED, labels), &METADATA);
        }
        let is_known = DECIDED.admits(self, MAX_DECISIONS, |one, other| one == other, |one| *one);
        let (provider, code) = match is_known {
            true => (provider, or_none(self.code)),
            false => (OTHER, OTHER),
        };
        let labels = vec![
            Label::from_static_parts("outcome", self.outcome),
            Label::from_static_parts("provider", provider),
            Label::from_static_parts("code", code),
        ];
        recorder.register_counter(&key(&DECISIONS, labels), &METADATA)
    }
}

fn or_none(text: &'static str) -> &'static str {
    match text {
        "" => NONE,
        text => text,
    }
}

/// What a thread holds of the recorder that it used last.
struct Handles {
    recorder: usize,
    counters: Vec<Option<(Series, Counter)>>,
    durations: [Option<Histogram>; 2],
}

impl Handles {
    const fn new() -> Self {
        Self {
            recorder: 0,
            counters: Vec::new(),
            durations: [None, None],
        }
    }

    /// The recorder may be installed after the first decisions, and a thread may have one of its own.
    #[inline]
    fn of(&mut self, recorder: &dyn Recorder) -> &mut Self {
        let address = address(recorder);
        if self.recorder != address {
            self.forget(address);
        }
        self
    }

    #[cold]
    fn forget(&mut self, address: usize) {
        self.recorder = address;
        self.counters = std::iter::repeat_with(|| None)
            .take(1 << SLOT_BITS)
            .collect();
        self.durations = [None, None];
        ANY.store(true, Ordering::Relaxed);
    }

    #[inline]
    fn count(&mut self, series: Series, recorder: &dyn Recorder) {
        let Some(slot) = self.counters.get_mut(series.slot()) else {
            return;
        };
        match slot {
            Some((kept, counter)) if kept.is(&series) => counter.increment(1),
            slot => {
                let counter = series.register(recorder);
                counter.increment(1);
                *slot = Some((series, counter));
            }
        }
    }
}

#[inline]
fn count(series: Series) {
    with_recorder(|recorder| {
        if is_none(recorder) {
            return;
        }
        let counted = HANDLES.try_with(|handles| {
            let mut handles = handles.try_borrow_mut().ok()?;
            handles.of(recorder).count(series, recorder);
            Some(())
        });
        // A recorder that asks this crate something, or the end of a thread.
        if !matches!(counted, Ok(Some(()))) {
            count_anew(series, recorder);
        }
    });
}

/// Whether this is the recorder that stands for none, which has no size.
#[inline]
fn is_none(recorder: &dyn Recorder) -> bool {
    size_of_val(recorder) == 0
}

#[cold]
fn count_anew(series: Series, recorder: &dyn Recorder) {
    series.register(recorder).increment(1);
}

/// Measures how long a decision takes.
pub(crate) struct Timer {
    since: Option<Instant>,
    has_waited: bool,
}

impl Timer {
    /// Begins to measure one of sixteen decisions: to read the clock takes longer than to count.
    #[inline]
    pub(crate) fn start() -> Self {
        let is_measured = ANY.load(Ordering::Relaxed) && is_turn();
        Self {
            since: is_measured.then(Instant::now),
            has_waited: false,
        }
    }

    /// Begins to measure a wait.
    pub(crate) fn start_to_wait() -> Self {
        Self {
            since: ANY.load(Ordering::Relaxed).then(Instant::now),
            has_waited: true,
        }
    }

    #[inline]
    pub(crate) fn stop(&mut self) {
        if let Some(since) = self.since.take() {
            self.record(since);
        }
    }

    #[inline(never)]
    fn record(&self, since: Instant) {
        let seconds = since.elapsed().as_secs_f64();
        let waited = usize::from(self.has_waited);
        let register = |recorder: &dyn Recorder| {
            let label = if self.has_waited { "yes" } else { "no" };
            let labels = vec![Label::from_static_parts("waited", label)];
            recorder.register_histogram(&key(&DECISION_DURATION, labels), &METADATA)
        };
        with_recorder(|recorder| {
            let recorded = HANDLES.try_with(|handles| {
                let mut handles = handles.try_borrow_mut().ok()?;
                let kept = handles.of(recorder).durations.get_mut(waited)?;
                kept.get_or_insert_with(|| register(recorder))
                    .record(seconds);
                Some(())
            });
            if !matches!(recorded, Ok(Some(()))) {
                register(recorder).record(seconds);
            }
        });
    }
}

fn is_turn() -> bool {
    let turn = TURN.try_with(|turn| turn.replace(turn.get().wrapping_add(1)));
    turn.is_ok_and(|turn| turn % 16 == 0)
}

thread_local! {
    static HANDLES: RefCell<Handles> = const { RefCell::new(Handles::new()) };
    static TURN: Cell<u8> = const { Cell::new(0) };
}

/// Whether there was a recorder yet.
static ANY: AtomicBool = AtomicBool::new(false);
const SLOT_BITS: u32 = 8;
#[expect(
    clippy::cast_possible_truncation,
    reason = "the upper half is enough where there is no more"
)]
const MULTIPLIER: usize = 0x9e37_79b9_7f4a_7c15_u64 as usize;
/// With these, all other metrics and the `other` of each outcome stay below 200.
const MAX_DECISIONS: usize = 96;
const MAX_PROVIDERS: usize = 8;
