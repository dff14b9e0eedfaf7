//! What was promised, what was measured, and whether that is met.

use std::fmt::{self, Display};

use tower_auth::jose::Algorithm;

use super::{
    csv,
    rows::{Row, Rows},
    table::Table,
};
use crate::{
    contenders::{Crypto, Task},
    scaling::{EMPTY_LOOP, ROUTER, ROUTER_BY_HAND, Scaling, THROUGH_ROUTER},
    server::Compared,
};

/// Everything that one run measured.
#[derive(Debug)]
pub struct Run<'a> {
    /// The calls.
    pub rows: &'a Rows,
    /// The threads.
    pub scaling: &'a [Scaling],
    /// The servers.
    pub servers: &'a [Compared],
    /// Bytes that a provider of a million keys holds, for each.
    pub bytes_a_key: f64,
    /// Bytes by which it makes the process grow, for each, where the system tells.
    pub resident_a_key: Option<f64>,
    /// Allocations that the map of a request's extensions costs, whoever puts something there.
    pub map_allocations: i64,
}

/// One promise.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// What it is about.
    pub path: String,
    /// What was promised.
    pub target: String,
    /// What was measured.
    pub measured: String,
    /// Whether it is met.
    pub met: Met,
}

/// Whether a promise is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Met {
    /// It is.
    Yes,
    /// It is not.
    No,
    /// This machine cannot tell.
    Unknown,
}

impl Run<'_> {
    /// All promises.
    ///
    /// # Panics
    ///
    /// A figure is missing.
    pub fn targets(&self) -> Vec<Target> {
        let mut all = vec![
            self.beside_bare(Task::ExemptPath, "exempt path"),
            self.api_key(),
            self.million_keys(),
            self.hmac(),
        ];
        all.extend([
            self.first_seen(Algorithm::RS256, 1.10),
            self.first_seen(Algorithm::ES256, 1.06),
            self.first_seen(Algorithm::EdDSA, 1.06),
        ]);
        all.push(self.remembered());
        all.extend([
            self.refusal(Task::Missing),
            self.refusal(Task::UnknownKey),
            self.refusal(Task::Garbage),
        ]);
        all.push(self.beside_bare(Task::Scopes, "scopes layer"));
        all.extend(self.threads());
        all.extend(self.whole_server());
        all
    }

    /// At most 0.3 of the bare service, and nothing allocated.
    fn beside_bare(&self, task: Task, path: &str) -> Target {
        let row = self.ours(task);
        let ratio = row.to_bare.unwrap_or(f64::NAN);
        Target::new(
            path,
            "≤ 0.3 × bare, 0 allocations",
            format!("{ratio:.2} ×, {} allocations", row.allocations),
            ratio <= 0.3 && row.allocations == 0,
        )
    }

    fn api_key(&self) -> Target {
        let row = self.ours(Task::ApiKey);
        let hash = self.on(Task::HashOfKey).net;
        let ratio = row.net / hash;
        let beyond = row.allocations - self.map_allocations;
        Target::new(
            "API key, 1 key",
            "≤ 4 × SHA-256 of the key, ≤ 1 allocation beyond the extensions map",
            format!(
                "{ratio:.2} ×, {beyond} beyond{}",
                self.by_hand(Task::ApiKey, hash)
            ),
            ratio <= 4.0 && beyond <= 1,
        )
    }

    fn million_keys(&self) -> Target {
        let one = self.ours(Task::ApiKey).net;
        let ratios = self.rows.all_ours(Task::MillionKeys);
        let ratios: Vec<_> = ratios.map(|row| (row.net / one, &row.setup)).collect();
        let worst = ratios.iter().map(|(ratio, _)| *ratio).fold(0.0, f64::max);
        let told: Vec<_> = ratios
            .iter()
            .map(|(ratio, setup)| format!("{ratio:.2} × ({setup})"))
            .collect();
        let bytes = self.bytes_a_key;
        let resident = self.resident_a_key.unwrap_or(bytes);
        Target::new(
            "API key, 1,000,000 keys",
            "≤ 2 × the figure for 1 key, ≤ 320 bytes a key",
            format!(
                "{}, {bytes:.0} bytes a key, {resident:.0} resident{}",
                told.join(", "),
                self.by_hand(Task::MillionKeys, one)
            ),
            worst <= 2.0 && bytes.max(resident) <= 320.0,
        )
    }

    fn hmac(&self) -> Target {
        let row = self.ours(Task::FirstSeen(Algorithm::HS256));
        let best = self.best_peer(Task::FirstSeen(Algorithm::HS256));
        let ratio = row.net / best.net;
        Target::new(
            "HS256 first seen",
            "≤ 0.6 × the best peer, ≤ 8 allocations",
            format!(
                "{ratio:.2} × {}, {} allocations{}",
                best.name,
                row.allocations,
                self.by_hand(Task::FirstSeen(Algorithm::HS256), best.net)
            ),
            ratio <= 0.6 && row.allocations <= 8,
        )
    }

    fn first_seen(&self, algorithm: Algorithm, most: f64) -> Target {
        let row = self.ours(Task::FirstSeen(algorithm));
        let ratio = row.net / self.on(Task::Verify(algorithm)).net;
        Target::new(
            format!("{algorithm} first seen"),
            format!("≤ {most:.2} × verification with a parsed key"),
            format!("{ratio:.3} ×"),
            ratio <= most,
        )
    }

    fn remembered(&self) -> Target {
        let ours = crate::credentials::ALGORITHMS.map(|one| self.ours(Task::Remembered(one)));
        let slowest = ours.iter().map(|row| row.net).fold(0.0, f64::max);
        let most = ours.iter().map(|row| row.allocations).max().unwrap_or(0);
        let beyond = most - self.map_allocations;
        let to_first = self.best_peer(Task::FirstSeen(Algorithm::RS256)).net / slowest;
        let hit = Task::Remembered(Algorithm::RS256);
        let to_hit = self.best_peer(hit).net / slowest;
        // The same cache, told to keep less than the claims.
        let partial = self.rows.best_partial_peer(&hit.to_string());
        let to_partial = partial.map_or(f64::NAN, |row| row.net / slowest);
        Target::new(
            "remembered token, the slowest algorithm",
            "≥ 35 × faster than the best peer's RS256, ≥ 3 × than its cache hit, ≤ 1 allocation \
             beyond the extensions map",
            format!(
                "{to_first:.1} ×, {to_hit:.1} × ({to_partial:.1} × where it keeps `sub` alone), \
                 {beyond} beyond"
            ),
            to_first >= 35.0 && to_hit >= 3.0 && beyond <= 1,
        )
    }

    fn refusal(&self, task: Task) -> Target {
        let ratio = self.ours(task).to_bare.unwrap_or(f64::NAN);
        Target::new(
            task.to_string(),
            "≤ 3 × bare",
            format!("{ratio:.2} ×"),
            ratio <= 3.0,
        )
    }

    fn threads(&self) -> Vec<Target> {
        let machine = self.scaling.iter().find(|one| one.name == EMPTY_LOOP);
        let machine = machine.map_or(f64::NAN, |one| one.factor);
        // Beside an application, what two requests share weighs more than any user could notice.
        let is_judged = |name: &str| {
            name.starts_with(THROUGH_ROUTER) && ![ROUTER, ROUTER_BY_HAND].contains(&name)
        };
        let checks = self.scaling.iter().filter(|one| is_judged(one.name));
        let target = |check: &Scaling| {
            let mut target = Target::new(
                format!("two threads, {}", check.name),
                "≥ 1.8 × one thread, where an empty loop shows ≥ 1.9 ×",
                format!("{:.2} ×, empty loop {machine:.2} ×", check.factor),
                check.factor >= 1.8,
            );
            if target.met == Met::No && machine < 1.9 {
                target.met = Met::Unknown;
            }
            target
        };
        checks.map(target).collect()
    }

    fn whole_server(&self) -> Vec<Target> {
        let target = |pair: &Compared| {
            Target::new(
                format!("whole server, {}", pair.name),
                "≥ 0.95 × bare axum's requests a second",
                format!("{:.3} ×", pair.ratio),
                pair.ratio >= 0.95,
            )
        };
        let checks = self.servers.iter().filter(|pair| pair.promised);
        checks.map(target).collect()
    }

    /// What a check written by hand takes, over the same.
    fn by_hand(&self, task: Task, over: f64) -> String {
        let row = self.rows.by_hand(task);
        row.map_or_else(String::new, |row| {
            format!("; by hand {:.2} ×", row.net / over)
        })
    }

    fn ours(&self, task: Task) -> &Row {
        let row = self.rows.ours(task);
        row.unwrap_or_else(|| panic!("{task} was not measured"))
    }

    fn on(&self, task: Task) -> &Row {
        let row = self.rows.on(task, Crypto::AwsLc);
        row.unwrap_or_else(|| panic!("{task} was not measured"))
    }

    fn best_peer(&self, task: Task) -> &Row {
        let row = self.rows.best_peer(&task.to_string());
        row.unwrap_or_else(|| panic!("no peer does {task}"))
    }
}

impl Target {
    fn new(
        path: impl Into<String>,
        target: impl Into<String>,
        measured: impl Into<String>,
        met: bool,
    ) -> Self {
        Self {
            path: path.into(),
            target: target.into(),
            measured: measured.into(),
            met: if met { Met::Yes } else { Met::No },
        }
    }
}

impl Display for Met {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "this machine cannot tell",
        })
    }
}

/// The table of promises, for people.
pub fn table(targets: &[Target]) -> Table {
    let mut table = Table::new(["path", "target", "measured", "met?"]);
    for target in targets {
        table.add(fields(target));
    }
    table
}

/// The table of promises, as a file.
pub fn to_csv(targets: &[Target]) -> String {
    let lines = targets.iter().map(|target| fields(target).into());
    csv::write(&["path", "target", "measured", "met"], lines)
}

fn fields(target: &Target) -> [String; 4] {
    let Target {
        path,
        target,
        measured,
        met,
    } = target.clone();
    [path, target, measured, met.to_string()]
}

#[cfg(test)]
mod tests;
