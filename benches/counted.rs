//! What a recorder of metrics costs a decision.
//!
//! `cargo bench --all-features --bench counted` starts itself in turn with a global recorder and without one, as
//! programs have it, and prints the median difference. With `-- --test` it does one short round.
#![cfg(test)]

use std::{
    env,
    process::Command,
    time::{Duration, Instant},
};

use http::{Request, StatusCode};
use metrics_exporter_prometheus::PrometheusBuilder;
use tower::Layer;
use tower_auth::AuthLayer;

mod common;
#[path = "common/report.rs"]
mod report;

use common::{Bare, call, key, keys, request, with_key};
use report::median;

type Make = fn() -> Request<()>;

const CASES: [(&str, Make); 2] = [
    ("a public path", || request(None)),
    ("a key", || with_key(&key(0))),
];

fn main() {
    let asked = env::args().collect::<Vec<_>>();
    let is_test = asked.iter().any(|argument| argument == "--test");
    let rounds = if is_test { 1 } else { 15 };
    match asked.iter().find_map(|one| one.strip_prefix("--play=")) {
        Some(part) => play(part == COUNTED, if is_test { 20 } else { 400 }),
        None => compare(rounds, is_test),
    }
}

/// The median nanoseconds of each case in this process, one a line.
fn play(is_counted: bool, samples: usize) {
    let recorder = is_counted.then(|| PrometheusBuilder::new().install_recorder().unwrap());
    for (name, request) in CASES {
        let layer = AuthLayer::new(keys(1));
        let mut service = match name {
            "a key" => layer.layer(Bare),
            _ => layer.public("/run").layer(Bare),
        };
        let mut took: Vec<f64> = (0..samples)
            .map(|_| {
                let requests: Vec<_> = (0..CALLS).map(|_| request()).collect();
                let begun = Instant::now();
                for request in requests {
                    assert_eq!(call(&mut service, request), StatusCode::OK);
                }
                nanos(begun.elapsed()) / CALLS as f64
            })
            .collect();
        println!("{}", median(&mut took));
    }
    if let Some(recorder) = recorder {
        assert!(recorder.render().contains("tower_auth_decisions_total"));
    }
}

fn compare(rounds: usize, is_test: bool) {
    let mut costs: [Vec<f64>; CASES.len()] = Default::default();
    for _ in 0..rounds {
        let (without, with) = (played("plain", is_test), played(COUNTED, is_test));
        for (costs, (without, with)) in costs.iter_mut().zip(without.iter().zip(with)) {
            costs.push(with - without);
        }
    }
    for ((name, _), costs) in CASES.iter().zip(&mut costs) {
        let cost = median(costs);
        println!("{name}: {cost:.0} ns more where decisions are counted");
    }
}

fn played(part: &str, is_test: bool) -> Vec<f64> {
    let mut command = Command::new(env::current_exe().unwrap());
    command.arg(format!("--play={part}"));
    command.args(is_test.then_some("--test"));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| line.parse().unwrap()).collect()
}

fn nanos(time: Duration) -> f64 {
    time.as_nanos() as f64
}

const COUNTED: &str = "counted";
const CALLS: usize = 1_000;
