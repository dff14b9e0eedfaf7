//! What stands in each panel.

use crate::{
    contenders::{BY_HAND, OURS},
    report::{
        rows::{Row, Rows},
        table::thousands,
    },
    server::NOT_OURS,
};

pub(super) struct Panel {
    pub(super) title: String,
    pub(super) bars: Vec<Bar>,
    /// A value that is no bar, and its name.
    pub(super) mark: Option<(f64, String)>,
    pub(super) note: Option<String>,
}

pub(super) struct Bar {
    pub(super) label: String,
    pub(super) ours: bool,
    pub(super) value: f64,
    pub(super) text: String,
}

pub(super) fn panels(rows: &Rows, servers: &[Vec<String>]) -> Option<Vec<Panel>> {
    let measured = |task: &&str| rows.0.iter().any(|row| row.task == **task);
    let algorithms = ["HS256", "RS256", "ES256", "EdDSA"];
    let algorithms: Vec<_> = algorithms.into_iter().filter(measured).collect();
    let mut panels: Vec<_> = algorithms
        .iter()
        .map(|algorithm| of_algorithm(rows, algorithm, &algorithms))
        .collect();
    panels.push(without_token(rows));
    panels.push(whole_server(servers)?);
    Some(panels)
}

fn of_algorithm(rows: &Rows, algorithm: &str, algorithms: &[&str]) -> Panel {
    let remembered = format!("{algorithm} remembered");
    let mut bars = Vec::new();
    let mut peers = Vec::new();
    for (task, what) in [
        (remembered.as_str(), "remembered"),
        (algorithm, "first seen"),
    ] {
        for row in quickest(rows, task) {
            let ours = row.name == OURS;
            let label = match (ours, what) {
                (false, "first seen") => row.name.clone(),
                _ => format!("{}, {what}", row.name),
            };
            let bars = if ours { &mut bars } else { &mut peers };
            bars.push(Bar::of(row, label));
        }
    }
    peers.sort_by(|one, other| one.value.total_cmp(&other.value));
    bars.extend(peers);
    let alone = format!("{algorithm} signature alone");
    let alone = rows.0.iter().find(|row| row.task == alone);
    Panel {
        title: algorithm.to_owned(),
        bars,
        mark: alone.map(|row| (row.net, format!("signature alone, {}", duration(row.net)))),
        note: absent(rows, algorithm, algorithms),
    }
}

/// Peers that do tokens, but not this one: told, not left out.
fn absent(rows: &Rows, algorithm: &str, algorithms: &[&str]) -> Option<String> {
    let names = |task: &str| {
        quickest(rows, task)
            .into_iter()
            .map(|row| row.name.as_str())
    };
    let present: Vec<_> = names(algorithm).collect();
    let mut absent: Vec<_> = algorithms.iter().flat_map(|task| names(task)).collect();
    absent.retain(|name| *name != BY_HAND && !present.contains(name));
    absent.sort_unstable();
    absent.dedup();
    match absent.as_slice() {
        [] => None,
        [one] => Some(format!("{one} does no {algorithm}.")),
        several => Some(format!("{} do no {algorithm}.", several.join(" and "))),
    }
}

fn without_token(rows: &Rows) -> Panel {
    let ours = [
        ("exempt path", "exempt path"),
        ("API key", "API key, 1 key"),
        ("API key of 1,000,000", "1,000,000 keys"),
        ("scopes layer", "scopes layer"),
        ("refused: missing", "refused: nothing shown"),
        ("refused: unknown key", "refused: unknown key"),
        ("refused: garbage", "refused: garbage"),
    ];
    let mut bars: Vec<_> = ours
        .iter()
        .flat_map(|(task, label)| {
            let rows = rows.0.iter();
            let ours = rows.filter(move |row| row.task == *task && row.name == OURS);
            ours.map(move |row| match row.setup.as_str() {
                "" => Bar::of(row, (*label).to_owned()),
                setup => Bar::of(row, format!("{label}, {setup}")),
            })
        })
        .collect();
    let peers = quickest(rows, "API key").into_iter();
    let peers = peers.filter(|row| row.name != OURS);
    bars.extend(peers.map(|row| Bar::of(row, format!("{}, 1 key", row.name))));
    Panel {
        title: "Without a token".to_owned(),
        bars,
        mark: None,
        note: Some("Peers keep one key, in the clear; by hand, one by its SHA-256.".to_owned()),
    }
}

fn whole_server(servers: &[Vec<String>]) -> Option<Panel> {
    let mut bars = Vec::new();
    let mut most = 0.0_f64;
    for fields in servers {
        let [name, bare, _, ratio] = fields.as_slice() else {
            return None;
        };
        let (bare, ratio) = (bare.parse::<f64>().ok()?, ratio.parse::<f64>().ok()?);
        most = most.max(bare);
        bars.push(Bar {
            label: name.clone(),
            ours: !NOT_OURS.contains(&name.as_str()),
            value: ratio,
            text: format!("{:.1} %", ratio * 100.0),
        });
    }
    Some(Panel {
        title: "Whole server, requests a second".to_owned(),
        bars,
        mark: Some((1.0, format!("bare axum, {} a second", thousands(most)))),
        note: Some("One thread serves over loopback, another calls.".to_owned()),
    })
}

/// Of everybody who does a task, the setting that takes the least.
fn quickest<'a>(rows: &'a Rows, task: &str) -> Vec<&'a Row> {
    let mut quickest: Vec<&Row> = Vec::new();
    for row in rows
        .0
        .iter()
        .filter(|row| row.task == task && row.is_whole())
    {
        match quickest.iter_mut().find(|known| known.name == row.name) {
            Some(known) if known.net <= row.net => {}
            Some(known) => *known = row,
            None => quickest.push(row),
        }
    }
    quickest
}

impl Bar {
    fn of(row: &Row, label: String) -> Self {
        Self {
            label,
            ours: row.name == OURS,
            value: row.net,
            text: duration(row.net),
        }
    }
}

/// Nanoseconds in three digits.
pub(super) fn duration(ns: f64) -> String {
    let micros = ns / 1000.0;
    match ns {
        _ if ns < 999.5 => format!("{ns:.0} ns"),
        _ if micros < 9.995 => format!("{micros:.2} µs"),
        _ if micros < 99.95 => format!("{micros:.1} µs"),
        _ => format!("{micros:.0} µs"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_three_digits() {
        let written = [31.4, 999.4, 999.6, 1092.0, 12_357.0, 99_960.0, 123_456.0].map(duration);
        let expected = [
            "31 ns", "999 ns", "1.00 µs", "1.09 µs", "12.4 µs", "100 µs", "123 µs",
        ];
        assert_eq!(written, expected);
    }
}
