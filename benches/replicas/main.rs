//! Three processes over one store: how long a revoked credential lives, and what becomes of that and of a
//! limit that they share, where the database, Redis, the hints, a process or a clock fails.
//!
//! `cargo bench --bench replicas` takes about four minutes. It starts PostgreSQL, pgbouncer and Redis, prints
//! what it measures and fails where a promise is broken. `-- --results FOLDER` writes the figures there, and
//! `-- --test` does a little of everything.
#![cfg(test)]

mod clocks;
mod cluster;
mod database;
mod limits;
#[path = "../common/process.rs"]
mod process;
#[path = "../common/report.rs"]
mod report;
mod revoked;
mod serve;
mod state;
mod stopped;
mod streams;
mod token;

use std::{env, path::PathBuf, time::Duration};

use tower_auth_servers::{Pooler, Postgres, Redis};

use self::{cluster::Cluster, report::Report};

/// How long known credentials count where a store cannot be asked, in these measurements.
pub(crate) const STALE_LIMIT: Duration = Duration::from_secs(3);

/// How much is measured.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    /// Whether this only shows that everything works.
    pub(crate) is_test: bool,
}

impl Size {
    pub(crate) fn of<T>(self, measured: T, tested: T) -> T {
        if self.is_test { tested } else { measured }
    }
}

fn main() {
    let arguments: Vec<String> = env::args().collect();
    let after = |name: &str, more: usize| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + more).cloned()
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    if let (Some(keys), Some(state)) = (after("--serve", 1), after("--serve", 2)) {
        return runtime.block_on(serve::serve(&keys, &state));
    }
    let size = Size {
        is_test: arguments.iter().any(|argument| argument == "--test"),
    };
    let mut report = Report::default();
    runtime.block_on(measure(size, &mut report));
    if let Some(results) = after("--results", 1) {
        report.write(&PathBuf::from(results).join("replicas.csv"));
    }
}

async fn measure(size: Size, report: &mut Report) {
    let Some(mut postgres) = Postgres::start(&[]) else {
        return;
    };
    let url = postgres.database().await.url();
    {
        let cluster = Cluster::start(&url, "-").await;
        revoked::measure("nothing fails", &cluster, size, report).await;
        streams::measure(&cluster, size, report).await;
        stopped::measure(&cluster, size, report).await;
        cluster.stop();
    }
    if let Some(pooler) = Pooler::start(&postgres) {
        let name = url.rsplit('/').next().unwrap();
        let cluster = Cluster::start(&pooler.url(name), "-").await;
        revoked::measure("no hint arrives", &cluster, size, report).await;
        cluster.stop();
    }
    clocks::measure(&url, report).await;
    database::measure(&mut postgres, &url, size, report).await;
    if let Some(mut redis) = Redis::start(&[]) {
        state::measure(&mut redis, &url, size, report).await;
        limits::measure(&mut redis, &url, size, report).await;
    }
}
