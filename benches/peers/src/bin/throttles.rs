//! Measures limits: `throttles` prints what a request within its limit costs beside peers, how memory
//! grows with ten million addresses, and how long others wait meanwhile. `throttles --smoke` only shows
//! that everything works.

use std::{
    env, fmt, fs,
    process::Command,
    str::FromStr,
    time::{Duration, Instant},
};

use tower_auth::{AuthLayer, throttle::Attempts};
use tower_auth_peers::{
    call::{Head, once},
    contenders::keys,
    credentials::{Credentials, api_key},
    measure::{self, interleaved},
    throttles::{Throttle, address, all, bare, from, served},
};

fn main() {
    match env::args().nth(1).as_deref() {
        Some("--smoke") => {
            report(&[in_this_process(measure::Effort::SMOKE)]);
            flood(10_000);
        }
        Some(IN_THIS_PROCESS) => {
            for time in in_this_process(measure::Effort::FULL) {
                println!("{time}");
            }
        }
        _ => {
            let runs: Vec<Vec<f64>> = (0..PROCESSES).map(|_| in_a_process()).collect();
            report(&runs);
            flood(10_000_000);
        }
    }
}

/// What a call of each takes, in nanoseconds.
fn in_this_process(effort: measure::Effort) -> Vec<f64> {
    // `axum-governor` cleans up in a task.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let _inside = runtime.enter();
    let samples = interleaved(&mut everybody(), Throttle::run, |_| 4, effort);
    samples.iter().map(|sample| sample.median).collect()
}

/// The same in a process of its own: where its memory lies, and so who is quicker by 50 ns, is another
/// matter in each.
fn in_a_process() -> Vec<f64> {
    let program = env::current_exe().expect("a program");
    numbers(Command::new(program).arg(IN_THIS_PROCESS))
}

/// What a call of each allocates, which a process counts that times nothing.
fn allocations() -> Vec<i64> {
    let program = env::current_exe().expect("a program");
    numbers(Command::new(program.with_file_name("allocations")).arg("--throttles"))
}

/// The numbers that a program prints, one in a line.
fn numbers<N: FromStr<Err: fmt::Debug>>(command: &mut Command) -> Vec<N> {
    let output = command.output().expect("the program runs");
    assert!(output.status.success(), "{output:?}");
    let lines = String::from_utf8_lossy(&output.stdout);
    let numbers = lines.lines().map(|line| line.parse().expect("a number"));
    numbers.collect()
}

/// Says what each takes, as the median of several processes.
fn report(runs: &[Vec<f64>]) {
    let all = everybody();
    let place_of = |name: &str| all.iter().position(|one| one.name == name);
    // From run to run, so that a process in which everything is slower counts for both alike.
    let more_than = |other: usize, one: usize| {
        let mut more: Vec<f64> = runs.iter().map(|run| run[one] - run[other]).collect();
        measure::median(&mut more)
    };
    let allocated = allocations();
    println!(
        "| ns, the median of {} processes | clients | more than the bare route | more than without \
         the limit | allocations more |\n|---|--:|--:|--:|--:|",
        runs.len()
    );
    for (place, one) in all.iter().enumerate() {
        let more = more_than(0, place);
        let (name, clients) = (one.name, one.clients());
        match one.without.and_then(place_of) {
            None => println!("| {name} | {clients} | {more:.0} | | |"),
            Some(without) => {
                let limit = more_than(without, place);
                let allocated = allocated[place] - allocated[without];
                println!("| {name} | {clients} | {more:.0} | {limit:.0} | {allocated} |");
            }
        }
    }
}

fn everybody() -> Vec<Throttle> {
    all(&Credentials::new())
}

/// Ten million addresses guess once each; between their guesses a known caller asks.
fn flood(addresses: u64) {
    let limit = Attempts::new("30 per minute".parse().expect("it is a quota"));
    let layer = AuthLayer::new(keys(1)).throttle_attempts(limit);
    let mut router = served(bare().layer(layer));
    let known = Head::with_key(&api_key(0));
    let guess = Head::with_key("a key that nobody has");
    let mut ask =
        |head: &Head, number: u64| once(&mut router, from(head.request(), address(number)));
    for _ in 0..1_000 {
        assert!(ask(&known, u64::MAX >> 32).is_success());
    }
    // Written before, so that they are no part of what grows.
    let asked = usize::try_from(addresses).map_or(0, |addresses| addresses / GUESSES + ROUND);
    let written = || {
        let mut times = vec![Duration::from_nanos(1); asked];
        times.clear();
        times
    };
    let (mut calm, mut flooded) = (written(), written());
    let before = resident();
    let mut next = 0;
    while next < addresses {
        // In turn, so that a moment in which the machine is busy falls on both alike.
        for _ in 0..ROUND {
            let start = Instant::now();
            assert!(ask(&known, u64::MAX >> 32).is_success());
            calm.push(start.elapsed());
        }
        for _ in 0..ROUND {
            for _ in 0..GUESSES {
                assert_eq!(ask(&guess, next), 401);
                next += 1;
            }
            let start = Instant::now();
            assert!(ask(&known, u64::MAX >> 32).is_success());
            flooded.push(start.elapsed());
        }
    }
    let grown = (resident() - before) / 1024.0;
    println!("\n{addresses} addresses: resident memory grows by {grown:.1} MiB");
    for (name, times) in [("calm", &mut calm), ("flooded", &mut flooded)] {
        times.sort_unstable();
        let at = |share: usize| times[times.len() * share / 1_000].as_nanos();
        println!(
            "a known caller, {name}: p50 {} ns, p99 {} ns, p99.9 {} ns",
            at(500),
            at(990),
            at(999)
        );
    }
}

/// In KiB.
fn resident() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
    number.unwrap_or(f64::NAN)
}

/// The argument of a process that measures.
const IN_THIS_PROCESS: &str = "--in-this-process";
const PROCESSES: usize = 5;
const ROUND: usize = 1_000;
const GUESSES: usize = 10;
