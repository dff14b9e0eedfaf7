//! What a managed key costs a request, beside a static one among as many in the same run, and how much
//! memory it takes.

use std::{
    fs,
    pin::pin,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use axum::Router;
use tokio::runtime::Runtime;
use tower::Service;
use tower_auth::{
    keys::ManagedKeys,
    provider::{ApiKeyAuth, ApiKeyRecord},
};

use crate::{
    Size,
    generated::Generated,
    report::{Report, median, quantile},
    router::{request, router, status},
};

/// How many keys of a store are shown in turn.
const SHOWN: usize = 1_000;
const BATCH: usize = 2_000;

pub(crate) fn measure(runtime: &Runtime, size: Size, report: &mut Report) {
    for count in size.of(vec![1, 1_000, 1_000_000], vec![1, 1_000]) {
        let (store, shown) = Generated::new(count, SHOWN);
        let keys = ManagedKeys::new(store.clone(), "sk_bench").unwrap();
        let before = resident();
        let begun = Instant::now();
        runtime.block_on(keys.open()).unwrap();
        let opened = begun.elapsed();
        assert_eq!(keys.known(), count);
        if count == 1_000_000 {
            let each = resident().saturating_sub(before) / count;
            report.add(
                "resident memory of a managed key among 1000000",
                each,
                "bytes",
            );
            let seconds = format!("{:.1}", opened.as_secs_f64());
            report.add("reading 1000000 keys at the start", seconds, "s");
        }
        let mut sides = [router(fixed(&shown, count)), router(keys)];
        for side in &sides {
            assert_eq!(runtime.block_on(status(side, &shown[0])), 200);
        }
        let [ratio, slowest] = compare(runtime, &mut sides, &shown, size);
        let named = |what| format!("{what} of a managed key to a static one: {count} keys");
        report.add(named("time"), format!("{ratio:.3}"), "x");
        report.add(named("p99.9"), format!("{slowest:.3}"), "x");
        let lookups = store.lookups.load(std::sync::atomic::Ordering::Relaxed);
        assert_eq!(lookups, 0, "a request read the store");
    }
}

/// Static keys with what the managed ones carry, and as many.
fn fixed(shown: &[String], count: usize) -> ApiKeyAuth {
    let others = (shown.len()..count).map(|number| format!("sk_other_{number}"));
    let records = shown.iter().cloned().chain(others).enumerate();
    let records = records.map(|(number, key)| {
        let record = ApiKeyRecord::new(format!("key-{number}"), key).unwrap();
        record
            .with_user_id(format!("robot-{number}"))
            .with_scopes(["graph:invoke"])
    });
    ApiKeyAuth::new(records).unwrap()
}

/// The ratios of the medians of interleaved batches, and of the p99.9 of single requests.
fn compare(runtime: &Runtime, sides: &mut [Router; 2], keys: &[String], size: Size) -> [f64; 2] {
    let mut batches: [Vec<f64>; 2] = Default::default();
    let mut single: [Vec<Duration>; 2] = Default::default();
    for round in 0..size.of(301, 3) {
        for turn in 0..2 {
            let side = (round + turn) % 2;
            let begun = Instant::now();
            for key in keys.iter().cycle().take(BATCH) {
                call(runtime, &mut sides[side], key);
            }
            batches[side].push(begun.elapsed().as_secs_f64());
            for key in keys.iter().cycle().take(BATCH) {
                let begun = Instant::now();
                call(runtime, &mut sides[side], key);
                single[side].push(begun.elapsed());
            }
        }
    }
    let [fixed, managed] = batches.map(|mut times| median(&mut times));
    let [fixed_p999, managed_p999] = single.map(|mut times| quantile(&mut times, 0.999));
    [
        managed / fixed,
        managed_p999.as_secs_f64() / fixed_p999.as_secs_f64(),
    ]
}

/// One request. It is answered at once, unless the last poll of the store is over a second ago.
fn call(runtime: &Runtime, router: &mut Router, key: &str) {
    let mut cx = Context::from_waker(Waker::noop());
    let mut answer = pin!(router.call(request(key)));
    let answer = match answer.as_mut().poll(&mut cx) {
        Poll::Ready(answer) => answer,
        Poll::Pending => runtime.block_on(answer),
    };
    assert_eq!(answer.unwrap().status(), 200);
}

/// The bytes that this process has in memory.
fn resident() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok());
    kib.unwrap_or_default() * 1024
}
