//! Decisions of which there may be too many for lines of their own.

use std::time::{Duration, Instant};

use super::line::Line;

/// Decisions that share a bound: of a second, so many have lines of their own. The rest is summed.
pub(super) struct Bounded {
    /// Whose decisions they are, as the line says.
    of: &'static str,
    second: Instant,
    /// Those of this second that have lines of their own.
    own: u32,
    sum: Option<Sum>,
}

struct Sum {
    since: Instant,
    count: u64,
    codes: Vec<(&'static str, u64)>,
}

impl Bounded {
    pub(super) fn new(of: &'static str, now: Instant) -> Self {
        Self {
            of,
            second: now,
            own: 0,
            sum: None,
        }
    }

    /// Counts a decision; answers whether it has a line of its own.
    pub(super) fn add(&mut self, code: &'static str, now: Instant) -> bool {
        if now.saturating_duration_since(self.second) >= SECOND {
            (self.second, self.own) = (now, 0);
        }
        if self.own < MOST_LINES {
            self.own += 1;
            return true;
        }
        let sum = self.sum.get_or_insert_with(|| Sum {
            since: now,
            count: 0,
            codes: Vec::new(),
        });
        sum.add(code);
        false
    }

    pub(super) fn is_summing(&self) -> bool {
        self.sum.is_some()
    }

    /// How long the sum may wait still, if there is one.
    pub(super) fn left(&self, now: Instant) -> Option<Duration> {
        let sum = self.sum.as_ref()?;
        Some(LONGEST_WAIT.saturating_sub(now.saturating_duration_since(sum.since)))
    }

    /// The line of the sum, if there is one.
    pub(super) fn take(&mut self) -> Option<Line> {
        let sum = self.sum.take()?;
        let mut line = Line::new("decisions_summed");
        line.text("of", Some(self.of));
        line.number("count", sum.count.into());
        line.numbers("codes", &sum.codes);
        Some(line)
    }
}

impl Sum {
    fn add(&mut self, code: &'static str) {
        self.count = self.count.saturating_add(1);
        let has_room = self.codes.len() < MOST_CODES;
        match self.codes.iter_mut().find(|(known, _)| *known == code) {
            Some((_, count)) => *count = count.saturating_add(1),
            None => self.codes.extend(has_room.then_some((code, 1))),
        }
    }
}

/// The decisions in a second that have lines of their own.
const MOST_LINES: u32 = 1_000;
const MOST_CODES: usize = 32;
const SECOND: Duration = Duration::from_secs(1);
/// The line of a sum is written within a second of the first decision in it.
const LONGEST_WAIT: Duration = Duration::from_millis(800);

#[cfg(test)]
mod tests {
    use super::*;

    fn after(begun: Instant, millis: u64) -> Instant {
        begun + Duration::from_millis(millis)
    }

    #[test]
    fn a_sum_is_due_within_a_second_of_its_first_decision_whenever_that_comes() {
        let begun = Instant::now();
        for first in [0, 1, 500, 999, 1_500] {
            let mut bounded = Bounded::new("strangers", begun);
            for _ in 0..MOST_LINES {
                assert!(bounded.add("missing_credential", after(begun, first)));
            }
            assert_eq!(bounded.left(after(begun, first)), None);
            assert!(!bounded.add("missing_credential", after(begun, first)));
            bounded.add("missing_credential", after(begun, first + 700));
            let left = bounded.left(after(begun, first + 700));
            assert_eq!(left, Some(Duration::from_millis(100)), "{first}");
            assert_eq!(
                bounded.left(after(begun, first + 800)),
                Some(Duration::ZERO)
            );
        }
    }

    #[test]
    fn a_second_has_a_thousand_lines_also_where_its_sum_is_told_before_it_is_over() {
        let begun = Instant::now();
        let mut bounded = Bounded::new("strangers", begun);
        let own = |bounded: &mut Bounded, millis: u64| {
            let own = (0..1_500).filter(|_| bounded.add("forbidden", after(begun, millis)));
            own.count()
        };
        assert_eq!(own(&mut bounded, 0), 1_000);
        assert!(bounded.take().is_some() && bounded.take().is_none());
        assert_eq!(own(&mut bounded, 900), 0);
        assert_eq!(own(&mut bounded, 1_000), 1_000);
    }
}
