//! Counts what a call allocates, in a process of its own: the allocator that counts would slow
//! everybody whom `peers` times.
//!
//! One line each: who, a tab, how many. `allocations --throttles` counts those of `throttles`, a number each.

use std::{env, fs, hint::black_box};

use allocation_counter::measure;
use http::Extensions;
use tower_auth_peers::{
    contenders::{FEW, MILLION, all, keys},
    credentials::Credentials,
    report::rows::identity,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let argument = env::args().nth(1);
    let smoke = argument.as_deref() == Some("--smoke");
    if argument.as_deref() == Some("--throttles") {
        return throttles();
    }
    let many = if smoke { FEW } else { MILLION };
    let before = resident();
    let million = measure(|| std::mem::forget(black_box(keys(many))));
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let (allocated, keys) = (million.bytes_current as f64, many as f64);
    println!("bytes a key\t{:.1}", allocated / keys);
    if let (Some(before), Some(after)) = (before, resident()) {
        println!("resident bytes a key\t{:.1}", (after - before) / keys);
    }

    // A value without size is put into no box: what is left is the map.
    let map = measure(|| {
        let mut extensions = Extensions::new();
        extensions.insert(Nothing);
        drop(black_box(extensions));
    });
    println!("extensions map\t{}", map.count_total);

    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let credentials = Credentials::new();
    for mut contender in runtime.block_on(all(&credentials, many)) {
        // What is made once per thread or process is made here.
        contender.run(3);
        let one = measure(|| contender.run(1));
        println!("{}\t{}", identity(&contender), one.count_total);
    }
    Ok(())
}

/// A call within its limit, once each answer that limits give was given.
fn throttles() -> Result<(), Box<dyn std::error::Error>> {
    // `axum-governor` cleans up in a task.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let _inside = runtime.enter();
    for mut throttle in tower_auth_peers::throttles::all(&Credentials::new()) {
        throttle.run(throttle.clients().saturating_mul(2) + 2);
        println!("{}", measure(|| throttle.run(1)).count_total);
    }
    Ok(())
}

/// What the system says that this process holds, in bytes: what was asked for, and what the allocator
/// needs to hand it out.
fn resident() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1024.0)
}

#[derive(Clone)]
struct Nothing;
