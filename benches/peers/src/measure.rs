//! Interleaved rounds: in each, every contender runs one batch, in another order each time, so that
//! a moment in which the machine is busy falls on all alike.

use std::time::{Duration, Instant};

/// How long to measure.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// How many rounds; the median over them is what counts.
    pub rounds: usize,
    /// How long a batch takes, about.
    pub batch: Duration,
}

impl Effort {
    /// A run whose figures are kept.
    pub const FULL: Self = Self {
        rounds: 101,
        batch: Duration::from_micros(1500),
    };

    /// A run that only shows that everything works.
    pub const SMOKE: Self = Self {
        rounds: 1,
        batch: Duration::from_micros(1),
    };
}

/// What a call took, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// The median over the rounds.
    pub median: f64,
    /// The quickest round.
    pub min: f64,
}

/// Measures everybody together; `run` makes somebody do so many calls, `batches` tells how many
/// batches make one of somebody's own.
pub fn interleaved<T>(
    all: &mut [T],
    run: impl Fn(&mut T, u32),
    batches: impl Fn(&T) -> u32,
    effort: Effort,
) -> Vec<Sample> {
    let calls: Vec<u32> = all
        .iter_mut()
        .map(|one| {
            let batch = effort.batch * batches(one);
            calibrated(|calls| run(one, calls), batch)
        })
        .collect();
    let mut rounds = vec![Vec::with_capacity(effort.rounds); all.len()];
    let mut order: Vec<usize> = (0..all.len()).collect();
    let mut dice = Dice::new();
    for _ in 0..effort.rounds {
        dice.shuffle(&mut order);
        for &index in &order {
            let took = time(|calls| run(&mut all[index], calls), calls[index]);
            rounds[index].push(took.as_secs_f64() * 1e9 / f64::from(calls[index]));
        }
    }
    let sample = |mut rounds: Vec<f64>| Sample {
        median: median(&mut rounds),
        min: rounds.first().copied().unwrap_or(f64::NAN),
    };
    rounds.into_iter().map(sample).collect()
}

/// The middle value; of an even number of values, the mean of the two in the middle. It sorts.
///
/// NaN where there is none.
pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}

/// How many calls take about that long. Finding out also warms the caches.
fn calibrated(mut batch: impl FnMut(u32), target: Duration) -> u32 {
    let mut calls = 1;
    loop {
        let took = time(&mut batch, calls);
        if took * 4 >= target || calls >= MOST_CALLS {
            let scale = target.as_secs_f64() / took.as_secs_f64().max(1e-9);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let scaled = (f64::from(calls) * scale) as u32; // saturates
            return scaled.clamp(1, MOST_CALLS);
        }
        calls *= 2;
    }
}

fn time(mut batch: impl FnMut(u32), calls: u32) -> Duration {
    let start = Instant::now();
    batch(calls);
    start.elapsed()
}

/// Marsaglia's xorshift: an order that nobody chose, and the same one in every run.
#[derive(Debug)]
pub struct Dice(u64);

impl Dice {
    /// The same dice each time.
    #[expect(
        clippy::new_without_default,
        reason = "there is nothing usual about a seed"
    )]
    pub fn new() -> Self {
        Self(0x9E37_79B9_7F4A_7C15)
    }

    /// A number below the bound.
    ///
    /// # Panics
    ///
    /// The bound is zero.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        // The remainder is small beside `usize`: its bias is of no weight for an order.
        usize::try_from(self.0 >> 1).unwrap_or(usize::MAX) % bound
    }

    fn shuffle(&mut self, order: &mut [usize]) {
        for last in (1..order.len()).rev() {
            order.swap(last, self.below(last + 1));
        }
    }
}

const MOST_CALLS: u32 = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_value() {
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&mut [4.0, 1.0, 3.0, 2.0]), 2.5);
        assert_eq!(median(&mut [7.0]), 7.0);
        assert!(median(&mut []).is_nan());
    }

    #[test]
    fn one_slow_round_moves_no_median() {
        assert_eq!(median(&mut [1.0, 1.0, 1.0, 1.0, 900.0]), 1.0);
    }

    #[test]
    fn a_shuffle_loses_nobody_and_changes_the_order() {
        let mut dice = Dice::new();
        let mut order: Vec<usize> = (0..50).collect();
        let before = order.clone();
        dice.shuffle(&mut order);
        assert_ne!(order, before);
        order.sort_unstable();
        assert_eq!(order, before);
    }

    #[test]
    fn everybody_runs_in_every_round() {
        let mut calls_of = [0, 0];
        let effort = Effort {
            rounds: 5,
            batch: Duration::ZERO,
        };
        let samples = interleaved(&mut calls_of, |done, calls| *done += calls, |_| 1, effort);
        // One call to calibrate, then one a round.
        assert_eq!((samples.len(), calls_of), (2, [6, 6]));
    }

    #[test]
    fn who_takes_longer_costs_more_a_call() {
        let busy = |micros: &mut u64, calls| {
            for _ in 0..calls {
                let until = Instant::now() + Duration::from_micros(*micros);
                while Instant::now() < until {}
            }
        };
        let effort = Effort {
            rounds: 9,
            batch: Duration::from_micros(200),
        };
        let samples = interleaved(&mut [5, 50], busy, |_| 1, effort);
        assert!(samples[0].median < samples[1].median, "{samples:?}");
        assert!(samples[0].min >= 5_000.0, "{samples:?}");
    }
}
