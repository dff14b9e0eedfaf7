//! Measures limits: `throttles` prints what a request within its limit costs beside peers, how memory
//! grows with ten million addresses, and how long others wait meanwhile. `throttles --smoke` only shows
//! that everything works.

use std::{
    env, fs,
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
    let smoke = env::args().nth(1).as_deref() == Some("--smoke");
    let effort = if smoke {
        measure::Effort::SMOKE
    } else {
        measure::Effort::FULL
    };
    // `axum-governor` cleans up in a task.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let _inside = runtime.enter();
    let mut throttles = all(&Credentials::new());
    let samples = interleaved(&mut throttles, Throttle::run, |_| 4, effort);
    let bare = samples.first().copied();
    let (net, least) = bare.map_or((0.0, 0.0), |bare| (bare.median, bare.min));
    println!("| | clients | ns more than the bare route | its quickest round |\n|---|--:|--:|--:|");
    for (throttle, sample) in throttles.iter().zip(&samples) {
        let (median, min) = (sample.median - net, sample.min - least);
        let (name, clients) = (throttle.name, throttle.clients());
        println!("| {name} | {clients} | {median:.0} | {min:.0} |");
    }
    flood(if smoke { 10_000 } else { 10_000_000 });
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

const ROUND: usize = 1_000;
const GUESSES: usize = 10;
