//! Managed keys: what a request costs, how fast a change is everywhere, and what rotations, credits and
//! strangers do meanwhile.
//!
//! `cargo bench --bench managed_keys` takes about three minutes, prints what it measures and fails where
//! a promise is broken. `-- --results FOLDER` writes the figures there, `-- --store URL` takes another
//! store than a SQLite file in a temporary folder, and `-- --test` does a little of everything.
#![cfg(test)]

mod change;
mod credits;
mod generated;
#[path = "../common/process.rs"]
mod process;
#[path = "../common/report.rs"]
mod report;
mod request;
mod rotation;
mod router;
mod serve;
mod strangers;

use std::{env, fs, path::PathBuf, process::id};

use tower_auth::keys::{KeyStoreUrl, KeyStores, ManagedKeys};

use self::{process::Process, report::Report};

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
    let after = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).cloned()
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    if let Some(url) = after("--serve") {
        return runtime.block_on(serve::serve(&url));
    }
    let size = Size {
        is_test: arguments.iter().any(|argument| argument == "--test"),
    };
    let folder = env::temp_dir().join(format!("tower-auth-managed-keys-{}", id()));
    fs::create_dir_all(&folder).unwrap();
    let file = format!("sqlite:{}", folder.join("keys.db").display());
    let url = after("--store").unwrap_or(file);

    let mut report = Report::default();
    request::measure(&runtime, size, &mut report);
    runtime.block_on(async {
        strangers::measure(size, &mut report).await;
        let keys = open(&url).await;
        let mut other = Process::start(&["--serve", &url]);
        change::measure(&keys, &mut other, size, &mut report).await;
        rotation::measure(&keys, &mut other, size, &mut report).await;
        other.stop();
        credits::measure(&keys, &url, size, &mut report).await;
    });
    if let Some(results) = after("--results") {
        report.write(&PathBuf::from(results).join("managed_keys.csv"));
    }
    fs::remove_dir_all(&folder).unwrap();
}

/// The keys of a store, read to the end.
pub(crate) async fn open(url: &str) -> ManagedKeys {
    let stores = KeyStores::new()
        .register("sqlite", tower_auth_sqlite::open_url)
        .register("postgres", tower_auth_postgres::open_url);
    let url = KeyStoreUrl::parse(url).unwrap().creating();
    let store = stores.open(url).await.unwrap();
    let keys = ManagedKeys::of(store, "sk_bench").unwrap();
    keys.open().await.unwrap();
    keys
}
