//! Stores, further processes, and what an operator reads.

use std::{env, error::Error, process::Command, time::Duration};

use tower_auth::keys::KeyStoreError;
use tower_auth_postgres::PostgresKeyStore;

/// Long enough for a busy machine; reached only when something hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) async fn store(url: &str) -> PostgresKeyStore {
    match PostgresKeyStore::open_or_create(url).await {
        Ok(store) => store.with_wait_limit(PATIENCE),
        Err(error) => panic!("{error}: {:?}", error.source()),
    }
}

/// What an operator reads of an error.
#[track_caller]
pub(crate) fn reason(error: &KeyStoreError) -> String {
    match error {
        KeyStoreError::Unavailable(cause) => cause.to_string(),
        other => panic!("it is no outage: {other}"),
    }
}

/// What an operator reads where a database cannot be opened.
pub(crate) async fn refusal(url: &str) -> String {
    reason(&PostgresKeyStore::open_or_create(url).await.unwrap_err())
}

/// This program once more, to play a part of `processes::child`.
pub(crate) fn child_command(part: &str, url: &str) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--exact", "processes::child", "--ignored", "--nocapture"])
        .env("PART", part)
        .env("URL", url);
    command
}
