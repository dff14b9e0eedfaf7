//! The figures of one run.

use std::collections::HashMap;

use super::csv;
use crate::{
    contenders::{BY_HAND, Contender, Crypto, OURS, PARTIAL, Shown, Task},
    measure::Sample,
};

/// What somebody takes for a task.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What is done.
    pub task: String,
    /// Who does it.
    pub name: String,
    /// How it is set up.
    pub setup: String,
    /// Whose cryptography it stands on.
    pub crypto: String,
    /// Nanoseconds a call, the median over the rounds.
    pub ns: f64,
    /// Nanoseconds a call in the quickest round.
    pub min: f64,
    /// Nanoseconds beyond the baseline of the task; [`ns`](Self::ns) where there is none.
    pub net: f64,
    /// Net over the bare service.
    pub to_bare: Option<f64>,
    /// Net over that of the best peer in the same task.
    pub to_best_peer: Option<f64>,
    /// Allocations of a call beyond those of the baseline.
    pub allocations: i64,
}

/// The figures of all.
#[derive(Clone, Debug, Default)]
pub struct Rows(pub Vec<Row>);

/// Who a contender is, in words: the same in the process that times and in that which counts.
pub fn identity(contender: &Contender) -> String {
    let Contender {
        task,
        name,
        setup,
        crypto,
        ..
    } = contender;
    format!("{task}|{name}|{setup}|{crypto}")
}

impl Rows {
    /// Puts figures and counts together.
    ///
    /// # Panics
    ///
    /// Somebody was not counted, or a baseline was not measured.
    pub fn new(
        contenders: &[Contender],
        samples: &[Sample],
        allocations: &HashMap<String, i64>,
    ) -> Self {
        let counted = |contender: &Contender| {
            let count = allocations.get(&identity(contender));
            *count.expect("both processes know the same contenders")
        };
        let of_baseline = |task: Task| {
            let mut all = contenders.iter().zip(samples);
            let found = all.find(|(contender, _)| contender.task == task);
            let (contender, sample) = found.expect("every baseline is measured");
            (sample.median, counted(contender))
        };
        let (bare, _) = of_baseline(Task::Bare(Shown::Nothing));
        let row = |(contender, sample): (&Contender, &Sample)| {
            let baseline = contender.task.baseline().map(of_baseline);
            let (base_ns, base_count) = baseline.unwrap_or_default();
            let net = sample.median - base_ns;
            Row {
                task: contender.task.to_string(),
                name: contender.name.to_owned(),
                setup: contender.setup.to_owned(),
                crypto: contender.crypto.to_string(),
                ns: sample.median,
                min: sample.min,
                net,
                to_bare: baseline.map(|_| net / bare),
                to_best_peer: None,
                allocations: counted(contender) - base_count,
            }
        };
        let mut rows = Self(contenders.iter().zip(samples).map(row).collect());
        rows.compare();
        rows
    }

    /// The best of the others in a task, of those who do all of it.
    pub fn best_peer(&self, task: &str) -> Option<&Row> {
        self.best(task, Row::is_whole)
    }

    /// The best of the others in a task, also of those who do less.
    pub fn best_partial_peer(&self, task: &str) -> Option<&Row> {
        self.best(task, |_| true)
    }

    fn best(&self, task: &str, counts: impl Fn(&Row) -> bool) -> Option<&Row> {
        let peers = self.0.iter();
        let peers = peers.filter(|row| row.task == task && row.is_peer() && counts(row));
        peers.min_by(|one, other| one.net.total_cmp(&other.net))
    }

    /// The figure of `tower-auth` in a task: the first, if it does it in several ways.
    pub fn ours(&self, task: Task) -> Option<&Row> {
        self.all_ours(task).next()
    }

    /// All figures of `tower-auth` in a task.
    pub fn all_ours(&self, task: Task) -> impl Iterator<Item = &Row> {
        let task = task.to_string();
        let rows = self.0.iter();
        rows.filter(move |row| row.task == task && row.name == OURS)
    }

    /// The figure of a check written by hand for a task.
    pub fn by_hand(&self, task: Task) -> Option<&Row> {
        let task = task.to_string();
        let mut rows = self.0.iter();
        rows.find(|row| row.task == task && row.name == BY_HAND)
    }

    /// The first figure of a task, by the cryptography that it stands on.
    pub fn on(&self, task: Task, crypto: Crypto) -> Option<&Row> {
        let (task, crypto) = (task.to_string(), crypto.to_string());
        let mut rows = self.0.iter();
        rows.find(|row| row.task == task && row.crypto == crypto)
    }

    /// As a file.
    pub fn to_csv(&self) -> String {
        let ratio =
            |ratio: Option<f64>| ratio.map_or_else(String::new, |some| format!("{some:.3}"));
        let line = |row: &Row| {
            vec![
                row.task.clone(),
                row.name.clone(),
                row.setup.clone(),
                row.crypto.clone(),
                format!("{:.1}", row.ns),
                format!("{:.1}", row.min),
                format!("{:.1}", row.net),
                ratio(row.to_bare),
                ratio(row.to_best_peer),
                row.allocations.to_string(),
            ]
        };
        csv::write(&COLUMNS, self.0.iter().map(line))
    }

    /// From a file; none where it is not one of [`to_csv`](Self::to_csv).
    pub fn from_csv(text: &str) -> Option<Self> {
        let row = |fields: Vec<String>| {
            let [
                task,
                name,
                setup,
                crypto,
                ns,
                min,
                net,
                to_bare,
                to_best_peer,
                allocations,
            ] = <[String; 10]>::try_from(fields).ok()?;
            Some(Row {
                task,
                name,
                setup,
                crypto,
                ns: ns.parse().ok()?,
                min: min.parse().ok()?,
                net: net.parse().ok()?,
                to_bare: to_bare.parse().ok(),
                to_best_peer: to_best_peer.parse().ok(),
                allocations: allocations.parse().ok()?,
            })
        };
        csv::read(text)
            .into_iter()
            .map(row)
            .collect::<Option<_>>()
            .map(Self)
    }

    fn compare(&mut self) {
        let best: Vec<_> = self
            .0
            .iter()
            .map(|row| self.best_peer(&row.task).map(|best| best.net))
            .collect();
        for (row, best) in self.0.iter_mut().zip(best) {
            row.to_best_peer = best.map(|best| row.net / best);
        }
    }
}

impl Row {
    /// Whether all claims are there for a handler afterwards, where the task is a token.
    pub fn is_whole(&self) -> bool {
        !PARTIAL.contains(&self.setup.as_str())
    }

    /// Whether it is a peer's: neither `tower-auth` nor what others are compared with.
    pub fn is_peer(&self) -> bool {
        ![OURS, BY_HAND].contains(&self.name.as_str()) && self.to_bare.is_some()
    }
}

const COLUMNS: [&str; 10] = [
    "task",
    "who",
    "setup",
    "cryptography",
    "ns",
    "ns, quickest round",
    "ns, net",
    "net / bare",
    "net / best peer",
    "allocations, net",
];

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A row of a service, without comparisons.
    pub(in crate::report) fn row(task: &str, name: &str, net: f64) -> Row {
        Row {
            task: task.to_owned(),
            name: name.to_owned(),
            setup: String::new(),
            crypto: String::new(),
            ns: net + 100.0,
            min: net + 90.0,
            net,
            to_bare: Some(net / 100.0),
            to_best_peer: None,
            allocations: 3,
        }
    }

    #[test]
    fn the_best_peer_is_the_quickest_of_the_others() {
        let mut rows = Rows(vec![
            row("HS256", OURS, 500.0),
            row("HS256", "slow", 4000.0),
            row("HS256", "quick", 2000.0),
            row("RS256", "another task", 1.0),
        ]);
        rows.compare();
        assert_eq!(rows.best_peer("HS256").unwrap().name, "quick");
        let ratios: Vec<_> = rows.0.iter().map(|row| row.to_best_peer.unwrap()).collect();
        assert_eq!(ratios, [0.25, 2.0, 1.0, 1.0]);
    }

    #[test]
    fn what_stands_for_itself_is_nobodys_peer() {
        let mut alone = row("RS256 signature alone", "parsed key", 9.0);
        alone.to_bare = None;
        let rows = Rows(vec![alone]);
        assert_eq!(rows.best_peer("RS256 signature alone"), None);
    }

    #[test]
    fn who_leaves_claims_out_is_not_the_best() {
        for setup in PARTIAL {
            let mut partial = row("HS256", "quick", 1000.0);
            partial.setup = setup.to_owned();
            let rows = Rows(vec![partial, row("HS256", "whole", 2000.0)]);
            assert_eq!(rows.best_peer("HS256").unwrap().name, "whole");
            assert_eq!(rows.best_partial_peer("HS256").unwrap().name, "quick");
        }
    }

    #[test]
    fn a_file_keeps_the_figures() {
        let rows = Rows(vec![
            row("API key, one", OURS, 150.5),
            row("HS256", "peer", 2000.0),
        ]);
        let read = Rows::from_csv(&rows.to_csv()).unwrap();
        assert_eq!(read.0[0].task, "API key, one");
        assert_eq!(read.0[1].net, 2000.0);
        assert_eq!(read.0[1].to_best_peer, None);
        assert!(Rows::from_csv("task\nHS256\n").is_none());
    }
}
