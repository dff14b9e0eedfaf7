//! Counts what a call allocates, in a process of its own: the allocator that counts would slow
//! everybody whom `peers` times.
//!
//! One line each: who, a tab, how many.

use std::hint::black_box;

use allocation_counter::measure;
use http::Extensions;
use tower_auth_peers::{
    contenders::{all, keys},
    credentials::Credentials,
    report::rows::identity,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let million = measure(|| std::mem::forget(black_box(keys(MILLION))));
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let bytes = million.bytes_current as f64 / MILLION as f64;
    println!("bytes a key\t{bytes:.1}");

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
    for mut contender in runtime.block_on(all(&credentials)) {
        // What is made once per thread or process is made here.
        contender.run(3);
        let one = measure(|| contender.run(1));
        println!("{}\t{}", identity(&contender), one.count_total);
    }
    Ok(())
}

#[derive(Clone)]
struct Nothing;

const MILLION: usize = 1_000_000;
