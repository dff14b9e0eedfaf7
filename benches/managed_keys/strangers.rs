//! Well-formed keys that nobody made, 10,000 a second: what known keys notice of them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use axum::Router;
use tokio::runtime::Handle;
use tower_auth::keys::{KeyFormat, ManagedKeys};

use crate::{
    Size,
    generated::Generated,
    report::{Report, quantile},
    router::{router, status},
};

const A_SECOND: u64 = 10_000;

pub(crate) async fn measure(size: Size, report: &mut Report) {
    let (store, keys) = Generated::new(10_000, 1_000);
    let managed = ManagedKeys::new(store.clone(), "sk_bench").unwrap();
    managed.open().await.unwrap();
    let server = router(managed);
    let (mut quiet, mut flooded) = (Vec::new(), Vec::new());
    let (mut shown, mut seconds) = (0, 0.0);
    for _ in 0..size.of(10, 1) {
        quiet.extend(known(&server, &keys, size).await);
        let strangers = Strangers::start(server.clone());
        let begun = Instant::now();
        flooded.extend(known(&server, &keys, size).await);
        seconds += begun.elapsed().as_secs_f64();
        shown += strangers.stop();
    }
    let rate = (shown as f64 / seconds).round();
    report.add("unknown keys shown beside known ones", rate, "a second");
    let lookups = store.lookups.load(Ordering::Relaxed);
    report.add("look-ups in the store for unknown keys", lookups, "");
    let ratio = |share| {
        let (mut flooded, mut quiet) = (flooded.clone(), quiet.clone());
        let flooded = quantile(&mut flooded, share).as_secs_f64();
        format!("{:.3}", flooded / quantile(&mut quiet, share).as_secs_f64())
    };
    let named = |what| format!("{what} of known keys beside unknown ones to known keys alone");
    report.add(named("median"), ratio(0.5), "x");
    report.add(named("p99.9"), ratio(0.999), "x");
    assert_eq!(lookups, 0, "an unknown key was looked up");
}

/// The times of 2,000 requests a second.
async fn known(server: &Router, keys: &[String], size: Size) -> Vec<Duration> {
    let mut tick = tokio::time::interval(Duration::from_millis(5));
    let mut times = Vec::new();
    let mut keys = keys.iter().cycle();
    for _ in 0..size.of(400, 40) {
        tick.tick().await;
        for key in keys.by_ref().take(10) {
            let begun = Instant::now();
            assert_eq!(status(server, key).await, 200);
            times.push(begun.elapsed());
        }
    }
    times
}

struct Strangers {
    is_over: Arc<AtomicBool>,
    shown: Arc<AtomicU64>,
    thread: JoinHandle<()>,
}

impl Strangers {
    fn start(server: Router) -> Self {
        let (is_over, shown) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let (over, count) = (Arc::clone(&is_over), Arc::clone(&shown));
        let runtime = Handle::current();
        let thread = thread::spawn(move || {
            let format = KeyFormat::new("sk_bench").unwrap();
            let begun = Instant::now();
            while !over.load(Ordering::Relaxed) {
                let due = (begun.elapsed().as_secs_f64() * A_SECOND as f64) as u64;
                if count.load(Ordering::Relaxed) >= due {
                    thread::sleep(Duration::from_micros(500));
                    continue;
                }
                let key = format.generate().unwrap();
                let answer = runtime.block_on(status(&server, key.expose()));
                assert_eq!(answer, 401);
                count.fetch_add(1, Ordering::Relaxed);
            }
        });
        Self {
            is_over,
            shown,
            thread,
        }
    }

    fn stop(self) -> u64 {
        self.is_over.store(true, Ordering::Relaxed);
        self.thread.join().unwrap();
        self.shown.load(Ordering::Relaxed)
    }
}
