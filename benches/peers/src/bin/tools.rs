//! Measures decisions about tools: `tools` prints what one costs beside the peer's. `tools --smoke` only shows
//! that everything works.

use std::env;

use tower_auth_peers::{
    credentials::Credentials,
    measure::{self, interleaved},
    tools::{Judge, all},
};

fn main() {
    let smoke = env::args().nth(1).as_deref() == Some("--smoke");
    let effort = if smoke {
        measure::Effort::SMOKE
    } else {
        measure::Effort::FULL
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let _inside = runtime.enter();
    let mut judges = runtime.block_on(all(&Credentials::new()));
    let samples = interleaved(&mut judges, Judge::run, |_| 4, effort);
    let nobody = samples.first().copied();
    let (net, least) = nobody.map_or((0.0, 0.0), |nobody| (nobody.median, nobody.min));
    println!("| | ns more than without a judge | its quickest round |\n|---|--:|--:|");
    for (judge, sample) in judges.iter().zip(&samples) {
        let (median, min) = (sample.median - net, sample.min - least);
        println!("| {} | {median:.0} | {min:.0} |", judge.name);
    }
}
